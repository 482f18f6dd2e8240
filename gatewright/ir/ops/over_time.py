"""Reductions over time: the sum and the maximum of each feature."""

from __future__ import annotations

from collections.abc import Sequence

from gatewright.ir.graph import Node, Op, Shape, Tensor, WholeSequence
from gatewright.ir.steps import StepCount
from gatewright.ir.types import IntArray, IntType


class ReduceSum(Op):
    """The sum over all steps of x [B, T, F]: y [B, F]; ``steps`` is the T of the model."""

    name = "ReduceSum"
    whole = WholeSequence("it takes the mean over a whole sequence", "the last step")

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """T times the range."""
        (x,) = inputs
        steps = StepCount.of(x.shape[1]).count(int(node.attrs["steps"]))
        return [(IntType(steps * x.type.lo, steps * x.type.hi), (x.shape[0], x.shape[2]))]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """Sum in int64."""
        return [inputs[0].sum(axis=1)]


class ReduceMax(Op):
    """The largest value over all steps of x [B, T, F]: y [B, F]."""

    name = "ReduceMax"
    whole = WholeSequence("it takes the largest over a whole sequence", "the last step")

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """The range stays."""
        (x,) = inputs
        return [(x.type, (x.shape[0], x.shape[2]))]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """``x.max(axis=1)``."""
        return [inputs[0].max(axis=1)]
