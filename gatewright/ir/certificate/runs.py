"""Long lists of evenly spaced intervals, written as runs.

A requantizer to 16 bits has 65,535 boundaries a channel, and the integers in doubt at each follow
from those at the one before by a nearly constant step. A run says so in a few integers. It covers
every interval it stands for, and is at most a little wider.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gatewright.ir.types import FloatArray, IntArray

SHORTEST = 16
"""Fewer intervals than this are not worth a run."""
EXCESS = 2
"""Integers that a run may add to an interval, or one eighth of it; and an eighth of all of them."""

FIELDS = ("channel", "code", "count", "shift", "low", "low_step", "high", "high_step")


@dataclass(frozen=True)
class EvenRun:
    """``(low + j * low_step) >> shift`` to ``(high + j * high_step) >> shift`` for j < count.

    Attributes:
        channel: Whose intervals they are.
        code: The code that begins at the first boundary; each next one begins the next code.
        count: How many boundaries.
    """

    channel: int
    code: int
    count: int
    shift: int
    low: int
    low_step: int
    high: int
    high_step: int

    def bounds(self) -> tuple[IntArray, IntArray]:
        """Lowest and highest integers of its intervals, [count] each."""
        j = np.arange(self.count, dtype=np.int64)
        low, high = self.low + j * self.low_step, self.high + j * self.high_step
        return low >> self.shift, high >> self.shift

    def to_json(self) -> list[int]:
        """In the order of ``FIELDS``."""
        return [int(getattr(self, field)) for field in FIELDS]


def find_runs(
    channel: int, codes: IntArray, lows: IntArray, highs: IntArray, centers: FloatArray
) -> Iterator[tuple[slice, EvenRun]]:
    """Runs that cover intervals of one channel, wherever enough of them are evenly spaced.

    Args:
        channel: Their channel.
        codes: The code each begins, [K].
        lows: Lowest integers, [K]; no interval where above ``highs``.
        highs: Highest integers, [K].
        centers: Where the boundaries lie, about, [K].

    Yields:
        Which of the K a run covers, and the run.
    """
    # Where two integers are far apart, a boundary between them may have none in doubt: its
    # interval is empty, and belongs to a run as well.
    near = (lows <= highs + 1) & (np.diff(codes, prepend=codes[0] - 1) == 1)
    edges = np.flatnonzero(np.diff(near, prepend=False, append=False))
    pending = [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)][::-1]
    while pending:
        part = pending.pop()
        listed = np.flatnonzero(lows[part] <= highs[part]) + part.start
        if listed.size < SHORTEST:
            continue
        part = slice(int(listed[0]), int(listed[-1]) + 1)
        count = part.stop - part.start
        pitch = float(centers[part.stop - 1] - centers[part.start]) / (count - 1)
        run = _fit(channel, int(codes[part.start]), lows[part], highs[part], pitch)
        if run is not None:
            yield part, run
        else:
            middle = part.start + count // 2
            pending += [slice(middle, part.stop), slice(part.start, middle)]


def _fit(channel: int, code: int, lows: IntArray, highs: IntArray, pitch: float) -> EvenRun | None:
    """One run over all of them, or None where it would add too much."""
    count = lows.size
    reach = max(abs(int(v)) for v in (lows[0], lows[-1], highs[0], highs[-1]))
    shift = min(32, 60 - (reach + 2 * count).bit_length())
    width = highs - lows + 1
    growth = int(width[-1] - width[0])
    growth = growth if abs(growth) > 1 else 0  # one more or less is how the ends are rounded
    outward = growth / (2 * (count - 1))
    low_step, high_step = (int(np.rint((pitch + side * outward) * 2.0**shift)) for side in (-1, 1))
    if (abs(low_step) + abs(high_step)) * count >= 1 << 62:
        return None
    j = np.arange(count, dtype=np.int64)
    low = int((((lows + 1) << shift) - 1 - j * low_step).min())
    high = int(((highs << shift) - j * high_step).max())
    run = EvenRun(channel, code, count, shift, low, low_step, high, high_step)
    first, last = run.bounds()
    excess = (lows - first) + (last - highs)
    small = (excess <= np.maximum(EXCESS, width // 8)).all()
    return run if small and excess.sum() <= width.sum() // 8 else None
