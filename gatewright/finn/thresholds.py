"""The thresholds of a quantizer on the axis of float32, exact."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gatewright.ir.quantizer import Quantizer
from gatewright.ir.types import BoolArray, Float32Array, IntArray

LARGEST = int(np.array(np.finfo(np.float32).max).view(np.int32))
"""The bits of the largest float32: floats of a sign are in order as their bits are."""


def thresholds(quantizer: Quantizer) -> Float32Array:
    """The least float32 that gives each integer, ties and roundings of the division included.

    Args:
        quantizer: What quantizes.

    Returns:
        float32 [1 or channels, highest - lowest integer], ascending: as many of them as x reaches
        is how far its integer lies above the lowest one.
    """
    range_ = quantizer.type
    wanted = np.arange(range_.lo + 1, range_.hi + 1)[:, None]
    shape = (len(wanted), len(quantizer.scales))
    return _least(lambda x: quantizer.quantize_float32(x) >= wanted, shape).T


def _least(
    holds: Callable[[Float32Array], BoolArray], shape: tuple[int, ...]
) -> npt.NDArray[np.float32]:
    """The least float32 for which something holds that holds for all above it, of each place."""
    low, high = (np.full(shape, end, dtype=np.int64) for end in (-LARGEST, LARGEST))
    while (low < high).any():
        middle = (low + high) >> 1
        held = holds(_floats(middle))
        low, high = np.where(held, low, np.minimum(middle + 1, high)), np.where(held, middle, high)
    return _floats(high)


def _floats(order: IntArray) -> Float32Array:
    """The float32 of a place in their order; 0 is that of 0.0."""
    magnitude = np.abs(order).astype(np.int32).view(np.float32)
    return np.where(order < 0, -magnitude, magnitude)
