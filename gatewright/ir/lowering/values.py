"""What the lowering knows about a traced tensor."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gatewright.ir.lowering.rounding import FloatPath
from gatewright.ir.quantizer import Quantizer, Scales

ZERO: Scales = (Fraction(0),)


@dataclass(frozen=True)
class FloatInput:
    """The model's input, before any quantizer."""


@dataclass(frozen=True)
class Affine:
    """A traced tensor that is ``n * scale + offset`` of an integer tensor ``n``.

    Attributes:
        name: The integer tensor.
        scales: One or one a feature.
        path: How float32 arrives at it.
        offsets: One or one a feature.
        quantizer: The quantizer whose codes ``n`` are, if it comes straight from one.
        relu: Whether ``max(0, .)`` still has to be applied.
    """

    name: str
    scales: Scales
    path: FloatPath
    offsets: Scales = ZERO
    quantizer: Quantizer | None = None
    relu: bool = False


Value = FloatInput | Affine
