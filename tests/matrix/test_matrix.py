"""The matrix: torch = traced = integer = standard = C-sim on every row, at T = 1, 2 and 17.

    python -m pytest tests/matrix --matrix all

runs all rows, and all of them with requantizer="thresholds" too. Without the option a fifth of
them runs, another one with each commit, and one row of that with thresholds;
``--matrix 3`` runs that fifth, ``--matrix row:17`` that row.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from choices import choice
from commit_choice import drawn
from matrix_choice import CHOSEN, FIFTHS, IN_TURN, chosen, in_turn
from matrix_jit import JitProcess
from matrix_run import ROWS, describe, run

pytestmark = [pytest.mark.compiles, pytest.mark.slow]


@pytest.fixture(scope="module")
def jit() -> Iterator[JitProcess]:
    process = JitProcess()
    yield process
    process.close()


RUN = [*((number, "auto") for number in CHOSEN), *((number, "thresholds") for number in IN_TURN)]


@pytest.mark.parametrize(
    ("number", "requantizer"),
    RUN if choice("matrix") else drawn(RUN, 2, "rotating"),
)
def test_every_level_agrees(
    number: int,
    requantizer: str,
    tmp_path: Path,
    jit: JitProcess,
    record_property: Callable[[str, object], None],
) -> None:
    print(describe(number))  # shown where it fails
    record_property("model", f"{describe(number)}, requantizer={requantizer}")
    runner = jit.run if ROWS[number]["origin"] == "jit" else run
    boundary = runner(number, tmp_path, requantizer)
    record_property("float32 boundary cases", boundary)


def test_the_fifths_are_all_rows_once() -> None:
    fifths = [chosen(str(fifth), "") for fifth in range(FIFTHS)]
    assert sorted(itertools.chain(*fifths)) == chosen("all", "")
    assert max(map(len, fifths)) - min(map(len, fifths)) <= 1


def test_the_commit_decides_the_fifth() -> None:
    rotation = [chosen("", f"{number:08x}" + "0" * 32) for number in range(FIFTHS + 1)]
    assert rotation == [chosen(str(fifth % FIFTHS), "") for fifth in range(FIFTHS + 1)]
    assert chosen("", "") == chosen("0", "")
    assert chosen("row:3", "") == [3]


def test_every_row_gets_its_turn_with_thresholds() -> None:
    longest = -(-len(ROWS) // FIFTHS)
    heads = [f"{fifth:08x}{turn:08x}" for fifth in range(FIFTHS) for turn in range(longest)]
    turns = [in_turn("", head) for head in heads]
    assert sorted({*itertools.chain(*turns)}) == chosen("all", "") == in_turn("all", "")
    assert in_turn("row:3", "") == [3]
    assert in_turn("", "") == chosen("", "")[:1]
