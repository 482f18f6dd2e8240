"""Types, thresholds and inputs drawn where they break: at the ends of words, and of signs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gatewright.ir.types import IntArray, IntType

LOW, HIGH = -(2**31), 2**31 - 1
ENDS = (
    *((LOW, HIGH), (0, HIGH), (LOW, -1), (LOW, 0), (-5, HIGH), (LOW, 5)),
    *((HIGH - 9, HIGH), (LOW, LOW + 9), (-1, 0), (0, 1), (0, 0), (-1, -1)),
    *((-128, 127), (0, 255), (0, 2**16), (-(2**16), 2**16), (1, 2**17), (-(2**17), -1)),
)


def draw_type(rng: np.random.Generator, most: int = 32) -> IntType:
    """A range of at most so many signed bits; every other one of ``ENDS``."""
    fitting = [IntType(*ends) for ends in ENDS if _signed_bits(*ends) <= most]
    if rng.random() < 0.5:
        return fitting[rng.integers(len(fitting))]
    bits = int(rng.integers(2, most + 1))
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    if rng.random() < 0.4:
        low = 0
    elif rng.random() < 0.3:
        low, high = sorted(int(n) for n in rng.integers(low, high + 1, 2))
    return IntType(low, high)


def _signed_bits(low: int, high: int) -> int:
    return max(IntType(low, high).bits + (low >= 0), 2)


SPANS: dict[str, Callable[[int, int, int], tuple[int, int]]] = {
    "spread": lambda low, high, count: (low, high + 1),
    "below zero": lambda low, high, count: (low, min(high, -1)),
    "above zero": lambda low, high, count: (max(low, 0), high + 1),
    "the low end": lambda low, high, count: (low - 1, min(low + 3, high + 1)),
    "the high end": lambda low, high, count: (max(high - 2, low), high + 1),
    "always": lambda low, high, count: (low - 3, low),
    "never": lambda low, high, count: (high + 1, high + 3),
    "about zero": lambda low, high, count: (max(low, -count), min(high + 1, count)),
}
"""Where thresholds lie, from the ends of a domain and how many there are."""


def draw_rows(rng: np.random.Generator, domain: IntType, channels: int) -> IntArray:
    """[C, K] ascending thresholds: all channels alike, so that they have one sign, or mixed."""
    count, names = int(rng.choice([1, 1, 2, 3, 7, 8, 15, 30])), list(SPANS)
    alike = names[rng.integers(len(names))] if rng.random() < 0.7 else None
    return np.stack(
        [
            _row(rng, domain, count, alike or names[rng.integers(len(names))])
            for _ in range(channels)
        ]
    )


def _row(rng: np.random.Generator, domain: IntType, count: int, span: str) -> IntArray:
    first, last = SPANS[span](domain.lo, domain.hi, count)
    if first > last:
        first, last = domain.lo, domain.hi + 1
    row = rng.integers(first, last + 1, count)
    if rng.random() < 0.2:
        row[:] = row[0]  # all codes between are missing
    return np.sort(row)


def draw_values(
    rng: np.random.Generator, type_: IntType, shape: tuple[int, int, int], points: IntArray
) -> IntArray:
    """[B, T, W] inputs: beside ``points`` [W, N], beside zero and at the ends; the rest random.

    Every point comes, with both of its neighbours, where there is room for them.
    """
    batch, steps, width = shape
    values = rng.integers(type_.lo, type_.hi + 1, (batch * steps, width))
    always = np.array([type_.lo, type_.lo + 1, -1, 0, 1, type_.hi - 1, type_.hi])
    for channel in range(width):
        own = points[channel % len(points)] if points.size else always
        near = np.concatenate([always, own, own - 1, own + 1])
        near = np.unique(near[(near >= type_.lo) & (near <= type_.hi)])
        near = rng.permutation(near)[: len(values)]
        values[rng.permutation(len(values))[: len(near)], channel] = near
    return values.reshape(shape)
