"""How far float32 may err at a rounding, and which integers that puts in doubt.

The bounds are derived in ``docs/semantics.md``. They are evaluated in binary64, whose own error is
covered by widening every result.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from gatewright.ir.lowering.rounding import FloatPath, Rounding, power_of_two
from gatewright.ir.quantizer import Quantizer
from gatewright.ir.types import IntArray

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

UNIT_ROUNDOFF = 2.0**-24
FUNCTION_ULPS = 4
"""Units in the last place by which torch's float32 sigmoid and tanh may err."""

EXACT_IN_BINARY32 = 2**24
SCALE_EXPONENT = 40
"""Scales between 2**-40 and 2**40, and at most 2**16 roundings, bound what underflow costs."""
UNDERFLOW = 2.0**-64
"""Codes: 2**16 roundings of 2**-126 each, over a scale of 2**-40, are far less."""

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
    """

    codes: IntArray
    lows: IntArray
    highs: IntArray
    centers: FloatArray
    reached: BoolArray
    distances: FloatArray
    error_bound: float
    unit: float


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
    if not _tame(rounding):
        return None
    codes, b = boundaries(q)
    step = float(q.scales[0])
    scale, offset = _column(rounding.scales), _column(rounding.offsets)
    lo, hi = _integers(path.lo), _integers(path.hi)
    relative, absolute = _error(path, q)

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
    lows, highs = np.maximum(lows, lo), np.minimum(highs, hi)
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
    )


def table_intervals(rounding: Rounding) -> Intervals | None:
    """Judge a table, whose every entry counts as a boundary of its own.

    Returns:
        Like ``step_intervals``, with one interval an entry.
    """
    q, path = rounding.quantizer, rounding.path
    if not _tame(rounding):
        return None
    codes, b = boundaries(q)
    n = np.arange(path.lo[0], path.hi[0] + 1, dtype=np.int64)
    value, error = _function_error(rounding, n)
    step = float(q.scales[0])
    v0 = value / step
    error = error / step * WIDEN
    if not power_of_two(q.scales[0]):
        error += np.abs(v0) * UNIT_ROUNDOFF * (1 + 2.0**-20)
    error += (BINARY64 * np.abs(v0) + UNDERFLOW) * (error > 0)
    right = np.clip(np.searchsorted(b, v0 + q.zero_point), 1, max(len(b) - 1, 1))
    choice = np.stack([right - 1, np.minimum(right, len(b) - 1)])
    gaps = np.abs(v0 + q.zero_point - b[choice])
    index = np.where(gaps[0] <= gaps[1], choice[0], choice[1])
    distance = gaps.min(axis=0)
    final = UNIT_ROUNDOFF / (1 - UNIT_ROUNDOFF) * np.abs(b[index]) * WIDEN
    error += np.where(error > 0, final, 0.0) if q.zero_point else 0.0
    listed = (error > 0) & (distance <= error)
    return Intervals(
        codes[index],
        np.where(listed, n, n + 1)[None],
        np.where(listed, n, n - 1)[None],
        n[None].astype(np.float64),
        np.ones((1, n.size), dtype=np.bool_),
        distance[None],
        float(error.max()),
        1.0,
    )


def output_intervals(rounding: Rounding) -> Intervals:
    """Judge an output that no quantizer made, from which the nearest integer is taken.

    Every integer lies half a unit from its neighbours' boundaries, so all of a channel's are in
    doubt, or none; each channel counts as one boundary.
    """
    path = rounding.path
    channels = max(len(rounding.scales), len(path.magnitudes), len(path.lo))
    units = [
        0.0 if _is_exact(path, c) else float(m / rounding.scales[c % len(rounding.scales)])
        for c, m in enumerate(path.magnitudes * (channels // len(path.magnitudes)))
    ]
    # Reading the integer back takes three roundings in binary64.
    error = np.array(units)[:, None] * gamma(path.roundings) + BINARY64 * np.array(units)[:, None]
    lo, hi = _integers(path.lo), _integers(path.hi)
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
    )


def _is_exact(path: FloatPath, channel: int) -> bool:
    """Whether float32 holds every partial sum of a channel, in any order."""
    grid = path.grids[channel % len(path.grids)]
    return grid > 0 and path.magnitudes[channel % len(path.magnitudes)] <= EXACT_IN_BINARY32 * grid


def _function_error(rounding: Rounding, n: IntArray) -> tuple[FloatArray, FloatArray]:
    """The function's values at codes n, and the error of float32, both before the division."""
    scale = rounding.scales[0]
    x = n * float(scale)
    # The slope falls with |x|, so a slightly smaller |x| bounds it around a rounded x.
    inner = np.abs(x) * (1 - 2.0**-20)
    if rounding.function == "sigmoid":
        value = 1.0 / (1.0 + np.exp(-x))
        tail = np.exp(-inner)
        slope = tail / (1.0 + tail) ** 2
    else:
        value = np.tanh(x)
        tail = np.exp(-2.0 * inner)
        slope = 4.0 * tail / (1.0 + tail) ** 2
    error = np.zeros_like(x)
    if not power_of_two(scale):
        error = np.abs(x) * slope * UNIT_ROUNDOFF * (1 + 2.0**-20)
    # One unit in the last place of y is at most 2 u |y|.
    error = error + 2 * FUNCTION_ULPS * UNIT_ROUNDOFF * (np.abs(value) + error)
    return value, np.where(n == 0, 0.0, error)


def _error(path: FloatPath, quantizer: Quantizer) -> tuple[FloatArray, FloatArray]:
    """The error of ``v0 = x / scale``, relative to ``|v0|`` and absolute, [C, 1] each."""
    step = quantizer.scales[0]
    one_division = 0.0 if power_of_two(step) else gamma(1)
    total = gamma(path.roundings + 1)
    pairs = []
    for c, magnitude in enumerate(path.magnitudes):
        if _is_exact(path, c):
            pairs.append((one_division, 0.0))
        elif path.relative:
            pairs.append((total, 0.0))
        else:
            pairs.append((0.0, total * float(magnitude / step) * WIDEN + UNDERFLOW))
    relative, absolute = np.array(pairs, dtype=np.float64).T
    return relative[:, None], absolute[:, None]


def _tame(rounding: Rounding) -> bool:
    """Whether the assumptions about overflow, underflow and wide codes hold."""
    q, path = rounding.quantizer, rounding.path
    wide = Fraction(2) ** SCALE_EXPONENT
    return (
        all(1 / wide <= s <= wide for s in q.scales)
        and all(1 / wide**2 <= s <= wide**2 for s in rounding.scales)
        and all(m <= wide**2 for m in path.magnitudes)
        and path.roundings < 2**16
        and max(q.type.magnitude, abs(q.code_min), abs(q.code_max)) <= EXACT_IN_BINARY32
    )


def _column(values: tuple[Fraction, ...]) -> FloatArray:
    return np.array([float(v) for v in values])[:, None]


def _integers(values: tuple[int, ...]) -> FloatArray:
    return np.array(values, dtype=np.float64)[:, None]
