"""Requantization: count the thresholds reached."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatewright.ir.graph import Node, Op, Shape, Tensor
from gatewright.ir.types import IntArray, IntType


class MultiThreshold(Op):
    """``y = out_bias + #{k : x >= thresholds[c, k]}``, channel c along the last axis.

    Inputs: x [..., C]; constant thresholds [C or 1, K], each row ascending.
    Attributes: ``out_bias``, the lowest output.
    """

    name = "MultiThreshold"
    whole = None

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """Only the codes between those of the input's ends occur."""
        x, thresholds = inputs
        assert thresholds.value is not None
        bias = int(node.attrs["out_bias"])
        low = int((x.type.lo >= thresholds.value).sum(axis=1).min())
        high = int((x.type.hi >= thresholds.value).sum(axis=1).max())
        return [(IntType(bias + low, bias + high), x.shape)]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """Binary search; a channel's row is found by lifting rows above each other."""
        x, thresholds = inputs
        rows, count = thresholds.shape
        if rows == 1:
            found = np.searchsorted(thresholds[0], x, side="right")
        else:
            span = int(max(np.abs(thresholds).max(initial=0), np.abs(x).max(initial=0))) * 2 + 2
            lift = np.arange(rows, dtype=np.int64) * span
            flat = (thresholds + lift[:, None]).ravel()
            found = np.searchsorted(flat, x + lift, side="right") - np.arange(rows) * count
        return [found.astype(np.int64) + int(node.attrs["out_bias"])]
