"""A multiply-and-shift that is off by at most one code, and what tells where.

Of 16 bits, thresholds that torch's float32 sets lie some integers off any line, so that no affine
form equals them. One that reaches each code k not after its threshold t, and not before that of
k - 1, is right but for the n between the two points; there it gives k for k - 1. Its sum
``v = n * m + r`` says where n is: what the shift drops of v grows by m with each n. So a bound for
each code decides, and one in steps of the largest power of two up to m does, of which one lies in
every half-open interval of length m.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gatewright.hls_templates.kernels.requantize.rescaling import (
    LIMB,
    MAX_PRODUCT_BITS,
    UP,
    Rescaling,
    product_bits,
)
from gatewright.hls_templates.kernels.requantize.search import BEYOND, Problem
from gatewright.ir.types import IntArray, IntType

SAMPLE = 1024
"""Thresholds that are looked at first; what fails on them fails on all."""
TRIED = 3
"""Widths of a multiplier that are tried for each number of blocks: the widest leave least to do."""
RAM_BITS = 18 * 1024
"""Of a block RAM, which is taken to cost what a DSP block does."""


@dataclass(frozen=True, eq=False)
class Corrected:
    """``k - (f < bound[k])``: ``v = n * m + r``, ``k = v >> shift`` clamped, ``f`` v's fraction.

    Beyond the highest code nothing is taken away.

    Attributes:
        rescaling: m, r and shift; ties are ``UP``.
        drop: Bits of v's fraction below those that are compared.
        bounds: int64 [C, codes], by code from the lowest on; 0 where k is always right.
    """

    rescaling: Rescaling
    drop: int
    bounds: IntArray

    @property
    def bound_bits(self) -> int:
        """Bits of a bound."""
        return max(int(self.bounds.max()).bit_length(), 1)


def evaluate_corrected(found: Corrected, n: IntArray, out: IntType) -> IntArray:
    """What the kernel ``requantize_corrected`` gives for integers n [C, N]."""
    scale = found.rescaling
    v = n * scale.multipliers[:, None] + scale.offsets[:, None]
    quotient = v >> scale.shift
    codes = np.clip(quotient, out.lo, out.hi)
    fraction = (v - (quotient << scale.shift)) >> found.drop
    rows = np.arange(len(n))[:, None] if len(found.bounds) > 1 else 0
    early = (quotient <= out.hi) & (fraction < found.bounds[rows, codes - out.lo])
    corrected: IntArray = codes - early
    return corrected


def find_corrected(
    thresholds: IntArray, out_bias: int, domain: IntType, out: IntType
) -> Corrected | None:
    """The one of the fewest blocks, for its product and for its bounds.

    Args:
        thresholds: int64 [C, K], ascending rows, clipped to ``domain.lo .. domain.hi + 1``.
        out_bias: Output below the first threshold.
        domain: Range of the input.
        out: Range of the output; codes outside never occur.

    Returns:
        None where none does it.
    """
    problem = Problem(thresholds, out_bias, domain, out)
    stride = -(-thresholds.shape[1] // SAMPLE)
    best: tuple[int, Corrected] | None = None
    for m, shift in _multipliers(problem):
        blocks = _blocks(m, domain)
        if best is not None and best[0] <= blocks:
            continue
        if stride > 1 and _gaps(problem, m, shift, stride) is None:
            continue
        found = _corrected(problem, m, shift)
        if found is None:
            continue
        cost = blocks + -(-found.bounds.size * found.bound_bits // RAM_BITS)
        if best is None or cost < best[0]:
            best = cost, found
    if best is None:
        return None
    n = problem.edges()
    if not problem.is_step(n, evaluate_corrected(best[1], n, out)):
        raise AssertionError("bounds differ from their thresholds")
    return best[1]


def _blocks(m: IntArray, domain: IntType) -> int:
    """DSP blocks of a product."""
    parts = int(m.max()).bit_length(), domain.bits
    factors = [-(-bits // LIMB) for bits in parts]
    return factors[0] * factors[1]


def _multipliers(problem: Problem) -> Iterator[tuple[IntArray, int]]:
    """Multipliers [C] and shifts that fill blocks, few ones first: of all channels one, if it may.

    The wider a multiplier is, the nearer to its thresholds it comes.
    """
    peaks = problem.peak(UP)
    common = np.full_like(peaks, int(np.median(peaks)))
    bits = int(peaks.max()).bit_length()
    for shift in range(1, problem.fine + 1):
        left = -(bits - problem.fine + shift) % LIMB
        if min(left, problem.fine - shift) >= TRIED:
            continue
        for fine in (common, peaks):
            floor = fine >> (problem.fine - shift)
            yield from ((m, shift) for m in (floor, floor + 1) if m.min() > 0)


def _corrected(problem: Problem, m: IntArray, shift: int) -> Corrected | None:
    found = _gaps(problem, m, shift, 1)
    if found is None:
        return None
    offsets, gaps = found
    drop = int(m.min()).bit_length() - 1
    # Above the fraction at t - 1, and not above that at t.
    each = np.where(gaps < 0, 0, (gaps >> drop) + 1)
    if drop >= shift:
        return None
    codes = problem.codes - problem.out.lo
    held = (codes > 0) & (problem.codes <= problem.out.hi)
    bounds = np.zeros((len(m), problem.out.hi - problem.out.lo + 1), dtype=np.int64)
    bounds[:, codes[held]] = each[:, held]
    if (bounds == bounds[0]).all():
        bounds = bounds[:1]
    m, offsets = (a[:1] if (a == a[0]).all() else a for a in (m, offsets))
    rescaling = Rescaling(m, offsets, shift, UP)
    wide = product_bits(rescaling, problem.domain) > MAX_PRODUCT_BITS
    return None if wide else Corrected(rescaling, drop, bounds)


def _gaps(
    problem: Problem, m: IntArray, shift: int, stride: int
) -> tuple[IntArray, IntArray] | None:
    """Offsets [C], and how far v is beyond a code's first value at t - 1, [C, K].

    None where a code would begin after its threshold, or before that of the code below.
    """
    low, high = problem.offsets(m, shift, UP)
    low = np.where(low > -BEYOND, low, np.where(high < BEYOND, high, 0))  # of one code only
    rows, codes = problem.rows[:, ::stride], problem.codes[::stride]
    awaited = problem.awaited[:, ::stride]
    gaps = (rows - 1) * m[:, None] + low[:, None] - (codes << shift)
    if (gaps >= 1 << shift)[awaited].any():
        return None
    return low, np.where(awaited, gaps, -1)
