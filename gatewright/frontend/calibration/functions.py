"""Functions that a forward() calls become modules, which quantizers can be placed in."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import brevitas.nn as qnn
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import fx, nn

from gatewright.errors import GatewrightError
from gatewright.frontend.torch.on_host import SIGMOID_CALLS
from gatewright.frontend.torch.registry import bind
from gatewright.frontend.torch.symbolic import symbolic_graph


def _plain(module: type[nn.Module]) -> Callable[[list[Any]], nn.Module]:
    return lambda options: module()


def _hardtanh(options: list[Any]) -> nn.Module:
    low, high, _ = options
    return nn.Hardtanh(float(low), float(high))


_NO_OPTIONS = (("input", "inplace"), (None, False))
_CLAMP = (("input", "min_val", "max_val", "inplace"), (None, -1.0, 1.0, False))
_LIMITS = (("input", "min", "max", "inplace"), (None, None, None, False))
_MAKERS: dict[Any, tuple[Any, Callable[[list[Any]], nn.Module]]] = {
    **dict.fromkeys((torch.relu, F.relu, "relu"), (_NO_OPTIONS, _plain(nn.ReLU))),
    **dict.fromkeys((torch.tanh, F.tanh, "tanh"), (_NO_OPTIONS, _plain(nn.Tanh))),
    **dict.fromkeys((torch.sigmoid, F.sigmoid, "sigmoid"), (_NO_OPTIONS, _plain(nn.Sigmoid))),
    F.relu6: (_NO_OPTIONS, _plain(nn.ReLU6)),
    F.hardsigmoid: (_NO_OPTIONS, _plain(nn.Hardsigmoid)),
    F.hardtanh: (_CLAMP, _hardtanh),
    **dict.fromkeys((torch.clamp, torch.clip, "clamp", "clip"), (_LIMITS, _hardtanh)),
}
"""By function, or name of a method: its arguments with their defaults, and the module."""


def with_modules(model: nn.Module, examples: Sequence[torch.Tensor]) -> nn.Module:
    """A model in which activation functions are modules, named as torch.fx names their calls.

    Args:
        model: In eval mode.
        examples: One for each argument of its forward().

    Returns:
        The model itself where it calls no such function; else a ``GraphModule`` of its layers.

    Raises:
        GatewrightError: GW-108 where forward() cannot be traced.
    """
    graph = symbolic_graph(model, examples)
    joins = [node for node in graph.nodes if _joined(node) is not None]
    calls = [node for node in graph.nodes if _maker(node) is not None]
    bare = [node for node in graph.nodes if _is_bare(node, model)]
    if not calls and not bare and not joins and not _normalizing_inputs(graph, model):
        return model
    for node in graph.nodes:
        if node.op == "get_attr" and not hasattr(model, str(node.target)):
            model.register_buffer(str(node.target), node.meta["value"])
    for node in joins:
        name = _added(model, f"{node.name}_quant", qnn.QuantIdentity(act_quant=None))
        for part in dict.fromkeys(_joined(node) or ()):
            with graph.inserting_before(node):
                node.replace_input_with(part, graph.call_module(name, (part,)))
    for node in _normalizing_inputs(graph, model):
        name = _added(model, f"{node.name}_quant", qnn.QuantIdentity(act_quant=None))
        with graph.inserting_after(node):
            call = graph.call_module(name)
        node.replace_all_uses_with(call)
        call.args = (node,)
    for node in calls:
        name = _added(model, node.name, _module(node))
        with graph.inserting_before(node):
            call = graph.call_module(name, (node.args[0],))
            node.replace_all_uses_with(call)
        graph.erase_node(node)
        bare += [call] if _is_bare(call, model) else []
    for node in bare:
        name = _added(model, f"{node.name}_quant", qnn.QuantIdentity(act_quant=None))
        with graph.inserting_after(node):
            call = graph.call_module(name)
        node.replace_all_uses_with(call)
        call.args = (node,)
    made = fx.GraphModule(model, graph, type(model).__name__)
    return made.eval()


def _added(model: nn.Module, name: str, module: nn.Module) -> str:
    """Add a module under a name that is free."""
    while hasattr(model, name):
        name += "_"
    model.add_module(name, module.eval())
    return name


def _joined(node: fx.Node) -> list[fx.Node] | None:
    """The tensors of a sum or of a join that need one quantizer; None for any other node."""
    if node.op not in ("call_function", "call_method"):
        return None
    if node.target in _SUMS and len(node.args) == 2 and all(map(_is_tensor, node.args)):
        return list(node.all_input_nodes)
    several = len({_layer(part) for part in node.all_input_nodes}) > 1
    return list(node.all_input_nodes) if node.target in _JOINS and several else None


_SUMS = (operator.add, operator.iadd, torch.add, "add")
_JOINS = (torch.cat, torch.concat, torch.concatenate)


def _is_tensor(argument: Any) -> bool:
    """Whether it is a tensor that is computed, and no shape."""
    if not isinstance(argument, fx.Node) or argument.op == "get_attr":
        return False
    if argument.op == "placeholder" or argument.op == "call_module":
        return True
    if argument.target in (getattr, "size", "dim", "numel") or argument.target in _CONSTANTS:
        return argument.target is getattr and argument.args[1] in ("values", "value", "T")
    sources = argument.all_input_nodes
    return any(map(_is_tensor, sources))


_CONSTANTS = (torch.zeros, torch.ones, torch.zeros_like, torch.ones_like)


def _layer(node: Any) -> Any:
    """The layer that a tensor comes from, through whatever only moves its elements."""
    while isinstance(node, fx.Node) and node.op in ("call_function", "call_method"):
        if node.target in _MAKERS or not node.all_input_nodes:
            break
        if str(getattr(node.target, "__name__", node.target)) in ("mean", "sum"):
            break
        node = node.all_input_nodes[0]
    if isinstance(node, fx.Node) and node.op == "call_module":
        return node.target
    return node


def _normalizing_inputs(graph: fx.Graph, model: nn.Module) -> list[fx.Node]:
    """Arguments of forward() that a batch normalization is given before any quantizer."""
    norms = (
        node
        for node in graph.nodes
        if node.op == "call_module"
        and isinstance(model.get_submodule(str(node.target)), nn.BatchNorm1d)
    )
    sources = (_layer(node.all_input_nodes[0]) for node in norms)
    found = (s for s in sources if isinstance(s, fx.Node) and s.op == "placeholder")
    return list(dict.fromkeys(found))


def _is_bare(node: fx.Node, model: nn.Module) -> bool:
    """Whether a function that Brevitas has no layer for stands there without a quantizer."""

    def calls(node: fx.Node, kind: type[nn.Module]) -> bool:
        return node.op == "call_module" and isinstance(model.get_submodule(str(node.target)), kind)

    return calls(node, nn.Hardsigmoid) and not all(
        calls(user, qnn.QuantIdentity) for user in node.users
    )


def _maker(node: fx.Node) -> Any:
    if node.op not in ("call_function", "call_method") or not node.args:
        return None
    target = node.target if node.op == "call_function" else str(node.target)
    if target in SIGMOID_CALLS and all(user.op == "output" for user in node.users):
        return None  # the host's
    return _MAKERS.get(target)


def becomes_a_module(node: fx.Node) -> bool:
    """Whether a call is of such a function; GW-108 where no module computes what it does."""
    if _maker(node) is None:
        return False
    _module(node)
    return True


def _module(node: fx.Node) -> nn.Module:
    (names, defaults), make = _maker(node)
    _, *options = bind(node.args, dict(node.kwargs), names, defaults)
    if options[-1] is True or any(isinstance(o, fx.Node) or o is None for o in options):
        raise GatewrightError(
            "GW-108",
            where=node.name,
            cause="it computes in place, or its limits are no two numbers.",
            remedy="Use F.hardtanh(x, -a, a), nn.ReLU6() or nn.ReLU(), not in place.",
        )
    return make(options)
