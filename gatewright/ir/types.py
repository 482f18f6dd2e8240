"""Integer types by range: the smallest two's complement width is a consequence, not a choice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class IntType:
    """All integers from ``lo`` to ``hi``, both included."""

    lo: int
    hi: int

    def __post_init__(self) -> None:
        if self.lo > self.hi:
            raise ValueError(f"empty integer range [{self.lo}, {self.hi}]")

    @property
    def signed(self) -> bool:
        """Whether a negative value occurs."""
        return self.lo < 0

    @property
    def bits(self) -> int:
        """Bits of the narrowest two's complement (or unsigned) word that holds the range."""
        if self.signed:
            return max((-self.lo - 1).bit_length(), max(self.hi, 0).bit_length()) + 1
        return max(self.hi.bit_length(), 1)

    @property
    def qonnx_name(self) -> str:
        """The qonnx ``DataType`` that holds the range, such as ``INT8`` or ``UINT4``."""
        return f"{'INT' if self.signed else 'UINT'}{self.bits}"

    @property
    def magnitude(self) -> int:
        """The largest absolute value."""
        return max(abs(self.lo), abs(self.hi))

    def contains(self, values: IntArray) -> bool:
        """Whether every value lies in the range."""
        return values.size == 0 or (int(values.min()) >= self.lo and int(values.max()) <= self.hi)

    @staticmethod
    def of(values: IntArray) -> IntType:
        """The range of an array of constants."""
        return IntType(int(values.min()), int(values.max()))

    @staticmethod
    def hull(types: Iterable[IntType]) -> IntType:
        """The smallest range that holds all of ``types``."""
        ranges = list(types)
        return IntType(min(t.lo for t in ranges), max(t.hi for t in ranges))

    def __add__(self, other: IntType) -> IntType:
        return IntType(self.lo + other.lo, self.hi + other.hi)

    def __neg__(self) -> IntType:
        return IntType(-self.hi, -self.lo)

    def __mul__(self, other: IntType) -> IntType:
        corners = [a * b for a in (self.lo, self.hi) for b in (other.lo, other.hi)]
        return IntType(min(corners), max(corners))
