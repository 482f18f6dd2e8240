"""The class of the largest value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatewright.ir.graph import Node, Op, Shape, Tensor
from gatewright.ir.types import IntArray, IntType


class ArgMax(Op):
    """The index of the largest of x [..., C], the first of several: y [..., 1]."""

    name = "ArgMax"
    whole = None

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """Indices 0 to C - 1."""
        (x,) = inputs
        classes = x.shape[-1]
        assert isinstance(classes, int)
        return [(IntType(0, classes - 1), (*x.shape[:-1], 1))]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """numpy's argmax, which also gives the first of equals."""
        return [np.argmax(inputs[0], axis=-1, keepdims=True).astype(np.int64)]
