"""How far float32 may err at a rounding, and which integers that puts in doubt.

The bounds are derived in ``docs/semantics.md``. They are evaluated in binary64, whose own error is
covered by widening every result.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from gatewright.ir.functions.base import UNIT_ROUNDOFF
from gatewright.ir.lowering.rounding import (
    EXACT_IN_BINARY32,
    FloatPath,
    Rounding,
    power_of_two,
)
from gatewright.ir.quantizer import Quantizer
from gatewright.ir.types import BoolArray, FloatArray, IntArray

SCALE_EXPONENT = 40
"""Scales between 2**-40 and 2**40, and at most 2**22 roundings, bound what underflow costs."""
WIDE = Fraction(2) ** SCALE_EXPONENT
SMALLEST_FACTOR = Fraction(1, 2**100)
"""Nothing is dequantized to less, nor multiplied by less, so that neither underflows."""
UNDERFLOW_UNITS = 2.0**-24
"""Units of an integer worth 2**-80 or more, likewise."""
UNDERFLOW = 2.0**-64
"""Codes: 2**22 roundings of 2**-126 each, over a scale of 2**-40."""

WIDEN = 1.0 + 2.0**-40
BINARY64 = 2.0**-46
"""Relative; some ten roundings of 2**-53 are less, and so is the error of numpy's tanh and exp."""


@dataclass(frozen=True)
class Intervals:
    """Integers in doubt at each boundary; C channels (one where all are the same), K boundaries.

    Attributes:
        codes: The code that begins at a boundary, [K].
        lows: Lowest integer in doubt, [C, K]; none where above ``highs``.
        highs: Highest, [C, K].
        centers: Where the boundary lies, in units of the integer, [C, K].
        reached: Whether the boundary lies in the reachable range, [C, K].
        distances: From the nearest integer in doubt to the boundary, in codes, [C, K].
        error_bound: Largest error before rounding, in codes.
        unit: The most that one integer is worth, in codes.
        given: Lowest and highest code that float32 may give where an integer is in doubt.
    """

    codes: IntArray
    lows: IntArray
    highs: IntArray
    centers: FloatArray
    reached: BoolArray
    distances: FloatArray
    error_bound: float
    unit: float
    given: tuple[int, int] | None


def boundaries(quantizer: Quantizer) -> tuple[IntArray, FloatArray]:
    """Each code but the lowest, and where it begins on ``v = x / scale + zero_point``."""
    codes = np.arange(quantizer.code_min + 1, quantizer.code_max + 1, dtype=np.int64)
    return codes, quantizer.boundaries()[0] / 2


def gamma(roundings: int) -> float:
    """Higham's bound ``k u / (1 - k u)`` on the relative error of k roundings."""
    ku = roundings * UNIT_ROUNDOFF
    return ku / (1.0 - ku) * WIDEN


def step_intervals(rounding: Rounding) -> Intervals | None:
    """Judge a requantizer.

    Returns:
        The integers in doubt, or None where nothing can be said: scales or codes so extreme that
        float32 may overflow, underflow, or not hold the codes.
    """
    q, path = rounding.quantizer, rounding.path
    if not tame(rounding):
        return None
    codes, b = boundaries(q)
    step = float(q.scales[0])
    scale, offset = column(rounding.scales), column(rounding.offsets)
    lo, hi = integers(path.lo), integers(path.hi)
    relative, absolute = path_error(path, q.scales[0])

    # v0 = (n * scale + offset) / step is in doubt where |v0 - d| <= relative * |v0| + slack.
    d = b - q.zero_point
    final = UNIT_ROUNDOFF / (1 - UNIT_ROUNDOFF) * np.abs(b) * WIDEN if q.zero_point else 0.0 * b
    slack = absolute + final
    low, high = d - slack, d + slack
    low = np.where(low >= 0, low / (1 + relative), low / (1 - relative))
    high = np.where(high >= 0, high / (1 - relative), high / (1 + relative))
    spread = (np.abs(d) + slack) * 2 * step + np.abs(offset)
    margin = BINARY64 * spread / scale
    lows = np.ceil((low * step - offset) / scale - margin)
    highs = np.floor((high * step - offset) / scale + margin)
    # Without any error there is no doubt; nor is there at an exact zero.
    sure = (slack == 0) & ((relative == 0) | (d == 0))
    if rounding.relu:
        # Below zero nothing changes any more, and torch's max(0, .) is exact.
        inclusive = q.boundaries()[1]
        sure = sure | (d < 0) | ((d == 0) & inclusive)
    center = (d * step - offset) / scale
    lows, highs = np.clip(lows, lo, hi + 1.0), np.clip(highs, lo - 1.0, hi)
    lows, highs = np.where(sure, hi + 1.0, lows), np.where(sure, lo - 1.0, highs)
    nearest = np.clip(np.rint(center), lows, np.maximum(lows, highs))
    largest = np.array([float(m / q.scales[0]) for m in path.magnitudes])[:, None]
    counted = ~(rounding.relu & (d <= 0))
    return Intervals(
        codes,
        lows.astype(np.int64),
        highs.astype(np.int64),
        center,
        (center > lo) & (center <= hi) & counted,
        np.abs(nearest - center) * scale / step,
        float((relative * largest + absolute).max() + final.max()),
        float(scale.max() / step),
        both_sides(codes, lows <= highs),
    )


def both_sides(codes: IntArray, listed: BoolArray) -> tuple[int, int] | None:
    """The codes on both sides of the boundaries [K] with an integer in doubt in [C, K]."""
    doubtful = codes[listed.any(axis=0)]
    return (int(doubtful[0]) - 1, int(doubtful[-1])) if doubtful.size else None


def output_intervals(rounding: Rounding) -> Intervals:
    """Judge an output that no quantizer made, from which the nearest integer is taken.

    Every integer lies half a unit from its neighbours' boundaries, so all of a channel's are in
    doubt, or none; each channel counts as one boundary.
    """
    path = rounding.path
    error = _unit_errors(rounding)
    lo, hi = integers(path.lo), integers(path.hi)
    listed = error >= 0.5
    return Intervals(
        np.zeros(1, dtype=np.int64),
        np.where(listed, lo, hi + 1).astype(np.int64),
        np.where(listed, hi, lo - 1).astype(np.int64),
        lo - 0.5 + 0.0 * error,
        np.ones_like(listed),
        np.full(listed.shape, 0.5),
        float(error.max()),
        1.0,
        None,
    )


def argmax_gap(rounding: Rounding) -> tuple[int, float]:
    """Judge an argmax, by how far the largest integer lies above another one.

    With R offsets (fractions of the scale, ascending) the integers are ``n * R + rank``.

    Returns:
        The widest gap at which float32 may find another order, -1 if there is none, so that equal
        integers are equal floats too; and the largest error of a float, in units of n.
    """
    error = float(_unit_errors(rounding).max())
    # Equal integers of one term go through the same operations, and so give equal floats.
    alike = rounding.path.relative and len(rounding.offsets) == 1 and 2 * error < 1
    if error == 0 or alike:
        return -1, error
    fractions = np.array([float(o / rounding.scales[0]) for o in rounding.offsets])
    # Of two values, the first of rank i and the other of rank j, at most 2 * error apart.
    whole = np.floor(2 * error + fractions[None] - fractions[:, None] + BINARY64)
    rank = np.arange(len(fractions))
    return int((whole * len(fractions) + rank[:, None] - rank[None]).max()), error


def _unit_errors(rounding: Rounding) -> FloatArray:
    """The error of a value that no quantizer follows, in units of its integer, [C, 1]."""
    path = rounding.path
    channels = max(len(rounding.scales), len(path.magnitudes), len(path.lo))
    if not tame_sum(rounding):
        return np.full((channels, 1), float(EXACT_IN_BINARY32) ** 2)
    units = [
        0.0 if is_exact(path, c) else float(m / rounding.scales[c % len(rounding.scales)])
        for c, m in enumerate(path.magnitudes * (channels // len(path.magnitudes)))
    ]
    # Reading the integer back takes three roundings in binary64.
    errors = np.array(units)[:, None] * (gamma(path.roundings) + BINARY64)
    return np.where(errors > 0, errors + UNDERFLOW_UNITS * float(path.gain), 0.0)


def is_exact(path: FloatPath, channel: int) -> bool:
    """Whether float32 holds every partial sum of a channel, in any order."""
    grid = path.grids[channel % len(path.grids)]
    return grid > 0 and path.magnitudes[channel % len(path.magnitudes)] <= EXACT_IN_BINARY32 * grid


def path_error(path: FloatPath, step: Fraction) -> tuple[FloatArray, FloatArray]:
    """The error of ``v0 = x / step``, relative to ``|v0|`` and absolute, [C, 1] each."""
    one_division = 0.0 if power_of_two(step) else gamma(1)
    total = gamma(path.roundings + 1)
    pairs = []
    for c, magnitude in enumerate(path.magnitudes):
        if is_exact(path, c):
            pairs.append((one_division, 0.0))
        elif path.relative:
            pairs.append((total, 0.0))
        else:
            underflow = UNDERFLOW * float(path.gain)
            pairs.append((0.0, total * float(magnitude / step) * WIDEN + underflow))
    relative, absolute = np.array(pairs, dtype=np.float64).T
    return relative[:, None], absolute[:, None]


def tame(rounding: Rounding) -> bool:
    """Whether the assumptions about overflow, underflow and wide codes hold."""
    q = rounding.quantizer
    return (
        all(1 / WIDE <= s <= WIDE for s in q.scales)
        and tame_sum(rounding)
        and max(q.type.magnitude, abs(q.code_min), abs(q.code_max)) <= EXACT_IN_BINARY32
    )


def tame_sum(rounding: Rounding) -> bool:
    """Whether they hold for the value that is rounded."""
    path = rounding.path
    return (
        all(1 / WIDE**2 <= s <= WIDE**2 for s in rounding.scales)
        and all(m <= WIDE**2 for m in path.magnitudes)
        and path.smallest >= SMALLEST_FACTOR
        and path.roundings < 2**16
    )


def column(values: tuple[Fraction, ...]) -> FloatArray:
    """Values of channels, [C, 1]."""
    return np.array([float(v) for v in values])[:, None]


def integers(values: tuple[int, ...]) -> FloatArray:
    """Integers of channels, [C, 1]."""
    return np.array(values, dtype=np.float64)[:, None]
