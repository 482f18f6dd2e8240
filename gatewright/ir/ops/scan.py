"""Recurrence: a step graph applied along time."""

from __future__ import annotations

from collections.abc import Sequence

from gatewright.ir.graph import Node, Op, Shape, Tensor
from gatewright.ir.interpreter import run_scan
from gatewright.ir.types import IntArray, IntType


class Scan(Op):
    """ONNX ``Scan`` over axis 1 with one sequence input.

    Inputs: the N initial states [B, H], then x [B, T, I]. The body's inputs are the N states and
    one step of x; its outputs are the N next states, then what is stacked along time.
    Outputs: the N final states, then the stacked values [B, T, ...].
    Attributes: ``states``, the number N; ``reverse``, whether time runs backwards.
    """

    name = "Scan"
    whole = None

    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """State ranges are declared by the body's inputs and have to hold its outputs."""
        assert node.body is not None
        body, states = node.body, int(node.attrs["states"])
        for declared, new, initial in zip(
            body.inputs[:states], body.outputs[:states], inputs[:states], strict=True
        ):
            if IntType.hull([body[declared].type, body[new].type, initial.type]) != (
                body[declared].type
            ):
                raise ValueError(f"state {declared} of {node.name} outgrows its declared range")
        batch, steps = inputs[states].shape[:2]
        finals: list[tuple[IntType, Shape]] = [
            (body[o].type, body[o].shape) for o in body.outputs[:states]
        ]
        stacked: list[tuple[IntType, Shape]] = [
            (body[o].type, (batch, steps, *body[o].shape[1:])) for o in body.outputs[states:]
        ]
        return finals + stacked

    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """Step by step through the interpreter."""
        return run_scan(node, inputs)[0]
