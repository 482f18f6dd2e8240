"""What an op of the integer graph has to say about itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from gatewright.ir.graph import Node, Shape, Tensor
from gatewright.ir.types import IntArray, IntType


class Op(ABC):
    """Types and shapes in, types and shapes out, and the meaning in exact integers."""

    name: ClassVar[str]

    @abstractmethod
    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """Range and shape of each output."""

    @abstractmethod
    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """The outputs' elements: the op's definition."""


def broadcast(a: Shape, b: Shape) -> Shape:
    """The shape of an elementwise result; trailing axes are aligned, as numpy does."""
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    padded = (1,) * (len(longer) - len(shorter)) + tuple(shorter)
    return tuple(p if q == 1 else q for p, q in zip(longer, padded, strict=True))
