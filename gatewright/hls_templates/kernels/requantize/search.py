"""Search for the smallest multiply-and-shift that equals a row of thresholds everywhere.

For a multiplier m and a shift s, code k is reached at n exactly from its threshold t on if an
offset r satisfies ``t * m + r >= b`` and ``(t - 1) * m + r < b`` with ``b = k * 2**s``. Each
threshold bounds r from both sides, so m will do if the greatest lower bound does not exceed the
least upper bound. That gap is concave in m: its peak is found at a fine shift, between ends that
close in on where their tangents meet, and for a coarser shift only the two integers beside the
scaled peak can do if any can.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt

from gatewright.ir.types import IntArray, IntType

FINE_SHIFT = 40
BEYOND = np.int64(2**61)
"""Beyond every bound: no product and no shifted code that the search forms reaches half of it."""
MAX_PRODUCT_BITS = 63
SAMPLE = 1024
"""Thresholds that are looked at first; what fails on them fails on all."""

HALVED = 4
"""Each so many steps halve what is left, so that their number is bounded."""

UP, EVEN, ODD = 0, 1, 2


@dataclass(frozen=True)
class Rescaling:
    """``clamp((n * multiplier + offset) >> shift)``, with ``ties`` for what halves become.

    Attributes:
        multipliers: int64, one or one a channel.
        offsets: int64, one or one a channel.
        shift: Bits dropped.
        ties: UP, or the parity halves go to: EVEN, or ODD where an odd zero point turns it round.
    """

    multipliers: IntArray
    offsets: IntArray
    shift: int
    ties: int

    @property
    def by_channel(self) -> bool:
        """Whether channels differ."""
        return max(len(self.multipliers), len(self.offsets)) > 1

    @property
    def shifts(self) -> bool:
        """Whether a sum and a shift are all: no factor, and ties that n itself decides."""
        if self.by_channel or self.multipliers[0] != 1:
            return False
        return self.ties == UP or int(self.offsets[0]) % (1 << self.shift) == 0


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
    sample = -(-thresholds.shape[1] // SAMPLE)
    peaks = problem.peaks((UP, EVEN, ODD), sample)
    if sample > 1:
        peaks = problem.peaks(peaks)
    for shift in range(problem.fine + 1):
        for ties, peak in peaks.items():
            if (ties and not shift) or problem.attempt(peak, shift, ties, sample) is None:
                continue
            found = problem.attempt(peak, shift, ties)
            if found is None or product_bits(found, domain) > MAX_PRODUCT_BITS:
                continue
            if not problem.equals(found):
                raise AssertionError(f"{found} differs from its thresholds")
            return found
    return None


def product_bits(affine: Rescaling, domain: IntType) -> int:
    """Width of ``n * multiplier + offset`` with its rounding term."""
    m, r = int(affine.multipliers.max()), affine.offsets
    half = (1 << affine.shift) if affine.ties != UP else 0
    low = min(domain.lo, 0) * m + int(r.min())
    high = max(domain.hi, 0) * m + int(r.max()) + half
    return IntType(min(low, -1), max(high, 0)).bits


def evaluate(affine: Rescaling, n: IntArray, out: IntType) -> IntArray:
    """What the kernel ``requantize_affine`` gives for integers n [C, ...]."""
    m, r = (a.reshape(-1, *[1] * (n.ndim - 1)) for a in (affine.multipliers, affine.offsets))
    v = n * m + r
    if affine.ties != UP:
        odd = (v >> affine.shift & 1) ^ int(affine.ties == ODD)
        v = v + (1 << affine.shift >> 1) - 1 + odd
    codes: IntArray = np.clip(v >> affine.shift, out.lo, out.hi)
    return codes


@dataclass(frozen=True)
class _Tangent:
    """The gap at a multiplier, and a line above it, for each channel.

    Attributes:
        gap: int64 [C], below 0 where no offset does it.
        slope: int64 [C], of a threshold on either side that is as near as any.
    """

    gap: IntArray
    slope: IntArray

    def meets(self, other: _Tangent, apart: IntArray) -> IntArray:
        """How far on, roughly, it meets the one that stands so far on; there if that one rises."""
        ahead = other.gap - self.gap.astype(np.float64) - other.slope * apart.astype(np.float64)
        closing = np.maximum(self.slope - other.slope, 1)
        meeting = np.clip(ahead / closing, 0, apart).astype(np.int64)
        return np.where(other.slope > 0, apart, meeting)

    def replaced(self, other: _Tangent, where: npt.NDArray[np.bool_]) -> _Tangent:
        """The other one for some channels."""
        gap, slope = (
            np.where(where, *pair) for pair in ((other.gap, self.gap), (other.slope, self.slope))
        )
        return _Tangent(gap, slope)


class Problem:
    """The bounds each threshold puts on the offset.

    Attributes:
        fine: The finest shift that is tried, at which peaks are found.
    """

    def __init__(self, thresholds: IntArray, out_bias: int, domain: IntType, out: IntType) -> None:
        self.rows = thresholds
        self.bias, self.domain, self.out = out_bias, domain, out
        self.codes = np.arange(1, thresholds.shape[1] + 1, dtype=np.int64) + out_bias
        # At t the code must be there, at t - 1 not yet; beyond the domain or the clamp neither.
        self.reached = (thresholds <= domain.hi) & (self.codes > out.lo)
        self.awaited = (thresholds > domain.lo) & (self.codes <= out.hi)
        # n * m stays below 2**60 and codes below 2**58, so that no sum here leaves int64.
        self.limit = (1 << 60) // (domain.magnitude + 2)
        widest = IntType.hull([out, IntType.of(self.codes)]).bits
        steepest = int(self.limit / self._slope()).bit_length() - 2
        self.fine = max(min(FINE_SHIFT, 58 - widest, steepest), 0)

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

    def offsets(
        self, m: IntArray, shift: int, ties: int, stride: int = 1
    ) -> tuple[IntArray, IntArray]:
        """Greatest lower and least upper bound of the offset, [C], for multipliers m [C].

        A ``stride`` above 1 looks at some of the thresholds only.
        """
        room = self._room(m, shift, ties, stride)
        low = np.where(self.reached[:, ::stride], room, -BEYOND).max(axis=1)
        room += m[:, None] - 1
        high = np.where(self.awaited[:, ::stride], room, BEYOND).min(axis=1)
        return low, high

    def _room(self, m: IntArray, shift: int, ties: int, stride: int) -> IntArray:
        """What a threshold leaves the offset, [C, K]."""
        codes = self.codes[::stride]
        bounds = codes << shift
        if ties:
            # Half to even: an even code begins on the tie, an odd one just above it.
            bounds = bounds - (1 << shift >> 1) + ((codes & 1) ^ int(ties == ODD))
        room: IntArray = bounds - self.rows[:, ::stride] * m[:, None]
        return room

    def peaks(self, kinds: Iterable[int], stride: int = 1) -> dict[int, IntArray]:
        """The peak for each of some kinds of ties, left out where a channel has no room there.

        A solution at any shift gives one at the finest, so no other kind can have a solution.
        """
        peaks = {ties: self.peak(ties, stride) for ties in kinds}
        return {
            ties: peak
            for ties, peak in peaks.items()
            if (self._tangent(peak, ties, stride).gap >= 0).all()
        }

    def peak(self, ties: int, stride: int = 1) -> IntArray:
        """The multiplier [C] at the finest shift that leaves the offset most room, or lacks least.

        Of several the smallest, whichever are looked at on the way.
        """
        low = np.zeros(len(self.rows), dtype=np.int64)
        high = np.full(len(self.rows), self.limit, dtype=np.int64)
        left, right = (self._tangent(end, ties, stride) for end in (low, high))
        for step in count(1):
            active = low < high
            if not active.any():
                return low
            middle = low + (high - low) // 2
            if step % HALVED:  # where tangents lead, but now and then half the way
                middle = np.clip(low + left.meets(right, high - low), low, high - 1)
            here, there = (self._tangent(m, ties, stride) for m in (middle, middle + 1))
            up, down = active & (there.gap > here.gap), active & (there.gap <= here.gap)
            low, left = np.where(up, middle + 1, low), left.replaced(there, up)
            high, right = np.where(down, middle, high), right.replaced(here, down)
        raise AssertionError("counting ends")

    def _tangent(self, m: IntArray, ties: int, stride: int) -> _Tangent:
        """Of the gap, at multipliers m [C] of the finest shift."""
        rows, each = self.rows[:, ::stride], np.arange(len(m))
        room = self._room(m, self.fine, ties, stride)
        lower = np.where(self.reached[:, ::stride], room, -BEYOND)
        room += m[:, None] - 1
        upper = np.where(self.awaited[:, ::stride], room, BEYOND)
        first, last = lower.argmax(axis=1), upper.argmin(axis=1)
        low, high = lower[each, first], upper[each, last]
        falls = np.where(low > -BEYOND, rows[each, first], 0)
        rises = np.where(high < BEYOND, 1 - rows[each, last], 0)
        return _Tangent(high - low, rises + falls)

    def equals(self, found: Rescaling) -> bool:
        """Whether a solution is the step function wherever it could leave it."""
        n = np.concatenate([self.rows - 1, self.rows], axis=1)
        ends = np.broadcast_to([self.domain.lo, self.domain.hi], (len(n), 2))
        n = np.clip(np.concatenate([n, ends], axis=1), self.domain.lo, self.domain.hi)
        steps = [np.searchsorted(r, v, side="right") for r, v in zip(self.rows, n, strict=True)]
        return bool((evaluate(found, n, self.out) == np.stack(steps) + self.bias).all())

    def attempt(self, peak: IntArray, shift: int, ties: int, stride: int = 1) -> Rescaling | None:
        """A solution at one shift, if there is one; for some thresholds only, as ``offsets``."""
        floor = peak >> (self.fine - shift)
        best: npt.NDArray[np.int64] = np.zeros_like(peak)
        low, high = np.ones_like(peak), np.zeros_like(peak)
        for m in (floor, floor + 1):
            a, b = self.offsets(m, shift, ties, stride)
            better = (a <= b) & (low > high)
            best, low, high = (
                np.where(better, new, old) for new, old in ((m, best), (a, low), (b, high))
            )
        if (low > high).any():
            return None
        offsets = np.where(low > -BEYOND, low, np.where(high < BEYOND, high, 0))
        if (best == best[0]).all() and low.max() <= high.min():
            best, offsets = best[:1], np.array([_common(low, high)], dtype=np.int64)
        return Rescaling(best, offsets, shift, ties)


def _common(low: IntArray, high: IntArray) -> int:
    if low.max() > -BEYOND:
        return int(low.max())
    return int(high.min()) if high.min() < BEYOND else 0
