"""Reads matrices and batch normalization as ``nn.Linear`` and ``nn.BatchNorm1d``."""

from __future__ import annotations

from typing import Any

import onnx
import torch
from torch import nn

from gatewright.frontend.onnx.graph import attributes, label, malformed
from gatewright.frontend.onnx.plain.registry import Computed, ModuleReading, reads, unread
from gatewright.frontend.torch.remedies import of_function


@reads("Gemm", attributes={"alpha", "beta", "transA", "transB"})
def gemm(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """A linear layer."""
    options = attributes(node)
    scaled = options.get("alpha", 1.0) != 1.0 or options.get("beta", 1.0) != 1.0
    if options.get("transA", 0) or scaled:
        raise unread(node, "it turns its input round, or scales a product.")
    weight = ctx.floats(node, 1)
    if weight.ndim != 2:
        raise malformed(label(node), f"its matrix has shape {list(weight.shape)}.")
    weight = weight if options.get("transB", 0) else weight.T
    bias = ctx.floats(node, 2) if ctx.name(node, 2) else None
    _linear(ctx, node, ctx.input(node), weight, bias, node.output[0])


@reads("MatMul")
def matmul(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """A linear layer, with the bias that is added behind it."""
    if not ctx.is_constant(node, 1):
        raise unread(node, "it multiplies two activations.", of_function("matmul"))
    if ctx.is_constant(node, 0):
        raise unread(node, "its input has to be the first of its factors.")
    weight = ctx.floats(node, 1)
    if weight.ndim != 2:
        raise unread(node, f"its matrix has shape {list(weight.shape)}.")
    add = _bias_behind(ctx, node, weight.shape[1])
    if add is None:
        _linear(ctx, node, ctx.input(node), weight.T, None, node.output[0])
    else:
        bias = ctx.floats(add[0], add[1])
        _linear(ctx, node, ctx.input(node), weight.T, bias, add[0].output[0])


def _bias_behind(
    ctx: ModuleReading, node: onnx.NodeProto, outputs: int
) -> tuple[onnx.NodeProto, int] | None:
    """The ``Add`` of a bias, and which of its inputs that is."""
    users = ctx.graph.consumers(node.output[0])
    if len(users) != 1 or users[0].op_type != "Add" or node.output[0] in ctx.graph.outputs:
        return None
    for index in (0, 1):
        other = ctx.name(users[0], 1 - index) == node.output[0]
        if other and ctx.is_constant(users[0], index):
            shape = ctx.constant(users[0], index).shape
            return (users[0], index) if shape == (outputs,) else None
    return None


def _linear(
    ctx: ModuleReading,
    node: onnx.NodeProto,
    x: Computed,
    weight: torch.Tensor,
    bias: Any,
    output: str,
) -> None:
    outputs, inputs = weight.shape
    if x.shape[-1] != inputs or x.batch == len(x.shape) - 1:
        raise malformed(label(node), f"its matrix of {inputs} columns meets {list(x.shape)}.")
    layer = nn.Linear(inputs, outputs, bias=bias is not None)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            if bias.numel() not in (1, outputs):
                raise malformed(label(node), f"its bias has shape {list(bias.shape)}.")
            layer.bias.copy_(bias.reshape(-1))
    call = ctx.module(node, layer, x)
    ctx.values[output] = Computed(call, (*x.shape[:-1], outputs), x.batch, x.inner)


@reads("BatchNormalization", attributes={"epsilon", "momentum", "training_mode", "spatial"})
def batch_norm(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """With its running statistics."""
    x, options = ctx.input(node), attributes(node)
    if options.get("training_mode", 0):
        raise unread(node, "it is in training mode.", "Call model.eval() before the export.")
    if len(x.shape) not in (2, 3) or x.batch != 0 or x.inner != 1:
        raise unread(node, f"its input {list(x.shape)} is neither [B, F] nor [B, F, T].")
    layer = nn.BatchNorm1d(x.shape[1], eps=float(options.get("epsilon", 1e-5)))
    parts = (layer.weight, layer.bias, layer.running_mean, layer.running_var)
    with torch.no_grad():
        for index, part in enumerate(parts, start=1):
            values = ctx.floats(node, index)
            if values.shape != part.shape:
                raise malformed(label(node), f"its input {index} is no row of {x.shape[1]}.")
            part.copy_(values)
    ctx.values[node.output[0]] = Computed(ctx.module(node, layer, x), x.shape, x.batch)
