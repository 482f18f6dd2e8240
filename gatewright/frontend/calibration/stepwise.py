"""Loops over time that call a layer with one step each, as the one call of all steps they are."""

from __future__ import annotations

import itertools
import operator
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx, nn

from gatewright.frontend.calibration.hoisting import WHOLE, Shapes
from gatewright.frontend.calibration.picks import computed, numbers_of, source_of

_PICKS = (
    *(operator.getitem, torch.unsqueeze, torch.narrow, torch.select, torch.unbind),
    *(torch.split, torch.chunk, torch.tensor_split),
    *("unsqueeze", "narrow", "select", "unbind", "split", "chunk", "tensor_split", "contiguous"),
)


@dataclass(frozen=True, eq=False)
class _Call:
    """One call of a layer with one step.

    Attributes:
        node: The call.
        source: The sequence that it reads a step of.
        number: Of the step.
    """

    node: fx.Node
    source: fx.Node
    number: int


def is_called_by_steps(model: nn.Module, graph: fx.Graph) -> bool:
    """Whether some layer that could take a sequence is called several times."""
    paths = [str(node.target) for node in graph.nodes if node.op == "call_module"]
    several = {path for path in paths if paths.count(path) > 1}
    return any(_can_step(model.get_submodule(path)) for path in several)


def _can_step(module: nn.Module) -> bool:
    return type(module) in (nn.LSTM, nn.RNN) and not getattr(module, "bidirectional", True)


def replace_calls(model: nn.Module, graph: fx.Graph, shapes: Shapes) -> bool:
    """Put one call with all steps of a sequence in the place of those with one step each.

    Args:
        model: Its layers.
        graph: Changed in place.
        shapes: Of the tensors of the graph; those of new ones are added.

    Returns:
        Whether there were any.
    """
    groups: dict[str, list[fx.Node]] = {}
    for node in graph.nodes:
        if node.op == "call_module" and _can_step(model.get_submodule(str(node.target))):
            groups.setdefault(str(node.target), []).append(node)
    found = False
    for path, nodes in groups.items():
        layer: Any = model.get_submodule(path)
        axis = int(layer.batch_first)
        calls = _loop(nodes, shapes, axis)
        if calls is not None and _hands_states_on(calls):
            _replace(graph, shapes, calls, axis)
            found = True
    return found


def _loop(nodes: list[fx.Node], shapes: Shapes, axis: int) -> list[_Call] | None:
    """The calls, where they are of all steps of a sequence in their order."""
    calls = [_call(node, shapes, axis) for node in nodes]
    first = calls[0]
    if len(calls) < 2 or first is None:
        return None
    source = first.source
    expected = [(source, number) for number in range(shapes[source][axis])]
    found = [call for call in calls if call is not None]
    return found if [(call.source, call.number) for call in found] == expected else None


def _call(node: fx.Node, shapes: Shapes, axis: int) -> _Call | None:
    source = source_of(node.args[0], _PICKS) if node.args else None
    if source is None or source is node.args[0] or len(shapes.get(source, ())) != 3:
        return None
    whole = numbers_of(shapes[source])
    index = computed(node.args[0], {source: whole})
    if not isinstance(index, torch.Tensor) or index.ndim != 3 or index.shape[axis] != 1:
        return None
    steps = (number for number in range(shapes[source][axis]))
    found = (n for n in steps if torch.equal(whole.narrow(axis, n, 1), index))
    number = next(found, None)
    return None if number is None else _Call(node, source, number)


def _hands_states_on(calls: list[_Call]) -> bool:
    """Whether each call begins with the states of the one before, which nobody else takes."""
    for before, after in itertools.pairwise(calls):
        states = [user for user in before.node.users if _picks(user, before.node, 1)]
        others = [user for user in before.node.users if not _picks(user, before.node, 0)]
        given = [*after.node.args[1:], *after.node.kwargs.values()]
        if others != states or len(given) != 1 or not _are_states(given[0], before.node):
            return False
        readers = [user for state in states for user in state.users]
        items = [user for user in readers if user is not after.node]
        if any(set(item.users) - {after.node} for item in items):
            return False
        if any(item.target is not operator.getitem for item in items):
            return False
    return True


def _picks(node: Any, source: fx.Node, number: int) -> bool:
    picks = isinstance(node, fx.Node) and node.target is operator.getitem
    return picks and node.args == (source, number)


def _are_states(given: Any, call: fx.Node) -> bool:
    """Whether an argument is what a call gives behind its output: whole, or as the pair (h, c)."""
    if isinstance(given, tuple | list) and len(given) == 2:
        return all(
            isinstance(part, fx.Node)
            and _picks(part, part.all_input_nodes[0], number)
            and _picks(part.args[0], call, 1)
            for number, part in enumerate(given)
        )
    return _picks(given, call, 1)


def _replace(graph: fx.Graph, shapes: Shapes, calls: list[_Call], axis: int) -> None:
    first, last = calls[0], calls[-1]
    with graph.inserting_before(first.node):
        rest = first.node.args[1:]
        whole = graph.call_module(
            str(first.node.target), (first.source, *rest), dict(first.node.kwargs)
        )
        whole.meta.update(first.node.meta)
        out = graph.call_function(operator.getitem, (whole, 0))
        finals = graph.call_function(operator.getitem, (whole, 1))
        given = [user for user in first.node.users if _picks(user, first.node, 0)]
        features = shapes[given[0]][2] if given else 0
        shapes[out] = (*shapes[first.source][:2], features)
        for call in calls:
            number = -1 if call is last else call.number
            outputs = [user for user in call.node.users if _picks(user, call.node, 0)]
            for output in outputs:
                step = graph.call_function(operator.getitem, (out, (*[WHOLE] * axis, number)))
                shapes[step] = (shapes[out][1 - axis], features)
                again = graph.call_method("unsqueeze", (step, axis))
                shapes[again] = shapes[output]
                output.replace_all_uses_with(again)
    for state in [user for user in last.node.users if _picks(user, last.node, 1)]:
        state.replace_all_uses_with(finals)
    for call in reversed(calls):
        _erase(graph, call.node)


def _erase(graph: fx.Graph, node: fx.Node) -> None:
    """Take a call out with what picked parts of it."""
    for user in list(node.users):
        _erase(graph, user)
    graph.erase_node(node)
