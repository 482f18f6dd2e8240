"""What Brevitas exports of the matrix: the file gives the integers of the module it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from brevitas.export import export_qonnx
from choices import choice
from commit_choice import drawn
from matrix_choice import CHOSEN
from matrix_model import arguments, is_lstm, make
from matrix_run import EXAMPLE_LENGTH, ROWS, SEQUENCES, describe

import gatewright

pytestmark = pytest.mark.slow


def export(model: Any, example: tuple[torch.Tensor, ...], path: Path) -> str:
    export_qonnx(model, example if len(example) > 1 else example[0], str(path), dynamo=False)
    return str(path)


LSTMS = [n for n in CHOSEN if is_lstm(ROWS[n])]


@pytest.mark.parametrize("number", LSTMS if choice("matrix") else drawn(LSTMS, 2, "rotating"))
def test_a_file_gives_the_integers_of_its_module(number: int, tmp_path: Path) -> None:
    print(describe(number))  # shown where it fails
    row, steps = ROWS[number], EXAMPLE_LENGTH
    model = make(row, number, steps)
    path = export(model, arguments(row, number, 3, steps, seed=0), tmp_path / "model.onnx")
    build = gatewright.compile(path, None, tmp_path / "build")
    x = tuple(a.numpy() for a in arguments(row, number, SEQUENCES, steps, seed=1))
    # From the integer graph on nothing knows where it came from; the matrix runs the C++.
    report = build.verify(
        x if len(x) > 1 else x[0], model=model, levels=("traced", "integer", "standard")
    )
    assert report.mismatches == 0, report.divergence
    for comparison in report.comparisons:
        assert comparison.compared["h"] == comparison.compared["c"] > 0
        assert comparison.compared["output"] > 0


def test_brevitas_exports_no_quant_rnn(tmp_path: Path) -> None:
    number = next(n for n, row in enumerate(ROWS) if not is_lstm(row))
    row = ROWS[number]
    with pytest.raises(TypeError):
        export(
            make(row, number, EXAMPLE_LENGTH),
            arguments(row, number, 3, EXAMPLE_LENGTH, seed=0),
            tmp_path / "model.onnx",
        )
