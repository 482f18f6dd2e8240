"""Reads convolutions and pools over time as ``nn.Conv1d``, ``nn.MaxPool1d``, ``nn.AvgPool1d``."""

from __future__ import annotations

from typing import Any

import onnx
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import nn

from gatewright.frontend.onnx.graph import attributes, label, malformed
from gatewright.frontend.onnx.plain.registry import Computed, ModuleReading, reads, unread

_WINDOW = frozenset({"auto_pad", "dilations", "kernel_shape", "pads", "strides"})


@reads("Conv", attributes={*_WINDOW, "group"})
def conv(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """Over time, zeros as padding on either side."""
    x, weight = _rows(ctx, node), ctx.floats(node, 1)
    if weight.ndim != 3:
        raise unread(node, f"it goes over {weight.ndim - 2} axes; only one, time, is read.")
    kernel, stride, dilation, before, after = _window(node, weight.shape[2])
    groups = attributes(node).get("group", 1)
    outputs, inputs, _ = weight.shape
    if inputs * groups != x.shape[1] or outputs % groups:
        raise malformed(label(node), f"its weight {list(weight.shape)} meets {list(x.shape)}.")
    if before != after:
        x = _padded(ctx, x, before, after)
        before = 0
    layer = nn.Conv1d(
        *(x.shape[1], outputs, kernel, stride, before, dilation, groups),
        bias=bool(ctx.name(node, 2)),
    )
    with torch.no_grad():
        layer.weight.copy_(weight)
        if layer.bias is not None:
            layer.bias.copy_(ctx.floats(node, 2))
    span = x.shape[2] + 2 * before - dilation * (kernel - 1) - 1
    call = ctx.module(node, layer, x)
    ctx.values[node.output[0]] = Computed(call, (x.shape[0], outputs, span // stride + 1), 0)


@reads("MaxPool", attributes={*_WINDOW, "ceil_mode", "storage_order"})
def max_pool(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """The maximum of each window."""
    kernel, stride, dilation, before, after = _window(node, None)
    if len(node.output) > 1 and node.output[1]:
        raise unread(node, "its indices cannot be used.")
    _pool(ctx, node, nn.MaxPool1d(kernel, stride, before, dilation), (before, after, dilation))


@reads("AveragePool", attributes={*_WINDOW, "ceil_mode", "count_include_pad"})
def average_pool(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """The mean of each window."""
    kernel, stride, dilation, before, after = _window(node, None)
    counts = bool(attributes(node).get("count_include_pad", 0))
    if dilation != 1:
        raise unread(node, "it has dilations, as no nn.AvgPool1d has.")
    layer = nn.AvgPool1d(kernel, stride, before, count_include_pad=counts or not before)
    _pool(ctx, node, layer, (before, after, 1))


def _pool(
    ctx: ModuleReading, node: onnx.NodeProto, layer: Any, padding: tuple[int, int, int]
) -> None:
    x = _rows(ctx, node)
    before, after, dilation = padding
    if before != after:
        raise unread(node, "its padding differs before and behind.")
    if attributes(node).get("ceil_mode", 0):
        raise unread(node, "it has ceil_mode=1.", "Build the pool with ceil_mode=False.")
    kernel, stride = _one(layer.kernel_size), _one(layer.stride)
    steps = (x.shape[2] + 2 * before - dilation * (kernel - 1) - 1) // stride + 1
    call = ctx.module(node, layer, x)
    ctx.values[node.output[0]] = Computed(call, (x.shape[0], x.shape[1], steps), 0)


def _one(size: Any) -> int:
    return int(size[0]) if isinstance(size, tuple) else int(size)


@reads("GlobalAveragePool", "GlobalMaxPool")
def global_pool(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """Mean or maximum over time, whose axis stays."""
    x = _rows(ctx, node)
    method = "mean" if node.op_type == "GlobalAveragePool" else "amax"
    pooled = ctx.method(x, method, (2,), x.shape[:2], 0)
    ctx.values[node.output[0]] = ctx.method(pooled, "unsqueeze", (2,), (*x.shape[:2], 1), 0)


@reads("Pad", attributes={"mode"})
def pad(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """Steps of zeros before a convolution and behind its input."""
    x, pads = _rows(ctx, node), ctx.integers(node, 1)
    if ctx.name(node, 3):
        raise unread(node, "it names its axes.")
    value = ctx.constant(node, 2) if ctx.name(node, 2) else None
    if attributes(node).get("mode", "constant") != "constant" or (
        value is not None and value.any()
    ):
        raise unread(node, "it pads with other than zeros.", "Pad with zeros: F.pad(x, (2, 0)).")
    if len(pads) != 6 or any(pads[i] for i in (0, 1, 3, 4)) or min(pads) < 0:
        raise unread(node, "it pads other than steps before and behind.")
    ctx.values[node.output[0]] = _padded(ctx, x, pads[2], pads[5])


def _padded(ctx: ModuleReading, x: Computed, before: int, after: int) -> Computed:
    sizes = (*x.shape[:2], x.shape[2] + before + after)
    return ctx.function(F.pad, (x, (before, after)), sizes, 0)


def _rows(ctx: ModuleReading, node: onnx.NodeProto) -> Computed:
    x = ctx.input(node)
    if len(x.shape) != 3 or x.batch != 0 or x.inner != 1:
        raise unread(node, f"its input {list(x.shape)} is no sequence [B, F, T].")
    return x


def _window(node: onnx.NodeProto, kernel: int | None) -> tuple[int, int, int, int, int]:
    """Kernel, stride, dilation, padding before and behind; of one axis."""
    options = attributes(node)
    if options.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise unread(node, f"its auto_pad is {options['auto_pad']}.", "Give padding in numbers.")
    sizes = options.get("kernel_shape", [] if kernel is None else [kernel])
    parts = [sizes, *(options.get(name, [1]) for name in ("strides", "dilations"))]
    pads = options.get("pads", [0, 0])
    if any(not isinstance(p, list) or len(p) != 1 or p[0] < 1 for p in parts) or len(pads) != 2:
        raise unread(node, "its windows go over other than one axis.")
    if min(pads) < 0 or (kernel is not None and sizes != [kernel]):
        raise malformed(label(node), "its kernel or its padding does not fit.")
    return sizes[0], parts[1][0], parts[2][0], pads[0], pads[1]
