"""``min(max(x / 6 + 1 / 2, 0), 1)``."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from gatewright.ir.functions.base import UNIT_ROUNDOFF, Enclosure, Function
from gatewright.ir.types import FloatArray

_EDGE = 3
"""Beyond it, and below its negative, the function is constant."""
_SLOPE = Fraction(1, 2 * _EDGE)
_SECOND_ORDER = 1 + 2.0**-20


class HardSigmoid(Function):
    """Rational wherever its argument is.

    torch computes ``min(max(x + 3, 0), 6) / 6``, the sum and the quotient rounded; on a GPU it
    multiplies by 1 / 6, which is rounded too. ONNX Runtime computes
    ``min(max(alpha * x + 1 / 2, 0), 1)``: alpha, its product and the sum are rounded. All of that
    rises with x, and gives 0 and 1 at the edges: so it does beyond them.
    """

    name = "hardsigmoid"
    op = "HardSigmoid"
    attributes: ClassVar[Mapping[str, float]] = {"alpha": float(_SLOPE), "beta": 0.5}
    limits = (Fraction(0), Fraction(1))
    attained = True
    steepest = float(_SLOPE)
    torch_error = (3 * UNIT_ROUNDOFF * _SECOND_ORDER, 0.0)
    # The slope's error and the product's are relative to x / 6, which is at most 1 / 2.
    runtime_error = (UNIT_ROUNDOFF, UNIT_ROUNDOFF * _SECOND_ORDER)

    def values(self, x: npt.NDArray[np.floating[Any]]) -> FloatArray:
        """See ``Function``."""
        value: FloatArray = np.clip((x + float(_EDGE)) / float(2 * _EDGE), 0.0, 1.0)
        return value

    def inverse(self, y: FloatArray) -> FloatArray:
        """See ``Function``."""
        inside = 2.0 * _EDGE * y - _EDGE
        return np.where(y <= 0, -np.inf, np.where(y >= 1, np.inf, inside))

    def slope(self, x: FloatArray) -> FloatArray:
        """See ``Function``."""
        return np.where(x < _EDGE, self.steepest, 0.0)

    def exact(self, x: Fraction) -> Fraction:
        """See ``Function``."""
        lowest, highest = self.limits
        return min(max((x + _EDGE) * _SLOPE, lowest), highest)

    def exact_inverse(self, y: Fraction) -> Fraction:
        """See ``Function``; at a limit, where it begins."""
        return y / _SLOPE - _EDGE

    def enclose(self, x: Fraction, precision: int) -> Enclosure:
        """See ``Function``."""
        value = self.exact(x)
        return value, value

    def enclose_inverse(self, y: Fraction, precision: int) -> Enclosure:
        """See ``Function``."""
        x = self.exact_inverse(y)
        return x, x
