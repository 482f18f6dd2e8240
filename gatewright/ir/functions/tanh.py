"""``tanh(x)``."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from gatewright.ir.functions.base import (
    UNIT_ROUNDOFF,
    Enclosure,
    Function,
    enclosure,
    intervals,
    ratio,
)
from gatewright.ir.types import FloatArray

RUNTIME_ULPS = 8
"""Units in the last place by which that of ONNX Runtime may err."""


class Tanh(Function):
    """Rational at 0 only; of a rational argument it is transcendental everywhere else."""

    name = "tanh"
    op = "Tanh"
    limits = (Fraction(-1), Fraction(1))
    steepest = 1.0
    runtime_error = (2 * RUNTIME_ULPS * UNIT_ROUNDOFF, 0.0)

    def values(self, x: npt.NDArray[np.floating[Any]]) -> FloatArray:
        """See ``Function``."""
        value: FloatArray = np.tanh(x)
        return value

    def inverse(self, y: FloatArray) -> FloatArray:
        """See ``Function``."""
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = np.arctanh(y)
        return np.where(y <= -1, -np.inf, np.where(y >= 1, np.inf, inside))

    def slope(self, x: FloatArray) -> FloatArray:
        """See ``Function``."""
        tail = np.exp(-2.0 * x)
        value: FloatArray = 4.0 * tail / (1.0 + tail) ** 2
        return value

    def exact(self, x: Fraction) -> Fraction | None:
        """See ``Function``."""
        return Fraction(0) if x == 0 else None

    def exact_inverse(self, y: Fraction) -> Fraction | None:
        """See ``Function``."""
        return Fraction(0) if y == 0 else None

    def enclose(self, x: Fraction, precision: int) -> Enclosure:
        """See ``Function``."""
        with intervals(precision) as context:
            return enclosure(1 - 2 / (1 + context.exp(2 * ratio(context, x))))

    def enclose_inverse(self, y: Fraction, precision: int) -> Enclosure:
        """See ``Function``."""
        with intervals(precision) as context:
            return enclosure(context.log(ratio(context, (1 + y) / (1 - y))) / 2)
