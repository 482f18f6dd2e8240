"""Exact step functions: thresholds and tables decided in rational or widened arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from gatewright.ir.functions import Function
from gatewright.ir.quantizer import Quantizer, Scales
from gatewright.ir.types import IntArray, IntType

# The functions err in binary64 by a few units in the last place, far less than this; closer to a
# boundary than this, the entry is decided in interval arithmetic.
UNDECIDED = 2.0**-30
# From here on every function is within 2**-5900 of its limit. The limit over a float32 scale is
# on a boundary or at least 2**-129 from the nearest, so every argument beyond rounds as this one.
_FAR = Fraction(4096)

FIXED_POINT = 62
"""Bits of the fraction of a threshold and of the number of the threshold, together."""
SATURATED = 2**62
"""Beyond every accumulator."""

INVERSE_ERROR = 2.0**-30
"""Of an inverse in binary64 away from its limits, relative to it plus 1; it errs by far less."""
NEAR_LIMIT = 2.0**-20

ROOT_BITS = 4096
MAX_PRECISION = 1024
"""Bits; docs/semantics.md argues that neither can ever decide a threshold wrongly."""


def thresholds(
    quantizer: Quantizer,
    scales: Scales,
    offsets: Scales,
    accumulator: IntType,
    *,
    relu: bool = False,
) -> IntArray:
    """Thresholds of ``code(n) = quantize(n * scale + offset)`` over integers ``n``.

    ``code(n) = code_min + #{k : n >= thresholds[c, k]}``. A threshold the accumulator always
    reaches is its ``lo``; one it never reaches is ``hi + 1``.

    Args:
        quantizer: The requantizer; its scale must be per tensor.
        scales: Value of one accumulator unit, one or one a channel; positive.
        offsets: Real value added to the accumulator, one or one a channel.
        accumulator: Range of ``n``.
        relu: Whether ``max(0, .)`` comes before the quantizer.

    Returns:
        int64 [C, K] with K = codes - 1; C is 1 where all channels agree.
    """
    halves, inclusive = quantizer.boundaries()
    units = halves - 2 * quantizer.zero_point
    half = quantizer.scales[0] / 2
    channels = max(len(scales), len(offsets))
    rows = np.empty((channels, units.size), dtype=np.int64)
    for c in range(channels):
        scale, offset = scales[c % len(scales)], offsets[c % len(offsets)]
        line = _Line(half / scale, -offset / scale)
        np.clip(line.first_beyond(units, inclusive), *_ends(accumulator), out=rows[c])
    if relu:
        rows[:, (units < 0) | ((units == 0) & inclusive)] = accumulator.lo
    return rows[:1] if (rows == rows[:1]).all() else rows


def _ends(accumulator: IntType) -> tuple[int, int]:
    return accumulator.lo, accumulator.hi + 1


@dataclass(frozen=True)
class _Line:
    """``slope * u + start`` at integers u, in rationals; ``slope`` is positive."""

    slope: Fraction
    start: Fraction

    def first_beyond(self, units: IntArray, inclusive: npt.NDArray[np.bool_]) -> IntArray:
        """The first integer n at or above the line (inclusive), or above it; saturated.

        Fixed point decides wherever its truncation cannot reach an integer, and rationals the rest.

        Args:
            units: Ascending, [K].
            inclusive: Whether the line itself counts, [K].
        """
        first = int(units[0])
        j = units - first
        span = int(j[-1])
        bits = FIXED_POINT - (span + 1).bit_length()
        base, fraction, exact = _split(self.start + first * self.slope, bits)
        step, rise, exact_step = _split(self.slope, bits)
        if abs(base) + (span + 1) * (step + 1) >= SATURATED:
            return self._decide(units, inclusive)
        low = fraction + j * rise
        n: IntArray = base + j * step + (low >> bits) + 1
        low &= (1 << bits) - 1
        if exact and exact_step:
            n -= (low == 0) & inclusive
            return n
        # What was cut off is less than j + 1 in the last place.
        unsure = (low == 0) | (low >= (1 << bits) - 1 - j)
        n[unsure] = self._decide(units[unsure], inclusive[unsure])
        return n

    def _decide(self, units: IntArray, inclusive: npt.NDArray[np.bool_]) -> IntArray:
        # One common denominator turns all of it into integer divisions.
        den = self.slope.denominator * self.start.denominator
        rise, base = int(self.slope * den), int(self.start * den)
        n: list[int] = []
        for u, at in zip(units.tolist(), inclusive.tolist(), strict=True):
            numerator = u * rise + base
            beyond = -(-numerator // den) if at else numerator // den + 1
            n.append(min(max(beyond, -SATURATED), SATURATED))
        return np.array(n, dtype=np.int64)


def _split(value: Fraction, bits: int) -> tuple[int, int, bool]:
    """Integer part, ``bits`` bits of the fraction, and whether that is all of it."""
    scaled, rest = divmod(value.numerator << bits, value.denominator)
    return scaled >> bits, scaled & ((1 << bits) - 1), rest == 0


def function_thresholds(
    function: Function,
    quantizer: Quantizer,
    scales: Scales,
    offsets: Scales,
    accumulator: IntType,
) -> IntArray:
    """Thresholds of ``code(n) = quantize(function(n * scale + offset))`` over integers ``n``.

    The function is inverted at each boundary between two codes: in binary64 where that leaves no
    doubt, else in interval arithmetic whose precision grows until both ends give the same integer.

    Args:
        function: The non-linearity.
        quantizer: The requantizer; its scale must be per tensor.
        scales: Value of one accumulator unit, one or one a channel; positive.
        offsets: Real value added to the accumulator, one or one a channel.
        accumulator: Range of ``n``.

    Returns:
        int64 [C, K], as ``thresholds`` gives them.
    """
    halves, inclusive = quantizer.boundaries()
    units, half = halves - 2 * quantizer.zero_point, quantizer.scales[0] / 2
    inverses = [
        Inverse(function, u * half, at)
        for u, at in zip(units.tolist(), inclusive.tolist(), strict=True)
    ]
    y = units.astype(np.float64) * float(half)
    x = function.inverse(y)
    channels = max(len(scales), len(offsets))
    rows = np.empty((channels, units.size), dtype=np.int64)
    for c in range(channels):
        scale, offset = scales[c % len(scales)], offsets[c % len(offsets)]
        n = (x - float(offset)) / float(scale)
        error = (np.abs(x) + abs(float(offset)) + 1) / float(scale) * INVERSE_ERROR
        with np.errstate(invalid="ignore"):
            # Not so where x or n is infinite or vast.
            sure = (np.abs(n - np.rint(n)) > error) & (np.abs(y) < 1 - NEAR_LIMIT)
        first = np.ceil(np.where(sure, n, 0.0))
        rows[c] = np.clip(first, accumulator.lo, accumulator.hi + 1).astype(np.int64)
        for i in np.flatnonzero(~sure):
            rows[c, i] = inverses[i].first(scale, offset, accumulator)
    return rows[:1] if (rows == rows[:1]).all() else rows


class Inverse:
    """Where a monotone function passes y: the boundary of a code, pulled back through it.

    Attributes:
        function: The function.
        y: The value.
        inclusive: Whether y itself counts as past.
    """

    def __init__(self, function: Function, y: Fraction, inclusive: bool) -> None:
        self.function, self.y, self.inclusive = function, y, inclusive
        self._enclosures: dict[int, tuple[Fraction, Fraction]] = {}

    def first(self, scale: Fraction, offset: Fraction, domain: IntType) -> int:
        """The smallest n of the domain with ``function(n * scale + offset)`` past y, or hi + 1."""
        lowest, highest = self.function.limits
        if self.y < lowest or (self.y == lowest and (self.inclusive or not self.function.attained)):
            return domain.lo
        if self.y > highest or (
            self.y == highest and not (self.inclusive and self.function.attained)
        ):
            return domain.hi + 1
        x = self.function.exact_inverse(self.y)
        if x is not None:
            n = (x - offset) / scale
            first = -(-n.numerator // n.denominator)
            first += int(not self.inclusive and first == n)
        else:
            first = self._decide(scale, offset)
        return min(max(first, domain.lo), domain.hi + 1)

    def _decide(self, scale: Fraction, offset: Fraction) -> int:
        """``ceil((inverse(y) - offset) / scale)``.

        The inverse is transcendental here and the other numbers are algebraic, so it is never an
        integer and the loop ends.
        """
        precision = 64
        while precision <= MAX_PRECISION:
            low, high = self._enclosure(precision)
            # An irrational scale or offset comes as a rational that is off by far less than this.
            slack = (abs(low) + abs(offset)) / 2**MAX_PRECISION
            ends = {_ceil((low - slack - offset) / scale), _ceil((high + slack - offset) / scale)}
            if len(ends) == 1:
                return ends.pop()
            precision *= 2
        raise ArithmeticError(
            f"{self.function.name} at {float(self.y)} cannot be told from an integer"
        )

    def _enclosure(self, precision: int) -> tuple[Fraction, Fraction]:
        if precision not in self._enclosures:
            self._enclosures[precision] = self.function.enclose_inverse(self.y, precision)
        return self._enclosures[precision]


def _ceil(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)


def inverse_root(value: Fraction) -> Fraction:
    """``1 / sqrt(value)`` of a positive rational: exactly if it is rational, else from below.

    Its relative error is below 2**-ROOT_BITS.
    """
    n, d = value.numerator, value.denominator
    roots = math.isqrt(n), math.isqrt(d)
    if roots[0] ** 2 == n and roots[1] ** 2 == d:
        return Fraction(roots[1], roots[0])
    # sqrt(d / n) * 2**shift has more than ROOT_BITS bits.
    shift = ROOT_BITS + max(n.bit_length() - d.bit_length(), 0) // 2 + 2
    return Fraction(math.isqrt((d << 2 * shift) // n), 1 << shift)


def activation_table(
    function: Function, quantizer: Quantizer, scale: Fraction, domain: IntType
) -> IntArray:
    """The table of ``quantize(function(n * scale))`` for every ``n`` of ``domain``.

    Args:
        function: The non-linearity.
        quantizer: Output quantizer, per tensor.
        scale: Value of one input unit.
        domain: Range of the input code.

    Returns:
        int64 [hi - lo + 1], entry ``n - lo``, centered integers.
    """
    n = np.arange(domain.lo, domain.hi + 1, dtype=np.int64)
    x = n * float(scale)
    v = function.values(x) / float(quantizer.scales[0]) + quantizer.zero_point
    nearest_boundary = np.rint(v * 2) / 2  # boundaries of every mode are multiples of one half
    entries = quantizer.round_float(v)
    unsure = np.flatnonzero(np.abs(v - nearest_boundary) < UNDECIDED * np.maximum(1, np.abs(v)))
    _fill(entries, unsure, lambda i: _decide(function, quantizer, scale * int(n[i])))
    return entries


def _fill(entries: IntArray, places: IntArray, decide: Callable[[int], int]) -> None:
    """Decide ascending entries, all at once where those at both ends are equal."""
    pending = [places]
    while pending:
        part = pending.pop()
        if part.size == 0:
            continue
        ends = decide(part[0]), decide(part[-1])
        entries[part] = ends[0]
        entries[part[-1]] = ends[1]
        if ends[0] != ends[1]:
            middle = part.size // 2
            pending += [part[1:middle], part[middle:-1]]


def _decide(function: Function, quantizer: Quantizer, x: Fraction) -> int:
    """One entry, widening the precision until both ends of the interval round alike."""
    value = function.exact(x)
    if value is not None:
        return quantizer.round_exact(value / quantizer.scales[0] + quantizer.zero_point)
    x = max(-_FAR, min(x, _FAR))
    precision = 64
    while True:
        # The value is transcendental, so it never lies on a boundary and the loop ends.
        low, high = function.enclose(x, precision)
        ends = {
            quantizer.round_exact(v / quantizer.scales[0] + quantizer.zero_point)
            for v in (low, high)
        }
        if len(ends) == 1:
            return ends.pop()
        precision *= 2
