"""How far float32 may err where a non-linearity comes before the quantizer."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from gatewright.ir.certificate.float_error import (
    BINARY64,
    UNDERFLOW,
    WIDEN,
    Intervals,
    both_sides,
    boundaries,
    column,
    integers,
    path_error,
    tame,
)
from gatewright.ir.functions import Function
from gatewright.ir.functions.base import UNIT_ROUNDOFF
from gatewright.ir.lowering.rounding import Rounding, power_of_two
from gatewright.ir.quantizer import Quantizer
from gatewright.ir.types import BoolArray, FloatArray, IntArray


def table_intervals(rounding: Rounding, function: Function) -> Intervals | None:
    """Judge a table, whose every entry counts as a boundary of its own.

    Returns:
        Like ``step_intervals``, with one interval an entry.
    """
    q, path = rounding.quantizer, rounding.path
    if not tame(rounding):
        return None
    codes, b = boundaries(q)
    n = np.arange(path.lo[0], path.hi[0] + 1, dtype=np.int64)
    value, error = _function_error(rounding, function, n)
    step = float(q.scales[0])
    v0 = value / step
    v = v0 + q.zero_point
    error = error / step * WIDEN
    if not power_of_two(q.scales[0]):
        error += np.abs(v0) * UNIT_ROUNDOFF * (1 + 2.0**-20)
    # Only at 0 may all be exact, and where a function attains its limits. Elsewhere one that
    # binary64 takes for its limit is not, nor is a sum with the zero point that float32 rounds.
    rounded = v.astype(np.float32) - np.float64(q.zero_point) != v0
    inexact = (error > 0) | rounded | ((n != 0) & (not function.attained))
    error += BINARY64 * (np.abs(v0) + abs(q.zero_point)) + UNDERFLOW
    final = UNIT_ROUNDOFF / (1 - UNIT_ROUNDOFF) * np.abs(b) * WIDEN if q.zero_point else 0.0 * b
    # How many boundaries float32 passes surely, and perhaps.
    passed = np.searchsorted(b + final, v - error, side="left")
    begun = np.searchsorted(b - final, v + error, side="right")
    listed = inexact & (begun > passed)
    right = np.clip(np.searchsorted(b, v), 1, max(len(b) - 1, 1))
    choice = np.stack([right - 1, np.minimum(right, len(b) - 1)])
    gaps = np.abs(v - b[choice])
    index = np.where(gaps[0] <= gaps[1], choice[0], choice[1])
    given = (
        (q.code_min + int(passed[listed].min()), q.code_min + int(begun[listed].max()))
        if listed.any()
        else None
    )
    return Intervals(
        codes[index],
        np.where(listed, n, n + 1)[None],
        np.where(listed, n, n - 1)[None],
        n[None].astype(np.float64),
        np.ones((1, n.size), dtype=np.bool_),
        gaps.min(axis=0)[None],
        float(((error + final[index]) * inexact).max()),
        1.0,
        given,
    )


def function_intervals(rounding: Rounding, function: Function) -> Intervals | None:
    """Judge a function and its requantizer on an accumulator.

    Torch's result crosses a boundary y only if its argument lies where the exact function is within
    the function's own error of y; so y is widened by that error, pulled back through the function,
    and widened by the error of the argument.

    Returns:
        As ``step_intervals``.
    """
    q, path = rounding.quantizer, rounding.path
    if not tame(rounding):
        return None
    codes, b = boundaries(q)
    step, d = float(q.scales[0]), b - q.zero_point
    scale, offset = column(rounding.scales), column(rounding.offsets)
    lo, hi = integers(path.lo), integers(path.hi)

    of_function, constant = _function_bound(rounding, function)
    of_function += UNIT_ROUNDOFF + BINARY64  # the division
    final = UNIT_ROUNDOFF / (1 - UNIT_ROUNDOFF) * np.abs(b) * WIDEN if q.zero_point else 0.0 * b
    slack = (constant + (final + UNDERFLOW) * step) * WIDEN
    low, high = _stretched(d * step, d * step, of_function, slack)
    if function.attained:
        low, high = _within_limits(function, q, low, high)
    relative, absolute = path_error(path, Fraction(1))
    ends = _stretched(function.inverse(low), function.inverse(high), relative, absolute)
    positions = [(x - offset) / scale for x in ends]
    margins = [
        np.where(np.isfinite(x), BINARY64 * (np.abs(x) + np.abs(offset)), 0.0) / scale for x in ends
    ]
    lows = np.clip(np.ceil(positions[0] - margins[0]), lo, hi + 1.0)
    highs = np.clip(np.floor(positions[1] + margins[1]), lo - 1.0, hi)
    center = np.clip((function.inverse(d * step) - offset) / scale, lo - 1.0, hi + 1.0)
    nearest = np.clip(np.rint(center), lows, np.maximum(lows, highs))
    value = function.values(nearest * scale + offset)
    largest = np.array([float(m) for m in path.magnitudes])[:, None]
    argument = float((relative * largest + absolute).max())
    return Intervals(
        codes,
        lows.astype(np.int64),
        highs.astype(np.int64),
        center,
        (center > lo) & (center <= hi),
        np.abs(value / step - d),
        (of_function + float(slack.max()) + function.steepest * argument) / step,
        float(scale.max() / step),
        both_sides(codes, lows <= highs),
    )


def _stretched(
    low: FloatArray, high: FloatArray, relative: FloatArray | float, absolute: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Where an exact value lies whose computed one may be anywhere from low to high."""
    low, high = low - absolute, high + absolute
    low = np.where(low >= 0, low / (1 + relative), low / (1 - relative))
    high = np.where(high >= 0, high / (1 - relative), high / (1 + relative))
    return low, high


def _within_limits(
    function: Function, q: Quantizer, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Keep values inside the limits that a function attains, which float32 gives exactly.

    Not so beside a boundary that the quantizer may carry a limit across.

    Args:
        function: It attains its limits.
        q: The quantizer behind it.
        low: Lowest value in doubt at each boundary, [K].
        high: Highest.
    """
    lowest, highest = function.limits
    inside = float(lowest), float(highest)
    return (
        np.where(_crosses(q, lowest), low, np.maximum(low, np.nextafter(*inside))),
        np.where(_crosses(q, highest), high, np.minimum(high, np.nextafter(*inside[::-1]))),
    )


def _crosses(q: Quantizer, value: Fraction) -> BoolArray:
    """Whether the division by the scale or the zero point may carry a value across a boundary."""
    step, (_, b) = q.scales[0], boundaries(q)
    v = value / step + q.zero_point
    if (not value or power_of_two(step)) and Fraction(float(np.float32(float(v)))) == v:
        return np.zeros(b.shape, dtype=np.bool_)
    error = 2 * UNIT_ROUNDOFF * (abs(float(v)) + 2 * abs(q.zero_point)) + UNDERFLOW
    return np.abs(b - float(v)) <= error


def _function_error(
    rounding: Rounding, function: Function, n: IntArray
) -> tuple[FloatArray, FloatArray]:
    """The function's values at codes n, and the error of float32, both before the division."""
    scale = rounding.scales[0]
    x = n * float(scale)
    # The slope falls with |x|, so a slightly smaller |x| bounds it around a rounded x.
    inner = np.abs(x) * (1 - 2.0**-20)
    value, slope = function.values(x), function.slope(inner)
    error = np.zeros_like(x)
    if not power_of_two(scale):
        error = np.abs(x) * slope * UNIT_ROUNDOFF * (1 + 2.0**-20)
    relative, absolute = _function_bound(rounding, function)
    error = error + relative * (np.abs(value) + error) + absolute
    exact = (n == 0) | ((slope == 0) & function.attained)
    return value, np.where(exact, 0.0, error)


def _function_bound(rounding: Rounding, function: Function) -> tuple[float, float]:
    """The error of the function itself, relative to y and absolute."""
    return function.runtime_error if rounding.runtime else function.torch_error
