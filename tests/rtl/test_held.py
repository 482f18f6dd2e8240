"""``gw_held`` speaks where an offered beat changes or vanishes, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import LIBRARY
from level_tools import missing_tools

from gatewright.tools.iverilog import find_iverilog, find_vvp, run_iverilog

pytestmark = [pytest.mark.compiles, missing_tools(find_iverilog, find_vvp)]

BENCH = """
`timescale 1ns / 1ns
module bench;
  logic clk_i = 1'b0, rst_i = 1'b1, valid_i = 1'b0, ready_i = 1'b0;
  logic [3:0] data_i;
  gw_held #(.WIDTH(4)) u_held (.*);
  always #5 clk_i = !clk_i;
  initial begin
    repeat (2) @(negedge clk_i);
    rst_i = 1'b0;
    %s
    $finish;
  end
endmodule
"""
FIRST = "valid_i = 1'b1; data_i = 4'd3; @(negedge clk_i);"
CASES = {
    "waits": (FIRST + " @(negedge clk_i); ready_i = 1'b1; @(negedge clk_i);", 0),
    "is taken": (f"ready_i = 1'b1; {FIRST} data_i = 4'd5; @(negedge clk_i);", 0),
    "is reset": (FIRST + " rst_i = 1'b1; valid_i = 1'b0; @(negedge clk_i);", 0),
    "changes": (FIRST + " data_i = 4'd2; @(negedge clk_i);", 1),
    "becomes unknown": (FIRST + " data_i = 4'bx; @(negedge clk_i);", 1),
    "vanishes": (FIRST + " valid_i = 1'b0; @(negedge clk_i);", 1),
}


@pytest.mark.parametrize("case", CASES)
def test_it_speaks(case: str, tmp_path: Path) -> None:
    drive, times = CASES[case]
    (tmp_path / "bench.sv").write_text(BENCH % drive)
    sources = [str(LIBRARY / "lib/gw_held.sv"), "bench.sv"]
    said = run_iverilog(find_iverilog(), find_vvp(), "bench", sources, tmp_path)
    assert said.count("it changed or vanished before it was taken") == times
