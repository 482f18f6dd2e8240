"""Exact step functions: thresholds and tables decided in rational or widened arithmetic."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np

from gatewright.ir.quantizer import Quantizer, Scales
from gatewright.ir.types import IntArray, IntType

# binary64 sigmoid and tanh err by a few units in the last place, far less than this; closer to a
# boundary than this, the entry is decided in interval arithmetic.
UNDECIDED = 2.0**-30
# From here on both functions are within 2**-5900 of their limit. The limit over a float32 scale is
# on a boundary or at least 2**-129 from the nearest, so every argument beyond rounds as this one.
FAR = Fraction(4096)


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
    step = quantizer.scales[0]
    codes = range(quantizer.code_min + 1, quantizer.code_max + 1)
    bounds = []
    for code in codes:
        b, inclusive = quantizer.boundary(code)
        bounds.append(((b - quantizer.zero_point) * step, inclusive))
    channels = max(len(scales), len(offsets))
    rows = np.array(
        [
            _threshold_row(bounds, scales[c % len(scales)], offsets[c % len(offsets)], relu)
            for c in range(channels)
        ],
        dtype=object,
    )
    clipped: IntArray = np.clip(rows, accumulator.lo, accumulator.hi + 1).astype(np.int64)
    return clipped[:1] if (clipped == clipped[:1]).all() else clipped


def _threshold_row(
    bounds: list[tuple[Fraction, bool]], scale: Fraction, offset: Fraction, relu: bool
) -> list[int]:
    # One common denominator turns the row into integer divisions, which are far cheaper.
    den = scale.denominator * offset.denominator
    for b, _ in bounds[:2]:
        den *= b.denominator
    unit = int(scale * den)
    shift = int(offset * den)
    row = []
    for b, inclusive in bounds:
        if relu and (b < 0 or (b == 0 and inclusive)):
            row.append(-(2**62))
            continue
        distance = b.numerator * (den // b.denominator) - shift
        row.append(-(-distance // unit) if inclusive else distance // unit + 1)
    return row


def activation_table(
    function: str, quantizer: Quantizer, scale: Fraction, domain: IntType
) -> IntArray:
    """The table of ``quantize(function(n * scale))`` for every ``n`` of ``domain``.

    Args:
        function: ``sigmoid`` or ``tanh``.
        quantizer: Output quantizer, per tensor.
        scale: Value of one input unit.
        domain: Range of the input code.

    Returns:
        int64 [hi - lo + 1], entry ``n - lo``, centered integers.
    """
    n = np.arange(domain.lo, domain.hi + 1, dtype=np.int64)
    x = n * float(scale)
    with np.errstate(over="ignore"):  # exp to infinity is a sigmoid of 0, which is decided below
        value = 1.0 / (1.0 + np.exp(-x)) if function == "sigmoid" else np.tanh(x)
    v = value / float(quantizer.scales[0]) + quantizer.zero_point
    nearest_boundary = np.rint(v * 2) / 2  # boundaries of every mode are multiples of one half
    entries = quantizer.round_float(v)
    for i in np.flatnonzero(np.abs(v - nearest_boundary) < UNDECIDED * np.maximum(1, np.abs(v))):
        entries[i] = _decide(function, quantizer, scale * int(n[i]))
    return entries


def _decide(function: str, quantizer: Quantizer, x: Fraction) -> int:
    """One entry, widening the precision until both ends of the interval round alike."""
    if x == 0:
        value = Fraction(1, 2) if function == "sigmoid" else Fraction(0)
        return quantizer.round_exact(value / quantizer.scales[0] + quantizer.zero_point)
    x = max(-FAR, min(x, FAR))
    precision = 64
    while True:
        # Away from 0 both functions are transcendental at a rational argument, so no value ever
        # lies on a boundary and the loop ends.
        low, high = _enclose(function, x, precision)
        ends = {
            quantizer.round_exact(v / quantizer.scales[0] + quantizer.zero_point)
            for v in (low, high)
        }
        if len(ends) == 1:
            return ends.pop()
        precision *= 2


def _enclose(function: str, x: Fraction, precision: int) -> tuple[Fraction, Fraction]:
    """A rational interval that holds ``function(x)``."""
    context = mpmath.iv
    saved = context.prec
    context.prec = precision
    try:
        argument = context.mpf(x.numerator) / context.mpf(x.denominator)
        if function == "sigmoid":
            value = 1 / (1 + context.exp(-argument))
        else:
            value = 1 - 2 / (1 + context.exp(2 * argument))
        return _fraction(value.a), _fraction(value.b)
    finally:
        context.prec = saved


def _fraction(end: mpmath.ctx_iv.ivmpf) -> Fraction:
    sign, mantissa, exponent, _ = end._mpi_[0]
    value = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    return -value if sign else value
