"""What in a forward() needs a quantizer that no layer brings: operands of arithmetic."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import brevitas.nn as qnn
import torch
from brevitas.nn.quant_layer import QuantNonLinearActLayer
from brevitas.nn.quant_rnn import QuantRecurrentStackBase
from torch import fx, nn

from gatewright.frontend.emit_arithmetic import check_slope
from gatewright.frontend.torch.arithmetic import (
    DIFFERENCES,
    MAGNITUDES,
    NEGATIONS,
    PRODUCTS,
    QUOTIENTS,
    REVERSED,
    SUMS,
)
from gatewright.frontend.torch.brevitas_quant import is_enabled
from gatewright.frontend.torch.on_host import ON_HOST_CALLS

ARITHMETIC = (*SUMS, *DIFFERENCES, *REVERSED, *PRODUCTS, *QUOTIENTS, *NEGATIONS, *MAGNITUDES)
_JOINS = (torch.cat, torch.concat, torch.concatenate)
_CONSTANTS = (torch.zeros, torch.ones, torch.zeros_like, torch.ones_like)
_REDUCTIONS = frozenset({"mean", "sum", "max", "min", "amax", "amin"})
_COMPUTES = _REDUCTIONS | {"one_hot"}
_FUNCTIONS = (nn.ReLU, nn.ReLU6, nn.Tanh, nn.Sigmoid, nn.Hardtanh, nn.Hardsigmoid)
_GIVE_CODES = (
    *(nn.LSTM, nn.RNN, nn.ReLU, nn.ReLU6, nn.Tanh, nn.Sigmoid, nn.Hardtanh),
    *(QuantRecurrentStackBase, QuantNonLinearActLayer),
)
_PASS_ON = (nn.Dropout, nn.Identity, nn.Flatten, nn.MaxPool1d)


def sharing(node: fx.Node) -> list[fx.Node]:
    """The tensors of a sum, a difference or a join that need one quantizer; of others none."""
    if node.op not in ("call_function", "call_method"):
        return []
    if node.target in (*SUMS, *DIFFERENCES, *REVERSED) and _of_two(node):
        return list(node.all_input_nodes)
    parts = node.all_input_nodes
    several = len(set(map(_layer, parts))) > 1 or any(map(_is_argument, parts))
    return list(parts) if node.target in _JOINS and several else []


def quantized_apart(node: fx.Node, model: nn.Module) -> list[fx.Node]:
    """The float tensors of what takes codes, each of which needs a quantizer of its own."""
    product = node.op != "call_module" and node.target in PRODUCTS and _of_two(node)
    magnitude = node.op != "call_module" and node.target in MAGNITUDES
    if node.op == "output":
        moved = (p for p in node.all_input_nodes if not _is_argument(p) and not _on_host(p, model))
        return [part for part in moved if _is_argument(_source(part, model))]
    layer = _is_call(node, model, nn.LeakyReLU, nn.AvgPool1d)
    if product or magnitude or layer:
        return [part for part in node.all_input_nodes if not _gives_codes(part, model)]
    if _is_call(node, model, nn.BatchNorm1d):  # no scale is a root times another one
        return [p for p in node.all_input_nodes if _is_call(_source(p), model, nn.BatchNorm1d)]
    computes = _is_call(node, model, *_FUNCTIONS, nn.MaxPool1d) or _is_reduction(node)
    computes = computes or _on_host(node, model)
    parts = node.all_input_nodes if computes else []
    return [part for part in parts if _is_argument(_source(part, model))]


def _is_reduction(node: fx.Node) -> bool:
    name = str(getattr(node.target, "__name__", node.target))
    return node.op in ("call_function", "call_method") and name in _REDUCTIONS


def _on_host(node: fx.Node, model: nn.Module) -> bool:
    """Whether it is a function that the host applies."""
    called = node.op in ("call_function", "call_method") and node.target in ON_HOST_CALLS
    return called or _is_call(node, model, nn.Softmax, nn.LogSoftmax)


def _is_argument(source: Any) -> bool:
    """Whether it is an argument of forward(): float, with no quantizer."""
    return isinstance(source, fx.Node) and source.op == "placeholder"


def check_slopes(graph: fx.Graph, model: nn.Module) -> None:
    """Refuse a leaky ReLU whose slope no table takes (GW-109)."""
    for node in graph.nodes:
        if _is_call(node, model, nn.LeakyReLU):
            module: Any = model.get_submodule(str(node.target))
            check_slope(str(node.target), float(module.negative_slope))


def inputs_in_arithmetic(graph: fx.Graph, model: nn.Module) -> list[fx.Node]:
    """Arguments of forward() that constants or a batch normalization meet before any quantizer."""
    sources = (_source(part, model) for node in graph.nodes for part in _affine_of(node, model))
    return list(dict.fromkeys(filter(_is_argument, sources)))


def is_bare(node: fx.Node, model: nn.Module) -> bool:
    """Whether a function that Brevitas has no layer for stands there without a quantizer."""
    return _is_call(node, model, nn.Hardsigmoid, nn.LeakyReLU) and not all(
        _is_call(user, model, qnn.QuantIdentity) for user in node.users
    )


def _is_call(node: fx.Node, model: nn.Module, *kinds: type[nn.Module]) -> bool:
    return node.op == "call_module" and isinstance(model.get_submodule(str(node.target)), kinds)


def _of_two(node: fx.Node) -> bool:
    """Whether both operands are tensors that are computed."""
    return len(node.args) == 2 and all(map(_is_tensor, node.args))


def _affine_of(node: fx.Node, model: nn.Module) -> Iterator[fx.Node]:
    """What a batch normalization, or arithmetic with constants, is given."""
    if _is_call(node, model, nn.BatchNorm1d):
        yield node.all_input_nodes[0]
    elif node.op in ("call_function", "call_method") and node.target in ARITHMETIC:
        tensors = [part for part in node.all_input_nodes if _is_tensor(part)]
        yield from tensors if len(tensors) == 1 else ()


def _is_tensor(argument: Any) -> bool:
    """Whether it is a tensor that is computed, and no shape."""
    if not isinstance(argument, fx.Node) or argument.op == "get_attr":
        return False
    if argument.op == "placeholder" or argument.op == "call_module":
        return True
    if argument.target in (getattr, "size", "dim", "numel") or argument.target in _CONSTANTS:
        return argument.target is getattr and argument.args[1] in ("values", "value", "T", "mT")
    sources = argument.all_input_nodes
    return any(map(_is_tensor, sources))


def _source(node: Any, model: nn.Module | None = None) -> Any:
    """What computes a tensor, behind all that only moves its elements."""
    while isinstance(node, fx.Node) and node.all_input_nodes:
        passes = model is not None and _is_call(node, model, *_PASS_ON)
        name = str(getattr(node.target, "__name__", node.target))
        if node.op == "call_module" and not passes:
            break
        if node.op != "call_module" and (name in _COMPUTES or node.target in ARITHMETIC):
            break
        node = node.all_input_nodes[0]
    return node


def _layer(node: Any) -> Any:
    """The layer that a tensor comes from, and whether it is a cell state of it."""
    source = _source(node)
    if not isinstance(source, fx.Node) or source.op != "call_module":
        return source
    picks = []
    while node is not source:
        if node.target is operator.getitem:
            picks.append(node.args[1])
        node = node.all_input_nodes[0]
    return source.target, picks[-2:] == [1, 1]


def _gives_codes(node: fx.Node, model: nn.Module) -> bool:
    """Whether a tensor lies on the grid of a quantizer that calibration leaves or places there."""
    source = _source(node, model)
    if not isinstance(source, fx.Node) or source.op != "call_module":
        return False
    module = model.get_submodule(str(source.target))
    output = getattr(module, "output_quant", None)
    return isinstance(module, _GIVE_CODES) or (output is not None and is_enabled(output))
