"""What docs/ip.md shows is what happens."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from ip_builds import MODEL, environment, passed

import gatewright
from gatewright.tools.verilator import find_verilator

pytestmark = pytest.mark.compiles

PAGE = (Path(__file__).parents[2] / "docs/ip.md").read_text()


def block(section: str, language: str, which: int = 0) -> str:
    text = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)[which]


def shell(text: str, folder: Path) -> str:
    if shutil.which("iverilog") is None:
        pytest.skip("needs iverilog")
    done = subprocess.run(
        ["bash", "-e", "-c", text], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> gatewright.Build:
    folder = tmp_path_factory.mktemp("docs") / "build/digits"
    return gatewright.compile(MODEL, output_dir=folder)


def test_the_lines_for_iverilog(build: gatewright.Build) -> None:
    said = shell(block("To simulate it", "sh"), build.path / "ip")
    assert passed(said), said


@pytest.mark.slow
def test_the_lines_for_verilator(build: gatewright.Build) -> None:
    first, second = block("To simulate it", "sh", 1).splitlines()
    tool, folder = find_verilator(), build.path / "ip"
    command = [*tool.command, *shlex.split(first)[1:]]
    subprocess.run(command, cwd=folder, env=environment(tool), check=True, capture_output=True)
    assert passed(shell(second, folder))


def test_the_line_that_lints(build: gatewright.Build) -> None:
    tool, words = find_verilator(), shlex.split(block("To simulate it", "sh", 2))
    command = [*tool.command, *words[1:]]
    done = subprocess.run(
        command, cwd=build.path / "ip", env=environment(tool), capture_output=True, text=True
    )
    assert done.returncode == 0 and "%Warning" not in done.stderr, done.stderr


def test_two_in_one_project(tmp_path: Path) -> None:
    """Both answer, each from memories of its own."""
    for name in ("kws", "vad"):
        gatewright.compile(MODEL, output_dir=tmp_path / "build" / name, name=name, bus_bits=64)
    (tmp_path / "two.v").write_text(block("To use it", "verilog"))
    (tmp_path / "bench.v").write_text(BENCH)
    line = block("To use it", "sh").replace("-s two ", "-s bench ").rstrip() + " bench.v"
    said = shell(f"{line}\nvvp -n two.vvp", tmp_path)
    first = (tmp_path / "build/kws/ip/tb/kws_m_axis.hex").read_text().split()[0]
    answer = int(first, 16) & ((1 << 64) - 1)
    assert f"kws {answer:016x}\n" in said and f"vad {answer:016x}\n" in said, said


BENCH = """
module bench;
  reg aclk = 0, aresetn = 0, valid = 0;
  reg [64:0] beats[0:63];
  integer at = 0;
  wire kws_tready, vad_tready, kws_tvalid, vad_tvalid;
  wire both = valid && kws_tready && vad_tready;
  wire [63:0] kws_tdata, vad_tdata;
  two dut (
      .aclk(aclk), .aresetn(aresetn), .in_tdata(beats[at][63:0]), .in_tvalid(both),
      .kws_tready(kws_tready), .vad_tready(vad_tready), .kws_tdata(kws_tdata),
      .vad_tdata(vad_tdata), .kws_tvalid(kws_tvalid), .vad_tvalid(vad_tvalid),
      .in_tlast(beats[at][64])
  );
  always #5 aclk = !aclk;
  initial $readmemh("build/kws/ip/tb/kws_s_axis.hex", beats);
  initial begin
    repeat (16) @(negedge aclk);
    aresetn = 1;
    repeat (4) @(negedge aclk);
    valid = 1;
    repeat (2000) @(negedge aclk);
    $finish;
  end
  always @(posedge aclk)
    if (both) begin
      at <= at + 1;
      if (beats[at][64]) valid <= 0;
    end
  always @(negedge aclk) begin
    if (kws_tvalid) $display("kws %h", kws_tdata);
    if (vad_tvalid) $display("vad %h", vad_tdata);
  end
endmodule
"""
"""Gives the first golden sequence to both, a beat when both take it."""
