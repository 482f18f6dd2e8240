"""The rows of the matrix in RTL: equal to the integers under stalls, resets and kept state.

Takes some of the rows that ``test_matrix`` takes, and with ``--matrix`` every one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from choices import choice
from commit_choice import drawn
from matrix_choice import CHOSEN
from matrix_model import make
from matrix_run import EXAMPLE_LENGTH, ROWS, compile_row, describe
from rtl_check import check_rtl

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

CHOSEN_IN_RTL = CHOSEN if choice("matrix") else drawn(CHOSEN, 8, "rotating")


@pytest.mark.parametrize("number", CHOSEN_IN_RTL)
def test_rtl_equals_the_integers(
    number: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    print(describe(number))  # shown where it fails
    # Whether torch compiles the quantizers changes nothing behind the trace.
    row = (
        {**ROWS[number], "origin": "brevitas"} if ROWS[number]["origin"] == "jit" else ROWS[number]
    )
    record_property("model", describe(number))
    model = make(row, number, EXAMPLE_LENGTH)
    build = compile_row(row, number, model, EXAMPLE_LENGTH, tmp_path / "build")
    done = check_rtl(build, number)
    assert done.sequences and done.integers
    record_property("compared", str(done))
