"""Matrix product with a constant matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatewright.ir.graph import Node, Op, Shape, Tensor
from gatewright.ir.types import IntArray, IntType

EXACT_IN_BINARY64 = 2**53


class MatMul(Op):
    """``y = x @ w`` with x [..., K] and constant w [K, N]."""

    name = "MatMul"
    whole = None

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """Each column's range is the exact reach of its dot product; the type is their hull."""
        x, w = inputs
        assert w.value is not None
        low = np.minimum(w.value * x.type.lo, w.value * x.type.hi).sum(axis=0)
        high = np.maximum(w.value * x.type.lo, w.value * x.type.hi).sum(axis=0)
        return [(IntType(int(low.min()), int(high.max())), (*x.shape[:-1], w.shape[1]))]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """Through binary64 where that is exact, because BLAS knows no integers."""
        x, w = inputs
        reach = float(np.abs(x).max(initial=0)) * float(np.abs(w).sum(axis=0).max(initial=0))
        if reach < EXACT_IN_BINARY64:
            return [(x.astype(np.float64) @ w.astype(np.float64)).astype(np.int64)]
        return [x @ w]
