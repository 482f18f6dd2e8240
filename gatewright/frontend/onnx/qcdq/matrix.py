"""A weight of the file: codes and their quantizer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gatewright.ir.types import Float32Array


@dataclass(frozen=True, eq=False)
class QuantizedMatrix:
    """A weight [rows, columns] of the file.

    Attributes:
        codes: Integers, or floats where the file has no quantizer.
        scale: float32, of all or [rows, 1]; None without a quantizer.
        zero_point: The code of 0.
        range: Lowest and highest code of the quantizer.
    """

    codes: npt.NDArray[Any]
    scale: Float32Array | None = None
    zero_point: int = 0
    range: tuple[int, int] = (0, 0)

    @property
    def signed(self) -> bool:
        """Whether codes are two's complement."""
        return self.range[0] < 0

    @property
    def bits(self) -> int:
        """Bit width of the quantizer."""
        return self.range[1].bit_length() + int(self.signed)

    @property
    def narrow(self) -> bool:
        """Whether the outermost code is left out: the lowest, or the highest without sign."""
        lo, hi = self.range
        return bool(lo > -(2 ** (self.bits - 1)) if self.signed else hi < 2**self.bits - 1)

    @property
    def whole(self) -> bool:
        """Whether the range is one that a number of bits gives."""
        lo, hi = self.range
        return lo <= 0 and hi - lo + 1 == 2**self.bits - int(self.narrow)

    def values(self) -> Float32Array:
        """What ``DequantizeLinear`` gives, float32."""
        if self.scale is None:
            return self.codes.astype(np.float32)
        shifted = self.codes.astype(np.float32) - np.float32(self.zero_point)
        values: Float32Array = shifted * self.scale
        return values

    def rows(self, first: int, count: int) -> QuantizedMatrix:
        """Some of its rows."""
        part = slice(first, first + count)
        scale = self.scale
        if scale is not None and scale.ndim == 2:
            scale = scale[part]
        return replace(self, codes=self.codes[part], scale=scale)

    def same_quantizer(self, other: QuantizedMatrix) -> bool:
        """Whether one quantizer can stand for both."""
        if self.scale is None or other.scale is None:
            return self.scale is other.scale
        same = self.zero_point == other.zero_point and self.range == other.range
        return same and np.array_equal(self.scale, other.scale)
