"""PLL settings, computed from the formulas of the data sheets.

ECP5 (Lattice FPGA-TN-02200), CLKOP feeds back and CLKOS is the clock: ``vco = in / ref * fb * op``,
``out = vco / os``. So the phase detector can be fast whatever the clock is.
iCE40 UltraPlus (Lattice FPGA-TN-02052), simple feedback: ``vco = in * (divf+1) / (divr+1)``,
``out = vco / 2**divq``.
Gowin rPLL (UG286): ``out = in * (fbdiv+1) / (idiv+1)``, ``vco = out * odiv``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from gatewright.boards.description import OpenBoard, PllLimits

ECP5_DIVIDERS = range(1, 129)
ECP5_FEEDBACK = range(1, 81)
ECP5_VCO = Fraction(600)
"""Where ECP5's oscillator is best, the middle of its range."""
GOWIN_OUTPUT_DIVIDERS = (2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128)
ICE40_FILTERS = ((17, 1), (26, 2), (44, 3), (66, 4), (101, 5), (134, 6))
"""(below this many MHz at the phase detector, FILTER_RANGE)"""


@dataclass(frozen=True)
class Pll:
    """A setting of a PLL.

    Attributes:
        mhz: The clock it makes.
        vco: Its oscillator, MHz.
        dividers: The family's own parameters: ECP5 (ref, fb, op, os); iCE40 (divr, divf, divq,
            filter); Gowin (idiv, fbdiv, odiv), as they are written into the primitive.
    """

    mhz: Fraction
    vco: Fraction
    dividers: tuple[int, ...]


def exact(mhz: float) -> Fraction:
    """A frequency as it is written, not as the float that stands nearest."""
    return Fraction(str(mhz))


def choose_pll(board: OpenBoard, mhz: float) -> Pll | None:
    """The fastest clock that is not above ``mhz``.

    Args:
        board: Its oscillator and the ranges of its PLL.
        mhz: What is wanted.

    Returns:
        A setting; None where the oscillator itself is the fastest.

    Raises:
        ValueError: If neither is slow enough.
    """
    source, wanted = exact(board.clock.mhz), exact(mhz)
    settings = [
        (pll.mhz, _liking(board.family, source, pll), pll)
        for pll in _SETTINGS[board.family](source, board.pll)
        if pll.mhz <= wanted
    ]
    best = max(settings, key=lambda s: s[:2], default=None)
    if source <= wanted and (best is None or best[0] <= source):
        return None
    if best is None:
        made = (pll.mhz for pll in _SETTINGS[board.family](source, board.pll))
        slowest = math.ceil(min(source, *made) * 1000) / 1000
        from_it = f"from {board.clock.mhz} MHz; the slowest is {slowest:g} MHz"
        raise ValueError(f"no clock of at most {mhz} MHz {from_it}")
    return best[2]


def _liking(family: str, source: Fraction, pll: Pll) -> tuple[Fraction, ...]:
    """What is better among settings of one frequency: a faster phase detector, then the VCO."""
    if family == "ecp5":
        return source / pll.dividers[0], -abs(pll.vco - ECP5_VCO)
    if family == "ice40":
        return source / (pll.dividers[0] + 1), -pll.vco
    return source / (pll.dividers[0] + 1), -abs(pll.vco - 800)


def _within(value: Fraction, limits: tuple[float, float]) -> bool:
    return exact(limits[0]) <= value <= exact(limits[1])


def _ecp5(source: Fraction, limits: PllLimits) -> Iterator[Pll]:
    for reference in ECP5_DIVIDERS:
        pfd = source / reference
        if not _within(pfd, limits.pfd):
            continue
        for factor in range(ceil(limits.vco[0] / pfd), int(limits.vco[1] / pfd) + 1):
            vco, loop = pfd * factor, _ecp5_loop(pfd, factor, limits)
            for divider in ECP5_DIVIDERS if loop else ():
                if _within(vco / divider, limits.out):
                    yield Pll(vco / divider, vco, (reference, *loop, divider))


def _ecp5_loop(pfd: Fraction, factor: int, limits: PllLimits) -> tuple[int, ...]:
    """Feedback and CLKOP dividers whose product is ``factor``; () where there are none."""
    for feedback in ECP5_FEEDBACK:
        divider, rest = divmod(factor, feedback)
        if not rest and divider in ECP5_DIVIDERS and _within(pfd * feedback, limits.out):
            return feedback, divider
    return ()


def _ice40(source: Fraction, limits: PllLimits) -> Iterator[Pll]:
    for divr in range(16):
        pfd = source / (divr + 1)
        if not _within(pfd, limits.pfd):
            continue
        filter_range = next(code for below, code in ICE40_FILTERS if pfd < below)
        for divf in range(128):
            vco = pfd * (divf + 1)
            for divq in range(1, 7):
                out = vco / 2**divq
                if _within(vco, limits.vco) and _within(out, limits.out):
                    yield Pll(out, vco, (divr, divf, divq, filter_range))


def _gowin(source: Fraction, limits: PllLimits) -> Iterator[Pll]:
    for idiv in range(64):
        if not _within(source / (idiv + 1), limits.pfd):
            continue
        for fbdiv in range(64):
            out = source * (fbdiv + 1) / (idiv + 1)
            for odiv in GOWIN_OUTPUT_DIVIDERS:
                if _within(out, limits.out) and _within(out * odiv, limits.vco):
                    yield Pll(out, out * odiv, (idiv, fbdiv, odiv))


_SETTINGS = {"ecp5": _ecp5, "ice40": _ice40, "gowin": _gowin}
