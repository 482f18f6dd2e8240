"""Reads activation functions, sums and products, and what goes over an axis."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name

from gatewright.frontend.onnx.graph import attributes, label, malformed
from gatewright.frontend.onnx.plain.registry import Computed, ModuleReading, reads, unread

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Relu": torch.relu,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
}


@reads(*_FUNCTIONS)
def function(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """A function of each element."""
    ctx.values[node.output[0]] = ctx.alike(ctx.input(node), _FUNCTIONS[node.op_type])


@reads("LeakyRelu", attributes={"alpha"})
def leaky_relu(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """``F.leaky_relu``."""
    slope = float(attributes(node).get("alpha", 0.01))
    ctx.values[node.output[0]] = ctx.alike(ctx.input(node), F.leaky_relu, slope)


@reads("HardSigmoid", attributes={"alpha", "beta"})
def hardsigmoid(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """torch's, of slope 1/6."""
    options = attributes(node)
    slope, middle = options.get("alpha", 0.2), options.get("beta", 0.5)
    if abs(slope * 6 - 1) > 1e-6 or middle != 0.5:
        raise unread(node, f"its slope is {slope:.4g}, and torch's hardsigmoid has 1/6.")
    ctx.values[node.output[0]] = ctx.alike(ctx.input(node), F.hardsigmoid)


@reads("Clip")
def clip(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """``F.hardtanh`` between two numbers; ``torch.relu`` from 0 on."""
    if ctx.name(node, 1) and not ctx.name(node, 2) and not ctx.floats(node, 1).any():
        ctx.values[node.output[0]] = ctx.alike(ctx.input(node), torch.relu)
        return
    if not (ctx.name(node, 1) and ctx.name(node, 2)):
        raise unread(
            node, "it has one bound only.", "Clamp between two, x.clamp(-a, a), or from 0 on."
        )
    low, high = (float(ctx.floats(node, index)) for index in (1, 2))
    ctx.values[node.output[0]] = ctx.alike(ctx.input(node), F.hardtanh, low, high)


@reads("Max")
def maximum(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """``torch.relu``: what the newer exporter makes of ``x.clamp(min=0)``."""
    zeros = [i for i in range(len(node.input)) if ctx.is_constant(node, i)]
    if len(node.input) != 2 or len(zeros) != 1 or ctx.floats(node, zeros[0]).any():
        raise unread(
            node,
            "it is the maximum of other things than a tensor and 0.",
            "Use torch.relu, or over time out.amax(dim=1).",
        )
    ctx.values[node.output[0]] = ctx.alike(ctx.input(node, 1 - zeros[0]), torch.relu)


@reads("Softmax", "LogSoftmax", attributes={"axis"})
def softmax(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """Along one axis."""
    x = ctx.input(node)
    newer = ctx.graph.opset >= 13
    axis = x.axis(attributes(node).get("axis", -1 if newer else 1))
    if axis == x.batch or not (newer or axis == len(x.shape) - 1):
        raise unread(node, "it does not go along the features.", "Write softmax(y, dim=-1).")
    call = torch.softmax if node.op_type == "Softmax" else torch.log_softmax
    ctx.values[node.output[0]] = ctx.alike(x, call, axis - len(x.shape))


_BINARY: dict[str, Callable[..., Any]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mul": operator.mul,
    "Div": operator.truediv,
}


@reads(*_BINARY)
def binary(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """Of two tensors, or of one and a constant."""
    if node.output[0] in ctx.values:  # a bias, which is read with its matrix
        return
    if len(node.input) != 2:
        raise malformed(label(node), "it has not two inputs.")
    constant = next((i for i in (0, 1) if ctx.is_constant(node, i)), None)
    x = ctx.input(node, 0 if constant is None else 1 - constant)
    y: Any = ctx.input(node, 1) if constant is None else _constant(ctx, node, constant, x)
    if isinstance(y, Computed):
        if x.batch - len(x.shape) != y.batch - len(y.shape) or x.inner != y.inner:
            raise unread(node, "its two inputs have their batches in different axes.")
        shape = np.broadcast_shapes(x.shape, y.shape)
        batch = x.batch + len(shape) - len(x.shape)
    else:
        shape, batch = x.shape, x.batch
    args = (y, x) if constant == 0 else (x, y)
    call = _BINARY[node.op_type]
    ctx.values[node.output[0]] = ctx.function(call, args, shape, batch, x.inner)


def _constant(ctx: ModuleReading, node: onnx.NodeProto, index: int, x: Computed) -> Any:
    """A constant operand: a number, or an array that is the same for each sequence."""
    values = ctx.floats(node, index)
    if values.numel() == 1:
        return float(values)
    if values.ndim > len(x.shape) or np.broadcast_shapes(x.shape, values.shape) != x.shape:
        raise unread(node, f"its constant {list(values.shape)} repeats {list(x.shape)}.")
    axis = x.batch - len(x.shape) + values.ndim
    if axis >= 0 and values.shape[axis] > 1:
        first = values.narrow(axis, 0, 1)
        if x.inner != 1 or bool((values != first).any()):
            raise unread(node, "its constant differs from sequence to sequence.")
        values = first
    return ctx.buffer(node, values.clone())


_REDUCTIONS = {"ReduceMean": "mean", "ReduceSum": "sum", "ReduceMax": "amax", "ReduceMin": "amin"}


@reads(*_REDUCTIONS, attributes={"axes", "keepdims", "noop_with_empty_axes"})
def reduce(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """Mean, sum, maximum or minimum over one axis."""
    x, axes = ctx.input(node), ctx.axes(node)
    if axes is None or len(axes) != 1 or x.axis(axes[0]) == x.batch:
        raise unread(node, "it goes over the batch, or over several axes.", "Reduce time: dim=1.")
    axis = x.axis(axes[0])
    sizes = [*x.shape[:axis], *x.shape[axis + 1 :]]
    batch = x.batch - (axis < x.batch)
    result = ctx.method(x, _REDUCTIONS[node.op_type], (axis,), sizes, batch)
    if attributes(node).get("keepdims", 1):
        kept = [*x.shape[:axis], 1, *x.shape[axis + 1 :]]
        result = ctx.method(result, "unsqueeze", (axis,), kept, x.batch)
    ctx.values[node.output[0]] = result


@reads("ArgMax", attributes={"axis", "keepdims", "select_last_index"})
def argmax(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """The class of the largest score, the first of equals."""
    x, options = ctx.input(node), attributes(node)
    axis = x.axis(options.get("axis", 0))
    if axis == x.batch or options.get("keepdims", 1) or options.get("select_last_index", 0):
        raise unread(node, "it is no argmax of features.", "Write y.argmax(dim=-1).")
    sizes = [*x.shape[:axis], *x.shape[axis + 1 :]]
    call = ctx.method(x, "argmax", (axis - len(x.shape),), sizes, x.batch - (axis < x.batch))
    ctx.values[node.output[0]] = call
