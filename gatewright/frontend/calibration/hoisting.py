"""What a loop over time computes of each step alone, computed of the whole sequence instead."""

from __future__ import annotations

import operator
from collections.abc import Hashable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import fx, nn

Shapes = dict[fx.Node, tuple[int, ...]]
Item = tuple[fx.Node, int, int]
"""A sequence, its axis of time, and the number of a step."""
WHOLE = slice(None)
_LAYERS = (
    *(nn.Embedding, nn.Linear, nn.ReLU, nn.Tanh, nn.Sigmoid, nn.Hardtanh, nn.LeakyReLU),
    *(nn.Dropout, nn.Identity),
)
_FUNCTIONS = (
    *(torch.relu, F.relu, torch.tanh, F.tanh, torch.sigmoid, F.sigmoid),
    *("relu", "tanh", "sigmoid"),
)
_PIECES = (torch.split, torch.chunk, torch.tensor_split, "split", "chunk", "tensor_split")


def hoist(graph: fx.Graph, model: nn.Module, shapes: Shapes) -> None:
    """Let what is called with each step of a sequence be called once, with the sequence.

    And steps that are put side by side again be the sequence.

    Args:
        graph: Changed in place; its dead code stays.
        model: Its layers.
        shapes: Of the tensors of the graph; those of new ones are added.
    """
    _pick_features(graph, shapes)
    _drop_units(graph, shapes)
    waiting = True
    while waiting:
        groups: dict[Hashable, list[tuple[fx.Node, Item]]] = {}
        for node in graph.nodes:
            found = item(node.args[0], shapes) if _is_stepwise(node, model) else None
            if found is not None and node in shapes:
                groups.setdefault((node.op, node.target, *found[:2]), []).append((node, found))
        whole = [calls for calls in groups.values() if _covers(calls, shapes)]
        for calls in whole:
            _call_once(graph, calls, shapes)
        waiting = bool(whole)
    _stack_joined(graph, shapes)
    _join_steps(graph, shapes)


def item(node: Any, shapes: Shapes) -> Item | None:
    """Of which sequence, [B, T], [B, T, F] or [T, B, F], a node is one step; None of none."""
    if not isinstance(node, fx.Node) or len(node.args) < 2:
        return None
    source: Any = node.args[0]
    picked: tuple[int, Any] | None = None
    if node.target is operator.getitem and source.target in (torch.unbind, "unbind"):
        picked, source = (_option(source, 1, "dim", 0), node.args[1]), source.args[0]
    elif node.target is operator.getitem:
        items = node.args[1] if isinstance(node.args[1], tuple) else (node.args[1],)
        axes = [axis for axis, found in enumerate(items) if found != WHOLE]
        picked = (axes[0], items[axes[0]]) if len(axes) == 1 else None
    elif node.target in (torch.select, "select") and len(node.args) == 3:
        picked = (node.args[1], node.args[2])
    shape = shapes.get(source, ())
    if picked is None or len(shape) < 2 or not all(isinstance(p, int) for p in picked):
        return None
    axis, number = picked[0] % len(shape), picked[1]
    if axis > 1 or not -shape[axis] <= number < shape[axis]:
        return None
    return source, axis, number % shape[axis]


def _option(call: fx.Node, position: int, name: str, default: Any) -> Any:
    """An argument of a call, however it is given."""
    given = call.args[position] if len(call.args) > position else None
    return call.kwargs.get(name, default) if given is None else given


def _is_stepwise(node: fx.Node, model: nn.Module) -> bool:
    if node.op == "call_module":
        layer = model.get_submodule(str(node.target))
        return type(layer) in _LAYERS and len(node.args) == 1 and not node.kwargs
    is_call = node.op in ("call_function", "call_method")
    return is_call and node.target in _FUNCTIONS and len(node.args) == 1


def _covers(calls: list[tuple[fx.Node, Item]], shapes: Shapes) -> bool:
    """Whether calls are of all steps of their sequence, which are several."""
    source, axis, _ = calls[0][1]
    numbers = {number for _, (_, _, number) in calls}
    return len(numbers) == shapes[source][axis] > 1


def _call_once(graph: fx.Graph, calls: list[tuple[fx.Node, Item]], shapes: Shapes) -> None:
    first, (source, axis, _) = calls[0]
    with graph.inserting_after(source):
        whole = graph.create_node(first.op, first.target, (source,), first.kwargs)
    shapes[whole] = (*shapes[source][:2], *shapes[first][1:])
    whole.meta.update(first.meta)
    for node, (_, _, number) in calls:
        with graph.inserting_before(node):
            step = graph.call_function(operator.getitem, (whole, (*[WHOLE] * axis, number)))
        shapes[step] = shapes[node]
        node.replace_all_uses_with(step)
        graph.erase_node(node)


def _pick_features(graph: fx.Graph, shapes: Shapes) -> None:
    """Make ``x.split(1, dim=1)`` of a sequence [B, T] of one feature steps of one [B, T, 1]."""
    turned: dict[fx.Node, fx.Node] = {}
    for node in list(graph.nodes):
        pieces: Any = node.args[0] if node.target is operator.getitem else None
        if not isinstance(pieces, fx.Node) or pieces.target not in _PIECES:
            continue
        source: Any = pieces.args[0]
        shape, number = shapes.get(source, ()), node.args[1]
        if len(shape) != 2 or shapes.get(node) != (shape[0], 1) or not isinstance(number, int):
            continue
        if _option(pieces, 2, "dim", 0) not in (1, -1):
            continue
        if source not in turned:
            with graph.inserting_after(source):
                turned[source] = graph.call_method("unsqueeze", (source, -1))
            shapes[turned[source]] = (*shape, 1)
        with graph.inserting_before(node):
            step = graph.call_function(operator.getitem, (turned[source], (WHOLE, number)))
        shapes[step] = shapes[node]
        node.replace_all_uses_with(step)
        graph.erase_node(node)


def _unit(node: Any, shapes: Shapes) -> tuple[fx.Node, int] | None:
    """A step [B, F] that a node gives an axis of one, and which: unsqueeze(1), [:, None]."""
    if not isinstance(node, fx.Node) or len(shapes.get(node, ())) != 3:
        return None
    source: Any = node.args[0] if node.args else None
    axis: Any = None
    if node.target in (torch.unsqueeze, "unsqueeze"):
        axis = _option(node, 1, "dim", None)
    elif node.target is operator.getitem and isinstance(node.args[1], tuple):
        items = [found for found in node.args[1] if found != WHOLE]
        axis = node.args[1].index(None) if items == [None] else None
    known = isinstance(axis, int) and len(shapes.get(source, ())) == 2
    return (source, axis % 3) if known else None


def _drop_units(graph: fx.Graph, shapes: Shapes) -> None:
    """Let an axis of one that is given and taken away again never be."""
    for node in graph.nodes:
        found = _unit(node.args[0], shapes) if node.args else None
        if found is None or node.op not in ("call_function", "call_method"):
            continue
        step, axis = found
        squeezed = node.target in (torch.squeeze, "squeeze") and node.args[1:] in (
            (axis,),
            (axis - 3,),
        )
        indices = [(*[WHOLE] * axis, number) for number in (0, -1)]
        picked = node.target is operator.getitem and node.args[1] in (*indices, 0, -1)
        if squeezed or (picked and (axis == 0 or isinstance(node.args[1], tuple))):
            node.replace_all_uses_with(step)


def _stack_joined(graph: fx.Graph, shapes: Shapes) -> None:
    """Make ``torch.cat`` of steps that were given an axis of one each ``torch.stack`` of them."""
    for node in list(graph.nodes):
        if node.target not in (torch.cat, torch.concat) or not node.args:
            continue
        dim = _option(node, 1, "dim", 0)
        found = [_unit(part, shapes) for part in node.args[0]]
        units = [unit[0] for unit in found if unit is not None and unit[1] == dim % 3]
        if units and len(units) == len(found):
            with graph.inserting_before(node):
                stacked = graph.call_function(torch.stack, (units, dim % 3))
            stacked.meta.update(node.meta)
            shapes[stacked] = shapes[node]
            node.replace_all_uses_with(stacked)
            graph.erase_node(node)


def _join_steps(graph: fx.Graph, shapes: Shapes) -> None:
    """Let ``torch.stack`` and ``torch.cat`` of all steps in their order be what they are of."""
    for node in list(graph.nodes):
        steps = _steps(node, shapes)
        if steps is None:
            continue
        source, axis = steps
        dim, features = _option(node, 1, "dim", 0), shapes[source][2]
        with graph.inserting_before(node):
            if node.target is torch.stack and dim in (0, 1):
                joined = source if dim == axis else graph.call_method("transpose", (source, 0, 1))
            elif node.target is not torch.stack and dim in (1, -1) and axis == 1:
                at_end = features == 1 and all(user.op == "output" for user in node.users)
                joined = graph.call_method(
                    "squeeze" if at_end else "flatten", (source, -1 if at_end else 1)
                )
            else:
                continue
        shapes[joined] = shapes[node]
        node.replace_all_uses_with(joined)
        graph.erase_node(node)


def _steps(node: fx.Node, shapes: Shapes) -> tuple[fx.Node, int] | None:
    """The sequence that a call joins all steps of in their order, and its axis of time."""
    if node.target not in (torch.stack, torch.cat, torch.concat) or not node.args:
        return None
    parts: Any = node.args[0]
    found = [item(part, shapes) for part in parts]
    source, axis, _ = found[0] or (None, 0, 0)
    if source is None or len(shapes[source]) != 3:
        return None
    steps = [(source, axis, number) for number in range(shapes[source][axis])]
    return (source, axis) if found == steps else None
