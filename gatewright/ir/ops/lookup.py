"""Tables: one entry for every code."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatewright.ir.graph import Node, Op, Shape, Tensor
from gatewright.ir.types import IntArray, IntType


class LookUp(Op):
    """``y = table[x]``, negative x counting from the table's end, as ONNX ``Gather`` does.

    That is also how hardware addresses a ROM with the bits of a two's complement word.

    Inputs: x [...]; constant table [2**bits of x].
    """

    name = "LookUp"
    whole = None

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """The range of the entries that the input's range can address."""
        x, table = inputs
        assert table.value is not None
        reached = table.value[np.arange(x.type.lo, x.type.hi + 1)]
        return [(IntType.of(reached), x.shape)]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """Plain indexing."""
        x, table = inputs
        return [table[x]]


def wrapped_table(entries: IntArray, domain: IntType) -> IntArray:
    """Arrange ``entries`` for ``domain.lo .. domain.hi`` as ``LookUp`` addresses them.

    Args:
        entries: int64 [hi - lo + 1].
        domain: The input's range.

    Returns:
        int64 [2**domain.bits]; words outside the domain repeat the nearest entry.
    """
    size = 2**domain.bits
    words = np.arange(size)
    values = np.where(words >= size // 2, words - size, words) if domain.signed else words
    nearest = np.clip(values, domain.lo, domain.hi) - domain.lo
    wrapped: IntArray = entries[nearest]
    return wrapped
