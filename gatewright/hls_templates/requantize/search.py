"""Search for the smallest multiply-and-shift that equals a row of thresholds everywhere.

For a multiplier m and a shift s, code k is reached at n exactly from its threshold t on if an
offset r satisfies ``t * m + r >= b`` and ``(t - 1) * m + r < b`` with ``b = k * 2**s``. Each
threshold bounds r from both sides, so m will do if the greatest lower bound does not exceed the
least upper bound. That gap is concave in m: its peak is found by bisection at a fine shift, and
for a coarser shift only the two integers beside the scaled peak can do if any can.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gatewright.ir.types import IntArray, IntType

# t * m is about code * 2**shift, so that codes of up to 16 bits stay inside int64.
FINE_SHIFT = 40
FAR = np.int64(2**61)

UP, EVEN, ODD = 0, 1, 2


@dataclass(frozen=True)
class Affine:
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


def find_affine(
    thresholds: IntArray, out_bias: int, domain: IntType, out: IntType
) -> Affine | None:
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
    problem = _Problem(thresholds, out_bias, domain, out)
    peaks = {ties: problem.peak(ties) for ties in (UP, EVEN, ODD)}
    for shift in range(FINE_SHIFT + 1):
        for ties, peak in peaks.items():
            found = problem.attempt(peak, shift, ties) if shift or not ties else None
            if found is not None:
                return found
    return None


def product_bits(affine: Affine, domain: IntType) -> int:
    """Width of ``n * multiplier + offset`` with its rounding term."""
    m, r = int(affine.multipliers.max()), affine.offsets
    half = (1 << affine.shift) if affine.ties != UP else 0
    low = min(domain.lo, 0) * m + int(r.min())
    high = max(domain.hi, 0) * m + int(r.max()) + half
    return IntType(min(low, -1), max(high, 0)).bits


class _Problem:
    """The bounds each threshold puts on the offset."""

    def __init__(self, thresholds: IntArray, out_bias: int, domain: IntType, out: IntType) -> None:
        self.rows = thresholds
        self.codes = np.arange(1, thresholds.shape[1] + 1, dtype=np.int64) + out_bias
        # At t the code must be there, at t - 1 not yet; beyond the domain or the clamp neither.
        self.reached = (thresholds <= domain.hi) & (self.codes > out.lo)
        self.awaited = (thresholds > domain.lo) & (self.codes <= out.hi)

    def offsets(self, m: IntArray, shift: int, ties: int) -> tuple[IntArray, IntArray]:
        """Greatest lower and least upper bound of the offset, [C], for multipliers m [C]."""
        bounds = self.codes << shift
        if ties:
            # Half to even: an even code begins on the tie, an odd one just above it.
            bounds = bounds - (1 << shift >> 1) + ((self.codes & 1) ^ int(ties == ODD))
        scaled = self.rows * m[:, None]
        low = np.where(self.reached, bounds - scaled, -FAR).max(axis=1)
        high = np.where(self.awaited, bounds - 1 - scaled + m[:, None], FAR).min(axis=1)
        return low, high

    def peak(self, ties: int) -> IntArray:
        """The multiplier [C] at ``FINE_SHIFT`` that leaves the offset most room."""
        centre = self._slope()
        low, high = np.maximum(centre // 2, 1), centre * 2 + 2
        while (low < high).any():
            middle = (low + high) // 2
            ahead = self._gap(middle + 1, ties) > self._gap(middle, ties)
            active = low < high
            low = np.where(active & ahead, middle + 1, low)
            high = np.where(active & ~ahead, middle, high)
        return low

    def _gap(self, m: IntArray, ties: int) -> IntArray:
        low, high = self.offsets(m, FINE_SHIFT, ties)
        return high - low

    def _slope(self) -> IntArray:
        """Codes per unit of n between the outermost thresholds, at ``FINE_SHIFT``."""
        inside = self.reached & self.awaited
        slopes = []
        for row, mask in zip(self.rows, inside, strict=True):
            found = np.flatnonzero(mask)
            if found.size < 2 or row[found[-1]] == row[found[0]]:
                slopes.append(1 << FINE_SHIFT)
                continue
            first, last = found[0], found[-1]
            rise, run = int(self.codes[last] - self.codes[first]), int(row[last] - row[first])
            slopes.append((rise << FINE_SHIFT) // run)
        return np.array(slopes, dtype=np.int64)

    def attempt(self, peak: IntArray, shift: int, ties: int) -> Affine | None:
        """A solution at one shift, if there is one."""
        floor = peak >> (FINE_SHIFT - shift)
        best: npt.NDArray[np.int64] = np.zeros_like(peak)
        low, high = np.ones_like(peak), np.zeros_like(peak)
        for m in (floor, floor + 1):
            m = np.maximum(m, 1)
            a, b = self.offsets(m, shift, ties)
            better = (a <= b) & (low > high)
            best, low, high = (
                np.where(better, new, old) for new, old in ((m, best), (a, low), (b, high))
            )
        if (low > high).any():
            return None
        offsets = np.where(low > -FAR, low, np.where(high < FAR, high, 0))
        if (best == best[0]).all() and low.max() <= high.min():
            best, offsets = best[:1], np.array([_common(low, high)], dtype=np.int64)
        return Affine(best, offsets, shift, ties)


def _common(low: IntArray, high: IntArray) -> int:
    if low.max() > -FAR:
        return int(low.max())
    return int(high.min()) if high.min() < FAR else 0
