"""Makes one layer of those that follow each other: a file has a node for each of a stack."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import torch
from torch import fx, nn

_WHOLE = slice(None)


def join_stacks(root: nn.Module, graph: fx.Graph) -> fx.Graph:
    """The graph with stacks of ``nn.LSTM`` and ``nn.RNN``, as the exporter was given them.

    Args:
        root: Holds the layers; those that are joined are changed.
        graph: Of their calls.
    """
    graph.eliminate_dead_code(lambda node: node.op in ("placeholder", "output"))
    for call in list(graph.nodes):
        below = _below(root, call)
        if below is not None:
            _join(root, graph, below, call)
    return _in_order(graph)


def _layer(root: nn.Module, node: Any) -> Any:
    """The recurrent layer that a node calls; None for any other node."""
    if not isinstance(node, fx.Node) or node.op != "call_module":
        return None
    layer = root.get_submodule(str(node.target))
    return layer if isinstance(layer, nn.LSTM | nn.RNN) else None


def _below(root: nn.Module, call: fx.Node) -> fx.Node | None:
    """The call of the layer that this one stands on and can be joined with."""
    layer = _layer(root, call)
    x: Any = call.args[0] if layer is not None else None
    if layer is None or x.target is not operator.getitem or x.args[1] != 0 or len(x.users) > 1:
        return None
    below = x.args[0]
    under = _layer(root, below)
    alike = under is not None and _options(under) == _options(layer)
    return below if alike and _states(root, below, call) is not None else None


def _options(layer: Any) -> tuple[Any, ...]:
    return (
        *(type(layer), layer.hidden_size, layer.bias, layer.batch_first, layer.bidirectional),
        getattr(layer, "nonlinearity", None),
    )


def _entries(layer: Any) -> int:
    """How many states [B, H] a layer has."""
    return int(layer.num_layers * (2 if layer.bidirectional else 1))


def _states(root: nn.Module, below: fx.Node, call: fx.Node) -> list[list[fx.Node]] | None:
    """The initial states of both, those of ``below`` first; None where they cannot be joined."""
    given = [_listed(node.args[1:]) for node in (below, call)]
    if not given[0] and not given[1]:
        return []
    if len(given[0]) != len(given[1]):
        return None
    count = _entries(_layer(root, below))
    for a, b in zip(*given, strict=True):
        first, second = _part(a), _part(b)
        if first is None or second is None or first[0] is not second[0]:
            return None
        if (first[1].start or 0) + count != second[1].start:
            return None
    return [list(pair) for pair in zip(*given, strict=True)]


def _listed(args: Any) -> list[fx.Node]:
    if args and isinstance(args[0], tuple | list):
        return list(args[0])
    return list(args)


def _part(state: fx.Node) -> tuple[fx.Node, slice] | None:
    """What a state is a part of, along its first axis."""
    if state.target is not operator.getitem or not isinstance(state.args[1], tuple):
        return None
    source, (first, *others) = state.args
    if not isinstance(first, slice) or any(part != _WHOLE for part in others):
        return None
    assert isinstance(source, fx.Node)
    return source, first


def _join(root: nn.Module, graph: fx.Graph, below: fx.Node, call: fx.Node) -> None:
    under, layer = _layer(root, below), _layer(root, call)
    states = _states(root, below, call) or []
    joined = _joined(under, layer)
    setattr(root, str(below.target), joined)
    with graph.inserting_before(call):
        whole = [_whole(graph, pair) for pair in states]
        packed: tuple[Any, ...] = (tuple(whole),) if len(whole) > 1 else tuple(whole)
        new = graph.call_module(str(below.target), (below.args[0], *packed))
        sequence = graph.call_function(operator.getitem, (new, 0))
        finals = graph.call_function(operator.getitem, (new, 1))
        of_lstm = isinstance(layer, nn.LSTM)
        ends = [finals]
        if of_lstm:
            ends = [graph.call_function(operator.getitem, (finals, i)) for i in (0, 1)]
    split = _entries(under)
    for node, part in ((below, slice(None, split)), (call, slice(split, None))):
        for kind, end in enumerate(ends):
            for old in _finals(node, kind if of_lstm else None):
                _replace_final(graph, old, end, part)
    for user in list(call.users):
        if user.args[1] == 0:
            user.replace_all_uses_with(sequence)


def _finals(call: fx.Node, kind: int | None) -> list[fx.Node]:
    """The nodes that stand for one kind of final state of a layer."""
    found = [user for user in call.users if user.args[1] == 1]
    if kind is None:
        return found
    return [user for states in found for user in states.users if user.args[1] == kind]


def _replace_final(graph: fx.Graph, old: fx.Node, end: fx.Node, part: slice) -> None:
    """Take a part of the joined states; all of its parts, joined again, are the whole."""
    with graph.inserting_after(end):
        new = graph.call_function(operator.getitem, (end, (part, _WHOLE, _WHOLE)))
    for user in list(old.users):
        inner = _part(user)
        if inner is None:
            user.replace_input_with(old, new)
            continue
        start = part.start or 0
        stop = part.stop if inner[1].stop is None else start + inner[1].stop
        composed = slice(start + (inner[1].start or 0) or None, stop)
        user.args = (end, (composed, _WHOLE, _WHOLE))
    for user in [user for taken in end.users for user in taken.users]:
        if user.target is torch.cat and user.args[1] == 0 and _covers(user.args[0], end):
            user.replace_all_uses_with(end)


def _covers(parts: Any, whole: fx.Node) -> bool:
    """Whether parts side by side are all of a tensor, in order."""
    known = [_part(part) for part in parts]
    if any(part is None or part[0] is not whole for part in known):
        return False
    ends = [(part[1].start, part[1].stop) for part in known if part is not None]
    return [None, *(stop for _, stop in ends)] == [*(start for start, _ in ends), None]


def _joined(under: Any, layer: Any) -> nn.Module:
    made: nn.Module = type(layer)(
        under.input_size,
        under.hidden_size,
        under.num_layers + layer.num_layers,
        bias=layer.bias,
        batch_first=layer.batch_first,
        bidirectional=layer.bidirectional,
        **({} if isinstance(layer, nn.LSTM) else {"nonlinearity": layer.nonlinearity}),
    )
    weights = dict(under.state_dict())
    for name, values in layer.state_dict().items():
        kind, _, suffix = name.partition("_l0")  # each node is one layer
        weights[f"{kind}_l{under.num_layers}{suffix}"] = values
    made.load_state_dict(weights)
    return made.eval()


def _whole(graph: fx.Graph, pair: Sequence[fx.Node]) -> fx.Node:
    """Two parts of one tensor, one behind the other, as one."""
    first, second = (_part(state) for state in pair)
    assert first is not None and second is not None
    ends = (first[1].start or None, second[1].stop)
    if ends == (None, None):
        return first[0]
    return graph.call_function(operator.getitem, (first[0], (slice(*ends), _WHOLE, _WHOLE)))


def _in_order(graph: fx.Graph) -> fx.Graph:
    """The nodes that the output needs, each behind what it is given."""
    made, copies = fx.Graph(), {}
    nodes = list(graph.nodes)
    for node in nodes:
        if node.op == "placeholder":
            copies[node] = made.node_copy(node)
    waiting = [nodes[-1]]
    while waiting:
        node = waiting[-1]
        missing = [n for n in node.all_input_nodes if n not in copies]
        waiting += reversed(missing)
        if not missing:
            waiting.pop()
            if node not in copies:
                copies[node] = made.node_copy(node, copies.__getitem__)
    return made
