"""Search for the smallest multiply-and-shift that equals a row of thresholds everywhere.

For a multiplier m and a shift s, code k is reached at n exactly from its threshold t on if an
offset r satisfies ``t * m + r >= b`` and ``(t - 1) * m + r < b`` with ``b = k * 2**s``. Each
threshold bounds r from both sides, so m will do if the greatest lower bound does not exceed the
least upper bound. That gap is concave in m: its peak is found at a fine shift, between ends that
close in on where their tangents meet, and for a coarser shift only the two integers beside the
scaled peak can do if any can.

A bound is linear in the threshold and its code, so only corners of the convex hull of these can be
the greatest or least for any m: of 65,535 thresholds about ten. What is left is so little that it
may be computed with integers of any size.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt

from gatewright.hls_templates.kernels.requantize.corners import corners
from gatewright.hls_templates.kernels.requantize.rescaling import (
    EVEN,
    LIMB,
    MAX_PRODUCT_BITS,
    ODD,
    UP,
    Rescaling,
    Wide,
    evaluate,
    evaluate_wide,
    product_bits,
)
from gatewright.ir.types import IntArray, IntType

FINE_SHIFT = 40
BEYOND = 2**61
"""Beyond every bound: no product and no shifted code that the search forms reaches half of it."""
HALVED = 4
"""Each so many steps halve what is left, so that their number is bounded."""


def find_affine(
    thresholds: IntArray, out_bias: int, domain: IntType, out: IntType
) -> Rescaling | None:
    """The multiplier with the smallest shift that is equal at each threshold and its neighbour.

    The affine function is monotone, so agreement at ``t`` and ``t - 1`` for every threshold ``t``
    inside the domain is agreement everywhere.

    Args:
        thresholds: int64 [C, K], ascending rows, clipped to ``domain.lo .. domain.hi + 1``.
        out_bias: Output below the first threshold.
        domain: Range of the input.
        out: Range of the output; codes outside never occur.

    Returns:
        None where no multiplier does it.
    """
    problem = Problem(thresholds, out_bias, domain, out)
    peaks = problem.peaks((UP, EVEN, ODD))
    for shift in range(problem.fine + 1):
        for ties, peak in peaks.items():
            if ties and not shift:
                continue
            found = problem.attempt(peak, shift, ties)
            if found is None or product_bits(found, domain) > MAX_PRODUCT_BITS:
                continue
            if not problem.equals(found):
                raise AssertionError(f"{found} differs from its thresholds")
            return found
    return None


def find_wide(thresholds: IntArray, out_bias: int, domain: IntType, out: IntType) -> Wide | None:
    """The same for a multiplier of two limbs, whose halves go up.

    Returns:
        None where no such multiplier does it.
    """
    problem = Problem(thresholds, out_bias, domain, out, exact=True)
    for peak in problem.peaks((UP,)).values():
        for shift in range(LIMB + 1, problem.fine + 1):
            found = problem.attempt(peak, shift, UP)
            if found is None:
                continue
            wide = _limbs(found)
            if wide.sum_bits(domain) > MAX_PRODUCT_BITS:
                return None
            n = problem.edges()
            if not problem.is_step(n, evaluate_wide(wide, n, out)):
                raise AssertionError(f"{wide} differs from its thresholds")
            return wide
    return None


def _limbs(found: Rescaling) -> Wide:
    """Of integers of any size."""
    m, r = found.multipliers, found.offsets
    low = Rescaling(_int64(m % (1 << LIMB)), _int64(r % (1 << LIMB)), LIMB, UP)
    high = Rescaling(_int64(m >> LIMB), _int64(r >> LIMB), found.shift - LIMB, UP)
    return Wide(high, low)


def _int64(values: IntArray) -> IntArray:
    return values.astype(np.int64)


@dataclass(frozen=True)
class Tangent:
    """The gap at a multiplier, and a line above it, for each channel.

    Attributes:
        gap: int64 [C], below 0 where no offset does it.
        slope: int64 [C], of a threshold on either side that is as near as any.
    """

    gap: IntArray
    slope: IntArray

    def meets(self, other: Tangent, apart: IntArray) -> IntArray:
        """How far on, roughly, it meets the one that stands so far on; there if that one rises."""
        closing = np.maximum(self.slope - other.slope, 1)
        if apart.dtype == object:
            ahead = other.gap - self.gap - other.slope * apart
            meeting = np.clip(ahead // closing, 0, apart)
        else:
            ahead = other.gap - self.gap.astype(np.float64) - other.slope * apart.astype(np.float64)
            meeting = np.clip(ahead / closing, 0, apart).astype(np.int64)
        return np.where(other.slope > 0, apart, meeting)

    def replaced(self, other: Tangent, where: npt.NDArray[np.bool_]) -> Tangent:
        """The other one for some channels."""
        gap, slope = (
            np.where(where, *pair) for pair in ((other.gap, self.gap), (other.slope, self.slope))
        )
        return Tangent(gap, slope)


class Problem:
    """The bounds each threshold puts on the offset.

    Args:
        thresholds: int64 [C, K], ascending rows, clipped to ``domain.lo .. domain.hi + 1``.
        out_bias: Output below the first threshold.
        domain: Range of the input.
        out: Range of the output.
        exact: With integers of any size, for multipliers of ``LIMB`` bits more.

    Attributes:
        fine: The finest shift that is tried, at which peaks are found.
    """

    def __init__(
        self,
        thresholds: IntArray,
        out_bias: int,
        domain: IntType,
        out: IntType,
        *,
        exact: bool = False,
    ) -> None:
        self.rows = thresholds
        self.bias, self.domain, self.out = out_bias, domain, out
        self.codes = np.arange(1, thresholds.shape[1] + 1, dtype=np.int64) + out_bias
        # At t the code must be there, at t - 1 not yet; beyond the domain or the clamp neither.
        self.reached = (thresholds <= domain.hi) & (self.codes > out.lo)
        self.awaited = (thresholds > domain.lo) & (self.codes <= out.hi)
        kind = object if exact else np.int64
        self._late = corners(thresholds, self.codes, self.reached, kind)
        self._early = corners(thresholds, self.codes, self.awaited, kind, below=True)
        # n * m stays below 2**60 and codes below 2**58, so that no sum here leaves int64.
        more = LIMB if exact else 0
        self.limit = (1 << 60 + more) // (domain.magnitude + 2)
        widest = IntType.hull([out, IntType.of(self.codes)]).bits
        steepest = int(self.limit / self._slope()).bit_length() - 2
        self.fine = max(min(FINE_SHIFT + more, 58 + more - widest, steepest), 0)
        self._beyond = BEYOND << more

    def _slope(self) -> float:
        """The most codes per unit of n that a channel has between its outermost thresholds."""
        inside = self.reached & self.awaited
        slope = 1.0 / (self.domain.magnitude + 1)
        for row, mask in zip(self.rows, inside, strict=True):
            found = np.flatnonzero(mask)
            if found.size > 1:
                run = int(row[found[-1]] - row[found[0]])
                slope = max(slope, float(found[-1] - found[0]) / max(run, 1))
        return slope

    def offsets(self, m: IntArray, shift: int, ties: int) -> tuple[IntArray, IntArray]:
        """Greatest lower and least upper bound of the offset, [C], for multipliers m [C]."""
        lower, upper = self._bounds(m, shift, ties)
        return lower.max(axis=1), upper.min(axis=1)

    def _bounds(self, m: IntArray, shift: int, ties: int) -> tuple[IntArray, IntArray]:
        """Those of the corners, [C, L]."""
        lower, upper = (
            _codes(points.codes, shift, ties) - points.thresholds * m[:, None]
            for points in (self._late, self._early)
        )
        lower = np.where(self._late.there, lower, -self._beyond)
        return lower, np.where(self._early.there, upper + (m[:, None] - 1), self._beyond)

    def peaks(self, kinds: Iterable[int]) -> dict[int, IntArray]:
        """The peak for each of some kinds of ties, left out where a channel has no room there.

        A solution at any shift gives one at the finest, so no other kind can have a solution.
        """
        peaks = {ties: self.peak(ties) for ties in kinds}
        return {
            ties: peak for ties, peak in peaks.items() if (self.tangent(peak, ties).gap >= 0).all()
        }

    def peak(self, ties: int) -> IntArray:
        """The multiplier [C] at the finest shift that leaves the offset most room, or lacks least.

        Of several the smallest, whichever are looked at on the way.
        """
        low = np.zeros(len(self.rows), dtype=self._late.thresholds.dtype)
        high = low + self.limit
        left, right = (self.tangent(end, ties) for end in (low, high))
        for step in count(1):
            active = low < high
            if not active.any():
                return low
            middle = low + (high - low) // 2
            if step % HALVED:  # where tangents lead, but now and then half the way
                middle = np.clip(low + left.meets(right, high - low), low, high - 1)
            here, there = (self.tangent(m, ties) for m in (middle, middle + 1))
            up, down = active & (there.gap > here.gap), active & (there.gap <= here.gap)
            low, left = np.where(up, middle + 1, low), left.replaced(there, up)
            high, right = np.where(down, middle, high), right.replaced(here, down)
        raise AssertionError("counting ends")

    def tangent(self, m: IntArray, ties: int) -> Tangent:
        """Of the gap, at multipliers m [C] of the finest shift."""
        lower, upper = self._bounds(m, self.fine, ties)
        each = np.arange(len(m))
        first, last = lower.argmax(axis=1), upper.argmin(axis=1)
        low, high = lower[each, first], upper[each, last]
        falls = np.where(low > -self._beyond, self._late.thresholds[each, first], 0)
        rises = np.where(high < self._beyond, 1 - self._early.thresholds[each, last], 0)
        return Tangent(high - low, rises + falls)

    def edges(self) -> IntArray:
        """Where a form could leave the step function: before and at thresholds, and the ends."""
        n = np.concatenate([self.rows - 1, self.rows], axis=1)
        ends = np.broadcast_to([self.domain.lo, self.domain.hi], (len(n), 2))
        edges: IntArray = np.clip(np.concatenate([n, ends], axis=1), self.domain.lo, self.domain.hi)
        return edges

    def is_step(self, n: IntArray, codes: IntArray) -> bool:
        """Whether codes [C, N] are those of integers n."""
        steps = [np.searchsorted(r, v, side="right") for r, v in zip(self.rows, n, strict=True)]
        return bool((codes == np.stack(steps) + self.bias).all())

    def equals(self, found: Rescaling) -> bool:
        """Whether a solution is the step function wherever it could leave it."""
        n = self.edges()
        return self.is_step(n, evaluate(found, n, self.out))

    def attempt(self, peak: IntArray, shift: int, ties: int) -> Rescaling | None:
        """A solution at one shift, if there is one."""
        floor = peak >> (self.fine - shift)
        best: npt.NDArray[np.int64] = np.zeros_like(peak)
        low, high = np.ones_like(peak), np.zeros_like(peak)
        for m in (floor, floor + 1):
            a, b = self.offsets(m, shift, ties)
            better = (a <= b) & (low > high)
            best, low, high = (
                np.where(better, new, old) for new, old in ((m, best), (a, low), (b, high))
            )
        if (low > high).any():
            return None
        offsets = np.where(low > -self._beyond, low, np.where(high < self._beyond, high, 0))
        if (best == best[0]).all() and low.max() <= high.min():
            common = next((end for end in (low.max(), high.min()) if abs(end) < self._beyond), 0)
            best, offsets = best[:1], offsets[:1] * 0 + common
        return Rescaling(best, offsets, shift, ties)


def _codes(codes: IntArray, shift: int, ties: int) -> IntArray:
    """Where codes begin, in units of the sum."""
    begins: IntArray = codes << shift
    if ties:
        # Half to even: an even code begins on the tie, an odd one just above it.
        begins = begins - (1 << shift >> 1) + ((codes & 1) ^ int(ties == ODD))
    return begins
