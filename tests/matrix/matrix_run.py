"""Runs a row: compile, then compare all levels at every length."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from linted import check_linted
from matrix_axes import AXES, Row, broken
from matrix_model import MatrixModel, arguments, hidden_size, is_lstm, make
from matrix_pairs import all_pairs

import gatewright

LENGTHS = (1, 2, 17)
EXAMPLE_LENGTH = 2
SEQUENCES = 32

ROWS: list[Row] = all_pairs(AXES, lambda row: not broken(row))


def describe(number: int) -> str:
    """All of a row."""
    return f"row {number}: " + ", ".join(f"{k}={v}" for k, v in ROWS[number].items())


def run(number: int, folder: Path, requantizer: str = "auto") -> int:
    """Compile the model of a row, check the build, and compare all levels with torch.

    Args:
        number: Of the row.
        folder: For its builds.
        requantizer: As ``gatewright.compile`` takes it.

    Returns:
        How many differences were float32 boundary cases that the certificate lists.

    Raises:
        AssertionError: If an integer differs, or one was not compared.
    """
    row, boundary = ROWS[number], 0
    # A mean is 1 / T, and a flattened sequence is T times as wide: another model for each length.
    if row["feature"] in ("mean", "flatten"):
        for steps in LENGTHS:
            model = make(row, number, steps)
            build = compile_row(row, number, model, steps, folder / f"build_{steps}", requantizer)
            boundary += verify(row, number, model, build, steps)
        return boundary
    model = make(row, number, EXAMPLE_LENGTH)
    build = compile_row(row, number, model, EXAMPLE_LENGTH, folder / "build", requantizer)
    return sum(verify(row, number, model, build, steps) for steps in LENGTHS)


def compile_row(
    row: Row,
    number: int,
    model: MatrixModel,
    steps: int,
    folder: Path,
    requantizer: Any = "auto",
    *,
    linted: bool | None = None,
) -> Any:
    """Compile and check; where it is not said, the C++ of rows whose ROMs are small is linted."""
    example = arguments(row, number, 3, steps, seed=0)
    build = gatewright.compile(model, example, folder, requantizer=requantizer)
    gatewright.check(build)
    if max_bits(row) <= 8 if linted is None else linted:
        check_linted(build)
    return build


def max_bits(row: Row) -> int:
    """Of the widest activation."""
    return max(value for axis, value in row.items() if axis.endswith("_bits") and value)


def verify(row: Row, number: int, model: MatrixModel, build: Any, steps: int) -> int:
    x = tuple(a.numpy() for a in arguments(row, number, SEQUENCES, steps, seed=steps))
    with torch.no_grad():
        report = build.verify(x if len(x) > 1 else x[0], model=model)
    assert report.mismatches == 0, f"T={steps}: {report.divergence}"
    assert [c.level for c in report.comparisons] == list(gatewright.FAST_LEVELS)
    layers = row["layers"] * (2 if row["bidirectional"] else 1)
    for comparison in report.comparisons:
        shown = layers - unread(row) if comparison.level == "csim" else layers
        size = SEQUENCES * steps * hidden_size(row, number) * shown
        assert comparison.compared["h"] == size, comparison
        assert comparison.compared["c"] == (size if is_lstm(row) else 0), comparison
        assert comparison.compared["output"] > 0, comparison
    assert all(c.differing.total() == 0 for c in report.comparisons[2:]), "integers only"
    return sum(c.boundary for c in report.comparisons)


def unread(row: Row) -> int:
    """How many layers no output needs: they are not built, and no kernel shows their h and c."""
    return int(row["feature"] == "last_state" and row["bidirectional"])  # h[-1] runs backwards
