"""Elementwise arithmetic: Add, Sub and Mul."""

from __future__ import annotations

from collections.abc import Sequence

from gatewright.ir.graph import Node, Op, Shape, Tensor
from gatewright.ir.types import IntArray, IntType


class Add(Op):
    """``y = a + b``, broadcasting."""

    name = "Add"
    whole = None

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """The sum's range is exact for independent operands."""
        a, b = inputs
        return [(a.type + b.type, broadcast(a.shape, b.shape))]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """Sum in int64."""
        return [inputs[0] + inputs[1]]


class Sub(Op):
    """``y = a - b``, broadcasting."""

    name = "Sub"
    whole = None

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """The difference's range is exact for independent operands."""
        a, b = inputs
        return [(a.type + (-b.type), broadcast(a.shape, b.shape))]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """Difference in int64."""
        return [inputs[0] - inputs[1]]


class Mul(Op):
    """``y = a * b``, broadcasting."""

    name = "Mul"
    whole = None

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """The product's range is exact for independent operands."""
        a, b = inputs
        return [(a.type * b.type, broadcast(a.shape, b.shape))]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """Product in int64."""
        return [inputs[0] * inputs[1]]


def broadcast(a: Shape, b: Shape) -> Shape:
    """The shape of an elementwise result; trailing axes are aligned, as numpy does."""
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    padded = (1,) * (len(longer) - len(shorter)) + tuple(shorter)
    return tuple(p if q == 1 else q for p, q in zip(longer, padded, strict=True))
