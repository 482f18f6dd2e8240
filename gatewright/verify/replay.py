"""Replay: evaluate every op from another engine's own values, so that each difference is local.

A whole run cannot tell one wrong rounding from its consequences: after it, everything differs. Here
each op of the integer graph gets the inputs that the other engine had, as far as it shows them, and
its result is compared with what that engine made of them. That is why the graph's ranges, and with
them its tables and thresholds, have to be those that float32 may reach.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gatewright.ir import ops
from gatewright.ir.graph import Graph, Node
from gatewright.ir.interpreter import run_scan
from gatewright.ir.lowering import IntegerModel
from gatewright.ir.types import IntArray, IntType

ROUNDED = (ops.LOOKUP, ops.MULTITHRESHOLD)
"""Ops that make codes. Only these are taken over from the other engine: a float sum that is an
output too goes on as a float, not as the integer nearest to it."""


@dataclass(frozen=True)
class LocalDifferences:
    """Where one op, given the engine's own inputs, gives other integers than the engine.

    Attributes:
        name: Tap name.
        inputs: What the certificate judges the place by, its ``source`` [..., C]: the op's input
            where that is rounded, by thresholds or a table; otherwise the op's own result.
        wrong: Where the results differ, in the same shape.
        in_reach: Whether the engine's codes are all such as the graph's ranges hold.
    """

    name: str
    inputs: IntArray
    wrong: npt.NDArray[np.bool_]
    in_reach: bool

    @property
    def count(self) -> int:
        """Number of places."""
        return int(self.wrong.sum())


def replay(
    model: IntegerModel,
    feeds: Mapping[str, IntArray],
    taps: Mapping[str, IntArray],
    outputs: Mapping[str, IntArray],
) -> list[LocalDifferences]:
    """Replay a run of another engine.

    Args:
        model: The integer model, with the ranges that the engine may reach.
        feeds: The graph's inputs, centered integers.
        taps: What the engine shows of its inside, by tap name.
        outputs: The engine's outputs, centered integers, by name.

    Returns:
        One entry for each op with a difference, in topological order.
    """
    graph = model.graph
    shown = {**taps, **outputs}
    values: dict[str, IntArray] = {**graph.constants(), **feeds}
    found: list[LocalDifferences] = []
    for node in graph.nodes:
        inputs = [values[i] for i in node.inputs]
        if node.op == ops.SCAN:
            results = _replay_scan(node, inputs, taps, found)
        else:
            results = node.op.evaluate(inputs, node)
        for name, value in zip(node.outputs, results, strict=True):
            values[name] = _settle(graph, node, name, inputs, value, shown, found)
    return found


def _judged(node: Node, inputs: Sequence[IntArray], value: IntArray) -> IntArray:
    """What the certificate lists for a place: what its rounding reads, not what a sum reads."""
    return inputs[0] if node.op in (ops.ARGMAX, *ROUNDED) else value


def _settle(
    graph: Graph,
    node: Node,
    name: str,
    inputs: Sequence[IntArray],
    value: IntArray,
    shown: Mapping[str, IntArray],
    found: list[LocalDifferences],
) -> IntArray:
    """Compare with what the engine shows, and go on with that where they are codes."""
    theirs = shown.get(name)
    if theirs is None:
        return value
    type_, rounded = graph[name].type, node.op in ROUNDED
    wrong = theirs != value
    if wrong.any():
        in_reach = not rounded or type_.contains(theirs)
        found.append(LocalDifferences(name, _judged(node, inputs, value), wrong, in_reach))
    return _within(theirs, type_) if rounded else value


def _within(values: IntArray, type_: IntType) -> IntArray:
    clipped: IntArray = np.clip(values, type_.lo, type_.hi)
    return clipped


def _replay_scan(
    node: Node,
    inputs: Sequence[IntArray],
    taps: Mapping[str, IntArray],
    found: list[LocalDifferences],
) -> list[IntArray]:
    """All steps of all sequences at once: each begins from the state the engine had."""
    assert node.body is not None
    body, count = node.body, int(node.attrs["states"])
    shown = {
        name.removeprefix(f"{node.name}/"): value
        for name, value in taps.items()
        if name.startswith(f"{node.name}/")
    }
    if not shown.keys() >= set(body.outputs):
        return _run_scan(node, inputs, shown, found)
    sequence = inputs[count]
    batch, steps = sequence.shape[:2]
    reverse = bool(node.attrs.get("reverse"))
    results = [_within(shown[name], body[name].type) for name in body.outputs]
    states = [
        _before(after, initial, reverse)
        for after, initial in zip(results[:count], inputs[:count], strict=True)
    ]
    rows = [value.reshape(batch * steps, -1) for value in (*states, sequence)]
    flat = {name: value.reshape(batch * steps, -1) for name, value in shown.items()}
    inner: list[LocalDifferences] = []
    _replay_body(body, rows, flat, inner)
    found += [replace(d, name=f"{node.name}/{d.name}") for d in inner]
    finals = [after[:, 0 if reverse else -1] for after in results[:count]]
    return [*finals, *results[count:]]


def _run_scan(
    node: Node,
    inputs: Sequence[IntArray],
    shown: Mapping[str, IntArray],
    found: list[LocalDifferences],
) -> list[IntArray]:
    """A layer whose states the engine does not show, as it is where none is built."""
    results, taps = run_scan(node, inputs)
    for name, theirs in shown.items():
        wrong = theirs != taps[name]
        if wrong.any():
            found.append(LocalDifferences(f"{node.name}/{name}", taps[name], wrong, True))
    return results


def _before(states: IntArray, initial: IntArray, reverse: bool) -> IntArray:
    """The state each step began with."""
    if reverse:
        return np.concatenate([states[:, 1:], initial[:, None]], axis=1)
    return np.concatenate([initial[:, None], states[:, :-1]], axis=1)


def _replay_body(
    body: Graph,
    rows: Sequence[IntArray],
    shown: Mapping[str, IntArray],
    found: list[LocalDifferences],
) -> None:
    values: dict[str, IntArray] = {
        **body.constants(),
        **dict(zip(body.inputs, rows, strict=True)),
    }
    for node in body.nodes:
        inputs = [values[i] for i in node.inputs]
        (value,) = node.op.evaluate(inputs, node)
        (name,) = node.outputs
        values[name] = _settle(body, node, name, inputs, value, shown, found)
