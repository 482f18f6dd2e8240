"""What a non-linearity is to the compiler; all that differs between them stands in their files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, ClassVar

import mpmath
import numpy as np
import numpy.typing as npt

from gatewright.ir.types import FloatArray

Enclosure = tuple[Fraction, Fraction]
"""A rational interval that holds a real number."""

UNIT_ROUNDOFF = 2.0**-24
"""Of float32."""
TORCH_ULPS = 4
"""Units in the last place by which torch's float32 sigmoid and tanh may err."""


class Function(ABC):
    """A monotonically rising function with limits, of one real number.

    Attributes:
        name: As in the integer graph and in the certificate.
        op: The ONNX op in the traced graph.
        attributes: Of that op, where it takes some.
        limits: Below and above every value.
        attained: Whether it reaches its limits, where it is constant, and float32 gives just them.
        steepest: The largest slope.
        torch_error: By how much torch's float32 one may err, relative to the value and absolute.
        runtime_error: By how much that of ONNX Runtime may, on which the traced graph runs.
    """

    name: ClassVar[str]
    op: ClassVar[str]
    attributes: ClassVar[Mapping[str, float]] = {}
    limits: ClassVar[tuple[Fraction, Fraction]]
    attained: ClassVar[bool] = False
    steepest: ClassVar[float]
    # One unit in the last place of y is at most 2 u |y|.
    torch_error: ClassVar[tuple[float, float]] = (2 * TORCH_ULPS * UNIT_ROUNDOFF, 0.0)
    runtime_error: ClassVar[tuple[float, float]]

    @abstractmethod
    def values(self, x: npt.NDArray[np.floating[Any]]) -> FloatArray:
        """The function in binary64, within a few units in the last place."""

    @abstractmethod
    def inverse(self, y: FloatArray) -> FloatArray:
        """Where the function is y, in binary64; infinite at its limits and beyond."""

    @abstractmethod
    def slope(self, x: FloatArray) -> FloatArray:
        """The derivative at x >= 0, where it falls; the function is symmetric about its middle."""

    @abstractmethod
    def exact(self, x: Fraction) -> Fraction | None:
        """The value at x where it is rational; None where it is transcendental."""

    @abstractmethod
    def exact_inverse(self, y: Fraction) -> Fraction | None:
        """Where the function is y, if that is rational; None where it is transcendental."""

    @abstractmethod
    def enclose(self, x: Fraction, precision: int) -> Enclosure:
        """A narrow interval around the value at x, computed with that many bits."""

    @abstractmethod
    def enclose_inverse(self, y: Fraction, precision: int) -> Enclosure:
        """A narrow interval around where the function is y, computed with that many bits."""


@contextmanager
def intervals(precision: int) -> Iterator[Any]:
    """mpmath's interval arithmetic with that many bits."""
    context = mpmath.iv
    saved = context.prec
    context.prec = precision
    try:
        yield context
    finally:
        context.prec = saved


def ratio(context: Any, value: Fraction) -> Any:
    """A rational in interval arithmetic."""
    return context.mpf(value.numerator) / context.mpf(value.denominator)


def enclosure(value: Any) -> Enclosure:
    """The ends of an interval of mpmath."""
    return _fraction(value.a), _fraction(value.b)


def _fraction(end: mpmath.ctx_iv.ivmpf) -> Fraction:
    sign, mantissa, exponent, _ = end._mpi_[0]
    value = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    return -value if sign else value
