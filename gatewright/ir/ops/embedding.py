"""Tables of rows: one row of features for every integer."""

from __future__ import annotations

from collections.abc import Sequence

from gatewright.ir.graph import Node, Op, Shape, Tensor
from gatewright.ir.types import IntArray, IntType


class Embedding(Op):
    """``y[b, t] = table[x[b, t, 0]]``: x [B, T, 1], constant table [N, F], y [B, T, F].

    x lies between 0 and N - 1: whoever takes it from a user refuses anything else.
    """

    name = "Embedding"
    whole = None

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """The range of the rows that the input's range can address."""
        x, table = inputs
        assert table.value is not None and x.type.lo >= 0 and x.type.hi < len(table.value)
        reached = table.value[x.type.lo : x.type.hi + 1]
        return [(IntType.of(reached), (*x.shape[:-1], table.shape[-1]))]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """Plain indexing."""
        x, table = inputs
        return [table[x[..., 0]]]
