"""Windows over time: some steps side by side, and the largest or the sum of what lies so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gatewright.ir.graph import Node, Op, Shape, Tensor
from gatewright.ir.steps import StepCount
from gatewright.ir.types import IntArray, IntType


def span(node: Node) -> int:
    """Steps from the first to the last of a window, both included."""
    return int(node.attrs["dilation"]) * (int(node.attrs["kernel"]) - 1) + 1


def goes_on(node: Node) -> bool:
    """Whether a piece of a sequence can begin where another ends.

    No window may have to reach beyond the end of a piece, nor begin beyond it.
    """
    return int(node.attrs["after"]) < int(node.attrs["stride"]) <= span(node)


def past_of(
    node: Node, x: npt.NDArray[Any], past: npt.NDArray[Any] | None, pad: float | None = None
) -> npt.NDArray[Any]:
    """The steps that the first window behind a piece begins with, [B, P, F].

    Args:
        node: The windows.
        x: The piece, [B, T, F].
        past: What the piece before left; None of the first one.
        pad: What stands before that; by default the integer that does.
    """
    if past is None:
        shape = (x.shape[0], int(node.attrs["before"]), x.shape[2])
        past = np.full(shape, node.attrs["pad"] if pad is None else pad, x.dtype)
    steps, stride = past.shape[1] + x.shape[1], int(node.attrs["stride"])
    rest = steps - max(0, (steps - span(node)) // stride + 1) * stride
    begins = x.shape[1] - rest
    return x[:, begins:] if begins >= 0 else np.concatenate([past[:, begins:], x], axis=1)


class Window(Op):
    """Steps of x [B, T, F] side by side: y [B, T', K * F], the first step lowest.

    y[:, t] holds x[:, t * stride + j * dilation - before] for j from 0 to K - 1, and ``pad`` in
    place of what lies outside; T' windows of so many lie within ``before + T + after`` steps.
    Attributes: ``kernel`` (K), ``stride``, ``dilation``, ``before``, ``after``, ``pad``.
    """

    name = "Window"
    whole = None

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """The range stays, but for what stands in place of steps outside."""
        (x,) = inputs
        batch, steps, features = x.shape
        assert isinstance(features, int)
        a = node.attrs
        padding = int(a["before"]) + int(a["after"])
        windows = StepCount.of(steps).windows(padding, span(node), int(a["stride"]))
        type_ = x.type
        if padding:
            type_ = IntType.hull([type_, IntType(int(a["pad"]), int(a["pad"]))])
        return [(type_, (batch, str(windows), int(a["kernel"]) * features))]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """Padding, and a strided slice for each step of a window."""
        a = node.attrs
        ends = ((0, 0), (int(a["before"]), int(a["after"])), (0, 0))
        x = np.pad(inputs[0], ends, constant_values=int(a["pad"]))
        last = x.shape[1] - span(node)  # where the last window may begin
        starts = [int(a["dilation"]) * j for j in range(int(a["kernel"]))]
        parts = [x[:, s : s + last + 1 : int(a["stride"])] for s in starts]
        return [np.concatenate(parts, axis=-1)]


class GroupMax(Op):
    """The largest of K groups of x [..., K * F], value by value: y [..., F]; ``kernel`` is K."""

    name = "GroupMax"
    whole = None

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """The range stays."""
        (x,) = inputs
        return [(x.type, (*x.shape[:-1], _features(x, node)))]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """numpy's maximum."""
        return [_groups(inputs[0], node).max(axis=-2)]


class GroupSum(Op):
    """The sum of K groups of x [..., K * F], value by value: y [..., F]; ``kernel`` is K."""

    name = "GroupSum"
    whole = None

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """K times the range."""
        (x,) = inputs
        kernel = int(node.attrs["kernel"])
        return [
            (IntType(kernel * x.type.lo, kernel * x.type.hi), (*x.shape[:-1], _features(x, node)))
        ]

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """Sum in int64."""
        return [_groups(inputs[0], node).sum(axis=-2)]


def _features(x: Tensor, node: Node) -> int:
    width = x.shape[-1]
    assert isinstance(width, int)
    return width // int(node.attrs["kernel"])


def _groups(x: IntArray, node: Node) -> IntArray:
    return x.reshape(*x.shape[:-1], int(node.attrs["kernel"]), -1)
