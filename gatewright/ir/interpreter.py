"""The integer interpreter: the graph's meaning, batch by batch, in int64."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gatewright.ir.graph import Graph, Node
from gatewright.ir.types import IntArray

Taps = dict[str, IntArray]


def run(
    graph: Graph, feeds: Mapping[str, IntArray], kept: Mapping[str, IntArray] | None = None
) -> tuple[dict[str, IntArray], Taps]:
    """Evaluate a graph.

    Args:
        graph: The integer graph.
        feeds: A value for each graph input.
        kept: States [B, H] that layers begin with instead of their own, by ``<layer>/<state>``,
            and steps [B, P, F] that windows over time go on from, by ``<node>/past``.

    Returns:
        The graph's outputs by name, and the taps: every tensor inside a recurrent layer, stacked
        as [B, T, ...] under ``<scan>/<tensor>``, and every other computed tensor under its name.
    """
    taps: Taps = {}
    values: dict[str, IntArray] = {**graph.constants(), **feeds}
    for node in graph.nodes:
        inputs = [values[i] for i in node.inputs]
        if node.body is not None:
            for i, state in enumerate(node.states):
                inputs[i] = (kept or {}).get(state, inputs[i])
            results, inner = run_scan(node, inputs)
            taps |= {f"{node.name}/{name}": value for name, value in inner.items()}
        elif kept and node.past in kept:
            both = np.concatenate([kept[node.past], inputs[0]], axis=1)
            results = node.op.evaluate([both], node.unpadded())
        else:
            results = node.op.evaluate(inputs, node)
        computed = dict(zip(node.outputs, results, strict=True))
        values |= computed
        taps |= computed
    return {name: values[name] for name in graph.outputs}, taps


def run_scan(node: Node, inputs: Sequence[IntArray]) -> tuple[list[IntArray], Taps]:
    """Evaluate a recurrent layer.

    Args:
        node: A ``Scan`` node.
        inputs: Its initial states [B, H] and its sequence [B, T, I].

    Returns:
        The node's outputs, and every tensor of the body stacked along axis 1.
    """
    assert node.body is not None
    body, count = node.body, int(node.attrs["states"])
    states, sequence = list(inputs[:count]), inputs[count]
    order = range(sequence.shape[1])
    history: dict[str, list[IntArray]] = {}
    for t in reversed(order) if node.attrs.get("reverse") else order:
        step = run_body(body, [*states, sequence[:, t]])
        states = [step[o] for o in body.outputs[:count]]
        for name, value in step.items():
            history.setdefault(name, []).append(value)
    if node.attrs.get("reverse"):
        history = {name: values[::-1] for name, values in history.items()}
    taps = {name: np.stack(values, axis=1) for name, values in history.items()}
    return [*states, *(taps[o] for o in body.outputs[count:])], taps


def run_body(body: Graph, inputs: Sequence[IntArray]) -> dict[str, IntArray]:
    """Evaluate one step; returns every computed tensor by name."""
    values: dict[str, IntArray] = {
        **body.constants(),
        **dict(zip(body.inputs, inputs, strict=True)),
    }
    computed: dict[str, IntArray] = {}
    for node in body.nodes:
        results = node.op.evaluate([values[i] for i in node.inputs], node)
        computed |= dict(zip(node.outputs, results, strict=True))
        values |= computed
    return computed
