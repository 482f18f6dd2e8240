"""Functions that a forward() calls become modules, which quantizers can be placed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import brevitas.nn as qnn
import torch
from torch import fx, nn

from gatewright.frontend.calibration.makers import becomes_a_module, module_of
from gatewright.frontend.calibration.operands import (
    check_slopes,
    inputs_in_arithmetic,
    is_bare,
    quantized_apart,
    sharing,
)
from gatewright.frontend.calibration.rewritten import free_name, keep_constants
from gatewright.frontend.torch.symbolic import symbolic_graph


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
    calls = [node for node in graph.nodes if becomes_a_module(node)]
    for node in calls:
        name = _added(model, node.name, module_of(node))
        with graph.inserting_before(node):
            call = graph.call_module(name, (_tensor(node),))
            node.replace_all_uses_with(call)
        _of_line(call, node)
        graph.erase_node(node)
    inputs = inputs_in_arithmetic(graph, model, [x.is_floating_point() for x in examples])
    operands = any(sharing(node) or quantized_apart(node, model) for node in graph.nodes)
    bare = any(is_bare(node, model) for node in graph.nodes)
    if not calls and not inputs and not operands and not bare:
        return model
    keep_constants(graph, model)
    _quantize_behind(graph, model, inputs)
    _quantize_operands(graph, model)
    _quantize_behind(graph, model, [node for node in graph.nodes if is_bare(node, model)])
    made = fx.GraphModule(model, graph, type(model).__name__)
    return made.eval()


def _of_line(made: fx.Node, node: fx.Node) -> None:
    """Let a call that is put in stand in the user's line of the one that it is for."""
    if "line" in node.meta:
        made.meta["line"] = node.meta["line"]


def _tensor(node: fx.Node) -> Any:
    """What a function is given, by position or by name."""
    return node.args[0] if node.args else node.kwargs["input"]


def _quantize_operands(graph: fx.Graph, model: nn.Module) -> None:
    """Put a quantizer, or several, between arithmetic and what it is given."""
    for node in list(graph.nodes):
        parts = list(dict.fromkeys(sharing(node)))
        if parts:
            name = _added(model, f"{node.name}_quant", qnn.QuantIdentity(act_quant=None))
        for part in parts:
            with graph.inserting_before(node):
                call = graph.call_module(name, (part,))
                node.replace_input_with(part, call)
            _of_line(call, node)
    for node in list(graph.nodes):
        for part in quantized_apart(node, model):
            name = _added(model, f"{part.name}_quant", qnn.QuantIdentity(act_quant=None))
            with graph.inserting_before(node):
                call = graph.call_module(name, (part,))
                node.replace_input_with(part, call)
            _of_line(call, node)


def _quantize_behind(graph: fx.Graph, model: nn.Module, nodes: Sequence[fx.Node]) -> None:
    """Put a quantizer behind each, which all that takes it is given."""
    for node in nodes:
        name = _added(model, f"{node.name}_quant", qnn.QuantIdentity(act_quant=None))
        with graph.inserting_after(node):
            call = graph.call_module(name)
        node.replace_all_uses_with(call)
        call.args = (node,)
        _of_line(call, node)


def _added(model: nn.Module, name: str, module: nn.Module) -> str:
    """Add a module under a name that is free."""
    name = free_name(model, name)
    model.add_module(name, module.eval())
    return name
