"""Ops on whole sequences: initial state, concatenation, time-step selection, flattening."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatewright.ir.graph import Node, Op, Shape, Tensor, WholeSequence
from gatewright.ir.steps import StepCount
from gatewright.ir.types import IntArray, IntType


class InitialState(Op):
    """Repeat a constant state [H] for each sequence of x [B, T, I]: y [B, H]."""

    name = "InitialState"
    whole = None

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """The state's own range."""
        state, x = inputs
        return [(state.type, (x.shape[0], *state.shape))]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """Broadcast along the batch."""
        state, x = inputs
        return [np.broadcast_to(state, (x.shape[0], *state.shape)).copy()]


class Concat(Op):
    """Features side by side: all inputs [B, ..., F_i] give y [B, ..., sum F_i]."""

    name = "Concat"
    whole = None

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """The hull of the ranges."""
        widths = [t.shape[-1] for t in inputs]
        total = sum(w for w in widths if isinstance(w, int))
        return [(IntType.hull([t.type for t in inputs]), (*inputs[0].shape[:-1], total))]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """``numpy.concatenate`` along the last axis."""
        return [np.concatenate(inputs, axis=-1)]


class SelectLast(Op):
    """The last time step of x [B, T, F]: y [B, F].

    Where it was selected by its number, ``steps`` is the T of the model.
    """

    name = "SelectLast"
    whole = None

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """The range stays."""
        (x,) = inputs
        return [(x.type, (x.shape[0], x.shape[2]))]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """``x[:, -1]``."""
        return [inputs[0][:, -1]]


class Flatten(Op):
    """All steps of x [B, T, F] side by side: y [B, T * F]; ``steps`` is the T of the model."""

    name = "Flatten"
    whole = WholeSequence(
        "it puts all steps of a sequence side by side", "a Linear layer at every step"
    )

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """The range stays."""
        (x,) = inputs
        features = x.shape[2]
        assert isinstance(features, int)
        steps = StepCount.of(x.shape[1]).count(int(node.attrs["steps"]))
        return [(x.type, (x.shape[0], steps * features))]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """Time-major within a sequence, as ``torch.flatten(x, 1)``."""
        return [inputs[0].reshape(inputs[0].shape[0], -1)]
