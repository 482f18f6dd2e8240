"""The magnitudes a tensor was seen with, and the scale that suits them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from gatewright.frontend.calibration.options import RangeOptions

# A bin is a float32 magnitude without its last bits: about 0.05 % wide everywhere, so that one
# pass over the data does for any range, and batches in any split give the same counts.
_DROPPED_BITS = 12
_BINS = 1 << (31 - _DROPPED_BITS)
_PENDING = 1 << 20  # values counted at once
# Scales tried for "mse": this many a factor of two, over this many factors of two.
_STEPS, _OCTAVES = 64, 8


class Histogram:
    """Counts of |x|."""

    def __init__(self) -> None:
        self._counted = np.zeros(_BINS, dtype=np.int64)
        self._pending: list[npt.NDArray[np.uint32]] = []
        self.largest = 0.0

    def add(self, values: npt.NDArray[np.float32]) -> None:
        """Count values of any shape; infinite and NaN ones show in ``largest`` only."""
        magnitudes = np.abs(np.ascontiguousarray(values, dtype=np.float32)).reshape(-1)
        if not magnitudes.size:
            return
        self.largest = float(np.maximum(self.largest, magnitudes.max()))  # keeps NaN
        self._pending.append(magnitudes.view(np.uint32) >> np.uint32(_DROPPED_BITS))
        if sum(part.size for part in self._pending) >= _PENDING:
            self._count()

    def _count(self) -> npt.NDArray[np.int64]:
        if self._pending:
            self._counted += np.bincount(np.concatenate(self._pending), minlength=_BINS)
            self._pending.clear()
        return self._counted

    @property
    def total(self) -> int:
        """How many values were seen."""
        return int(self._count().sum())

    def bins(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """The middle and the count of each bin that is not empty, rising."""
        counts = self._count()
        indices = np.flatnonzero(counts)
        return _edges(indices, half=True), counts[indices]

    def percentile(self, percent: float) -> float:
        """A magnitude that at least this share of the values does not exceed."""
        counts = self._count()
        indices = np.flatnonzero(counts)
        reached = np.cumsum(counts[indices]) >= self.total * (percent / 100)
        upper = _edges(indices[np.argmax(reached)][None] + 1)
        return float(min(upper[0], self.largest))

    def share_above(self, limit: float) -> float:
        """The share of the values that exceed a magnitude."""
        if self.largest <= limit:
            return 0.0
        middles, counts = self.bins()
        return float(counts[middles > limit].sum() / self.total)


def _edges(indices: npt.NDArray[np.int64], half: bool = False) -> npt.NDArray[np.float64]:
    """The lower edges of bins, or their middles."""
    bits = indices.astype(np.uint32) << np.uint32(_DROPPED_BITS)
    if half:
        bits += np.uint32(1 << (_DROPPED_BITS - 1))
    return bits.view(np.float32).astype(np.float64)


def choose_scale(
    seen: Histogram,
    options: RangeOptions,
    *,
    bits: int,
    signed: bool,
    percentile: float | None = None,
) -> float:
    """The scale of a symmetric quantizer, a float32 number.

    ``float`` maps the end of the range to the largest code. ``power_of_two`` takes the next power
    of two above the end of the range for the code after the largest, as Brevitas does.

    Args:
        seen: Values in the quantizer's input.
        options: The method.
        bits: Of the quantizer.
        signed: Whether half of the codes are negative.
        percentile: In percent, of the values that the range holds, for that method; None of a
            constant, whose largest value is known.
    """
    codes = 2 ** (bits - 1 if signed else bits)
    if seen.largest < np.finfo(np.float32).tiny:  # nothing but zeros: any range holds them
        end = 1.0
    elif options.method == "mse":
        return _least_square_error(seen, codes, options.scale)
    else:
        end = seen.largest if percentile is None else seen.percentile(percentile)
    return _scale(end, codes, options.scale)


def _scale(end: float, codes: int, kind: str) -> float:
    if kind == "power_of_two":
        return 2.0 ** math.ceil(math.log2(end)) / codes
    return float(np.float32(end / (codes - 1)))


def _least_square_error(seen: Histogram, codes: int, kind: str) -> float:
    values, counts = seen.bins()
    steps = 1 if kind == "power_of_two" else _STEPS
    best, least = 0.0, math.inf
    for step in range(_OCTAVES * steps + 1):
        scale = _scale(seen.largest * 2.0 ** (-step / steps), codes, kind)
        error = np.minimum(np.rint(values / scale), codes - 1) * scale - values
        cost = float((counts * error**2).sum())
        if cost < least:
            best, least = scale, cost
    return best
