"""The open flow: which commands make a bitstream of a design."""

from __future__ import annotations

import sys

from gatewright.boards.description import OpenBoard
from gatewright.boards.families import OpenFamily
from gatewright.boards.plan import ToolRun
from gatewright.tools.programs import YOSYS, Package, Program


def _own(name: str, module: str) -> Program:
    """A module of this package as a tool.

    It is run by its path: imported by its name it would bring all of the package with it.
    """
    return Program(
        name=name,
        code="GW-801",
        package=Package(
            "gatewright",
            "gatewright",
            lambda folder: (sys.executable, "-P", str(folder / "boards" / module)),
        ),
        install="pip install gatewright",
    )


OWN_MODULES = ("multipliers.py", "block_registers.py")
"""What a netlist depends on besides yosys, in this folder."""
SOFT_MULTIPLIERS, BLOCK_REGISTERS = map(_own, ("soft-multipliers", "block-registers"), OWN_MODULES)
RTL = "rtl"
# The registers that gw_mac has several of: yosys would make them one again.
KEEP_COPIES = "setattr -set keep 1 w:*.gen_operands*.*_q %ci1:+$dff[Q] t:$dff %i"
# Registers that are meant for a block, see block_registers: names do not outlive the mapping.
MARK_BLOCKS = "setattr -set block_register 1 w:*_block_q %ci1:+$dff[Q] t:$dff %i"
NETLIST_JSON, CELLS_JSON, NEXTPNR_REPORT = "netlist.json", "cells.json", "report.json"


def elaborate_script(family: OpenFamily, top: str, pll: bool) -> str:
    """Read the design and list its products; runs in ``rtl/``, where the ROMs are found."""
    return "\n".join(
        [
            *(["read_verilog gw_board_pll.v"] if pll else []),
            f"read_slang -j 1 --top {top} -f sources.f",
            f"{family.synth} -top {top} -run begin:coarse",
            "proc",
            "flatten",
            KEEP_COPIES,
            *((MARK_BLOCKS,) if family.block_registers else ()),
            "opt_expr",
            "opt_clean",
            "opt -nodffe -nosdff",
            "wreduce",
            "peepopt",
            "opt_clean",
            "share",
            "opt",
            "wreduce t:$mul",
            "opt_clean",
            "dump -o ../products.il t:$mul",
            f"select {top}",
            "write_rtlil -selected ../coarse.il",
            "",
        ]
    )


def map_script(family: OpenFamily, top: str) -> str:
    """Map what was elaborated to the device's cells."""
    return "\n".join(
        [
            "read_rtlil coarse.il",
            "script soft.ys",
            *family.prepare,
            f"{family.synth} -top {top} -json {NETLIST_JSON}",
            f"tee -q -o {CELLS_JSON} stat -json",
            "",
        ]
    )


def synthesis(family: OpenFamily, dsp: int) -> tuple[ToolRun, ...]:
    """The commands up to the netlist, with ``dsp`` DSP blocks at most."""
    choice = ("products.il", "soft.ys", str(dsp), str(family.dsp_bits), str(family.half_bits))
    files = (NETLIST_JSON, CELLS_JSON)
    moved = ToolRun("move registers into blocks", BLOCK_REGISTERS, files, "registers.log")
    return (
        ToolRun("elaborate", YOSYS, ("-s", "../elaborate.ys"), "elaborate.log", RTL),
        ToolRun("choose products", SOFT_MULTIPLIERS, choice, "soft.log"),
        ToolRun("synthesize", YOSYS, ("-s", "map.ys"), "synthesize.log", gives=CELLS_JSON),
        *((moved,) if family.block_registers else ()),
    )


def place_and_route(board: OpenBoard, mhz: float, seed: int) -> ToolRun:
    """The nextpnr run of one seed; its timing is judged by its report, not its exit code."""
    family = board.family
    (option, routed), (name, constraint) = family.routed, family.constraints
    return ToolRun(
        f"place and route, seed {seed}",
        family.nextpnr,
        (
            *board.nextpnr,
            f"--json={NETLIST_JSON}",
            constraint.format(name),
            f"{option}={seeded(routed, seed)}",
            f"--report={seeded(NEXTPNR_REPORT, seed)}",
            f"--freq={mhz:.6f}",
            f"--seed={seed}",
            "--timing-allow-fail",
        ),
        f"place_{seed}.log",
        gives=seeded(NEXTPNR_REPORT, seed),
    )


def seeded(name: str, seed: int) -> str:
    """The name of a file of one seed."""
    stem, _, ending = name.rpartition(".")
    return f"{stem}_{seed}.{ending}"


def pack(board: OpenBoard, seed: int) -> ToolRun:
    """The command that makes the bitstream of one seed."""
    family = board.family
    args = family.pack(seeded(family.routed[1], seed), family.bitstream)
    return ToolRun("pack", family.packer, (*board.pack, *args), "pack.log", gives=family.bitstream)
