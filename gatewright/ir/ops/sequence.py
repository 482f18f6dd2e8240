"""Ops on whole sequences: initial state, concatenation, selection of time steps, flattening."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatewright.ir.graph import Node, Op, Shape, Tensor, WholeSequence
from gatewright.ir.steps import StepCount, Taken
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


class SelectSteps(Op):
    """Some time steps of x [B, T, F], by their numbers: y [B, count, F], or [B, F] of a single one.

    Attributes: ``first``, ``stride``, ``count``, ``single`` (see ``Taken``); ``steps`` is the T of
    the model.
    """

    name = "SelectSteps"
    whole = WholeSequence(
        "it takes steps of a sequence by their numbers", "the last step, or every step"
    )

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """The range stays; so many steps are T and the difference."""
        (x,) = inputs
        batch, _, features = x.shape
        taken = taken_by(node)
        if taken.single:
            return [(x.type, (batch, features))]
        steps = StepCount(taken.count - int(node.attrs["steps"]))
        return [(x.type, (batch, str(steps), features))]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """A strided slice."""
        taken = taken_by(node)
        steps = inputs[0][:, taken.first : taken.end : taken.stride]
        return [steps[:, 0] if taken.single else steps]


def taken_by(node: Node) -> Taken:
    """The steps that a ``SelectSteps`` takes."""
    a = node.attrs
    return Taken(int(a["first"]), int(a["stride"]), int(a["count"]), bool(a["single"]))


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
