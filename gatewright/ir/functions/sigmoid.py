"""``1 / (1 + exp(-x))``."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from gatewright.ir.functions.base import Enclosure, Function, enclosure, intervals, ratio
from gatewright.ir.types import FloatArray

HALF = Fraction(1, 2)


class Sigmoid(Function):
    """Rational at 0 only; of a rational argument it is transcendental everywhere else."""

    name = "sigmoid"
    op = "Sigmoid"
    limits = (Fraction(0), Fraction(1))
    steepest = 0.25
    # ONNX Runtime's approximation is good to an absolute error.
    runtime_error = (Function.torch_error[0], 2.0**-21)

    def values(self, x: npt.NDArray[np.floating[Any]]) -> FloatArray:
        """See ``Function``."""
        with np.errstate(over="ignore"):  # exp to infinity is a sigmoid of 0
            value: FloatArray = 1.0 / (1.0 + np.exp(-x))
            return value

    def inverse(self, y: FloatArray) -> FloatArray:
        """See ``Function``."""
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = np.log(y) - np.log1p(-y)
        return np.where(y <= 0, -np.inf, np.where(y >= 1, np.inf, inside))

    def slope(self, x: FloatArray) -> FloatArray:
        """See ``Function``."""
        tail = np.exp(-x)
        value: FloatArray = tail / (1.0 + tail) ** 2
        return value

    def exact(self, x: Fraction) -> Fraction | None:
        """See ``Function``."""
        return HALF if x == 0 else None

    def exact_inverse(self, y: Fraction) -> Fraction | None:
        """See ``Function``."""
        return Fraction(0) if y == HALF else None

    def enclose(self, x: Fraction, precision: int) -> Enclosure:
        """See ``Function``."""
        with intervals(precision) as context:
            return enclosure(1 / (1 + context.exp(-ratio(context, x))))

    def enclose_inverse(self, y: Fraction, precision: int) -> Enclosure:
        """See ``Function``."""
        with intervals(precision) as context:
            return enclosure(context.log(ratio(context, y / (1 - y))))
