"""What the lowering knows about a traced tensor."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gatewright.ir.functions import Function
from gatewright.ir.lowering.rounding import FloatPath
from gatewright.ir.quantizer import Quantizer, Scales
from gatewright.ir.steps import Taken

ZERO: Scales = (Fraction(0),)


@dataclass(frozen=True)
class FloatInput:
    """An argument of the model, or one item of it, before any quantizer.

    Attributes:
        argument: Its position.
        index: Which item of its first axis, or None for all of it.
        taken: Steps that are taken of a sequence, or None for all of it.
        last: Whether its last step is, of any length.
    """

    argument: int
    index: int | None = None
    taken: Taken | None = None
    last: bool = False

    @property
    def whole(self) -> bool:
        """Whether no steps were taken."""
        return self.taken is None and not self.last


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
        function: A non-linearity, if that still has to be applied.
        normalized: Whether a batch normalization is folded in, so that scales and offsets stand for
            irrational numbers.
    """

    name: str
    scales: Scales
    path: FloatPath
    offsets: Scales = ZERO
    quantizer: Quantizer | None = None
    relu: bool = False
    function: Function | None = None
    normalized: bool = False

    @property
    def waits(self) -> bool:
        """Whether something has to be applied that only a quantizer takes in."""
        return self.relu or self.function is not None


@dataclass(frozen=True)
class Stack:
    """Several tensors [B, H] that become one [N, B, H] at the output."""

    items: tuple[Affine, ...]


@dataclass(frozen=True)
class ClassIndex:
    """The index of the largest value, which only the output may be.

    Attributes:
        name: The integer tensor, [..., 1].
    """

    name: str


Lowered = FloatInput | Affine | Stack | ClassIndex
