"""Designs of every shape are clean: the RTL in Verilator (-Wall) and Yosys, the C++ in lint-hls.

CI takes rows of the matrix that show each choice that shapes a design, each with one kind of
requantizers, with the other one in turn; ``--rotating all`` takes both, ``--matrix all`` every row.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from choices import choice
from commit_choice import crossed, drawn
from matrix_model import make
from matrix_run import EXAMPLE_LENGTH, ROWS, compile_row, describe, max_bits
from matrix_shapes import few
from rtl_lint import lint

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

ALL = choice("matrix") == "all"
NUMBERS = list(range(len(ROWS))) if ALL else few()
PAIRS = crossed(NUMBERS, ["auto", "thresholds"])


@pytest.mark.parametrize(("number", "requantizer"), PAIRS if ALL else drawn(PAIRS, 4, "rotating"))
def test_no_tool_has_a_warning(number: int, requantizer: str, tmp_path: Path) -> None:
    print(describe(number))
    row = ROWS[number] | ({"origin": "brevitas"} if ROWS[number]["origin"] == "jit" else {})
    model = make(row, number, EXAMPLE_LENGTH)
    build = compile_row(
        row, number, model, EXAMPLE_LENGTH, tmp_path / "build", requantizer, linted=ALL or None
    )
    # Where a search has up to 2^16 thresholds a lane, Yosys runs out of its 4 GB.
    lint(build, netlist=requantizer == "auto" or max_bits(row) <= 8)
