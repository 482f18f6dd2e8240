"""Functions that a forward() calls become modules, which quantizers can be placed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import brevitas.nn as qnn
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import fx, nn

from gatewright.errors import GatewrightError
from gatewright.frontend.calibration.operands import (
    check_slopes,
    inputs_in_arithmetic,
    is_bare,
    quantized_apart,
    sharing,
)
from gatewright.frontend.calibration.rewritten import free_name, keep_constants
from gatewright.frontend.emit_arithmetic import check_slope
from gatewright.frontend.torch.on_host import SIGMOID_CALLS
from gatewright.frontend.torch.registry import bind
from gatewright.frontend.torch.symbolic import symbolic_graph


def _plain(module: type[nn.Module]) -> Callable[[list[Any]], nn.Module]:
    return lambda options: module()


def _hardtanh(options: list[Any]) -> nn.Module:
    low, high, _ = options
    return nn.Hardtanh(float(low), float(high))


def _leaky(options: list[Any]) -> nn.Module:
    check_slope("leaky_relu", float(options[0]))
    return nn.LeakyReLU(float(options[0]))


_NO_OPTIONS = (("input", "inplace"), (None, False))
_SLOPE = (("input", "negative_slope", "inplace"), (None, 0.01, False))
_CLAMP = (("input", "min_val", "max_val", "inplace"), (None, -1.0, 1.0, False))
_LIMITS = (("input", "min", "max", "inplace"), (None, None, None, False))
_MAKERS: dict[Any, tuple[Any, Callable[[list[Any]], nn.Module]]] = {
    **dict.fromkeys((torch.relu, F.relu, "relu"), (_NO_OPTIONS, _plain(nn.ReLU))),
    **dict.fromkeys((torch.tanh, F.tanh, "tanh"), (_NO_OPTIONS, _plain(nn.Tanh))),
    **dict.fromkeys((torch.sigmoid, F.sigmoid, "sigmoid"), (_NO_OPTIONS, _plain(nn.Sigmoid))),
    F.relu6: (_NO_OPTIONS, _plain(nn.ReLU6)),
    F.hardsigmoid: (_NO_OPTIONS, _plain(nn.Hardsigmoid)),
    F.hardtanh: (_CLAMP, _hardtanh),
    F.leaky_relu: (_SLOPE, _leaky),
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
    check_slopes(graph, model)
    calls = [node for node in graph.nodes if _maker(node) is not None]
    inputs = inputs_in_arithmetic(graph, model)
    operands = any(sharing(node) or quantized_apart(node, model) for node in graph.nodes)
    bare = any(is_bare(node, model) for node in graph.nodes)
    if not calls and not inputs and not operands and not bare:
        return model
    keep_constants(graph, model)
    for node in calls:
        name = _added(model, node.name, _module(node))
        with graph.inserting_before(node):
            call = graph.call_module(name, (node.args[0],))
            node.replace_all_uses_with(call)
        graph.erase_node(node)
    _quantize_behind(graph, model, inputs)
    _quantize_operands(graph, model)
    _quantize_behind(graph, model, [node for node in graph.nodes if is_bare(node, model)])
    made = fx.GraphModule(model, graph, type(model).__name__)
    return made.eval()


def _quantize_operands(graph: fx.Graph, model: nn.Module) -> None:
    """Put a quantizer, or several, between arithmetic and what it is given."""
    for node in list(graph.nodes):
        parts = list(dict.fromkeys(sharing(node)))
        if parts:
            name = _added(model, f"{node.name}_quant", qnn.QuantIdentity(act_quant=None))
        for part in parts:
            with graph.inserting_before(node):
                node.replace_input_with(part, graph.call_module(name, (part,)))
    for node in list(graph.nodes):
        for part in quantized_apart(node, model):
            name = _added(model, f"{part.name}_quant", qnn.QuantIdentity(act_quant=None))
            with graph.inserting_before(node):
                node.replace_input_with(part, graph.call_module(name, (part,)))


def _quantize_behind(graph: fx.Graph, model: nn.Module, nodes: Sequence[fx.Node]) -> None:
    """Put a quantizer behind each, which all that takes it is given."""
    for node in nodes:
        name = _added(model, f"{node.name}_quant", qnn.QuantIdentity(act_quant=None))
        with graph.inserting_after(node):
            call = graph.call_module(name)
        node.replace_all_uses_with(call)
        call.args = (node,)


def _added(model: nn.Module, name: str, module: nn.Module) -> str:
    """Add a module under a name that is free."""
    name = free_name(model, name)
    model.add_module(name, module.eval())
    return name


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
