"""Reads convolutions and pools over time, and what turns sequences round for them."""

from __future__ import annotations

from typing import Any

import onnx

from gatewright.frontend import emit_windows
from gatewright.frontend.onnx.graph import attributes, label, malformed, unsupported
from gatewright.frontend.onnx.qonnx.cell import bias, weight
from gatewright.frontend.onnx.qonnx.registry import Reading, reads
from gatewright.frontend.spec import ConvSpec, WindowSpec

_WINDOW = frozenset({"auto_pad", "dilations", "kernel_shape", "pads", "strides"})


@reads("Conv", attributes={*_WINDOW, "group"}, weight=(1, ".weight"))
def conv(ctx: Reading, node: onnx.NodeProto) -> None:
    """Over time."""
    where, x = label(node), ctx.input(node)
    if not 2 <= len(node.input) <= 3:
        raise malformed(where, f"it has {len(node.input)} inputs, Conv takes 2 or 3.")
    w = weight(where, ctx.constant(where, node.input[1]), rank=3)
    options = attributes(node)
    groups = options.get("group", 1)
    outputs, _, kernel = w.values.shape
    if not isinstance(groups, int) or groups < 1 or outputs % groups:
        raise malformed(where, f"its {outputs} outputs are not of {groups} groups.")
    b = None
    if len(node.input) > 2 and node.input[2]:
        b = bias(where, ctx.constant(where, node.input[2]), outputs)
    window = _window(node, options)
    if window.kernel != kernel:
        raise malformed(where, f"its kernel_shape is {window.kernel}, its weight has {kernel}.")
    spec = ConvSpec(w, b, window, groups)
    ctx.values[node.output[0]] = emit_windows.conv(ctx.builder, ctx.name(node), x, spec)


@reads("MaxPool", attributes={*_WINDOW, "ceil_mode", "storage_order"})
def max_pool(ctx: Reading, node: onnx.NodeProto) -> None:
    """Over time."""
    window = _window(node, attributes(node))
    if window.dilation > 1 and window.before + window.after:
        raise unsupported(node, "it has padding and dilation.")
    _pool(ctx, node, window)


@reads("AveragePool", attributes={*_WINDOW, "ceil_mode", "count_include_pad"})
def average_pool(ctx: Reading, node: onnx.NodeProto) -> None:
    """Over time."""
    options = attributes(node)
    window = _window(node, options)
    if window.dilation > 1:
        raise unsupported(node, "it has dilations.")
    if window.before + window.after and not options.get("count_include_pad", 0):
        raise unsupported(node, "its padding does not count.")
    _pool(ctx, node, window)


def _pool(ctx: Reading, node: onnx.NodeProto, window: WindowSpec) -> None:
    if attributes(node).get("ceil_mode", 0):
        raise unsupported(node, "it has ceil_mode=1.")
    if len(node.output) != 1:
        raise unsupported(node, "its indices cannot be used.")
    x, name = ctx.input(node), ctx.name(node)
    ctx.values[node.output[0]] = emit_windows.pool(ctx.builder, name, node.op_type, x, window)


def _window(node: onnx.NodeProto, options: dict[str, Any]) -> WindowSpec:
    """The windows of a node over one axis; GW-205 or GW-207 otherwise."""
    if options.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise unsupported(node, f"its auto_pad is {options['auto_pad']}.")
    kernel = _numbers(node, options, "kernel_shape", None, 1)
    strides = _numbers(node, options, "strides", [1], 1)
    dilations = _numbers(node, options, "dilations", [1], 1)
    pads = _numbers(node, options, "pads", [0, 0], 0)
    if len(kernel) != 1 or len(strides) != 1 or len(dilations) != 1 or len(pads) != 2:
        raise unsupported(node, "it has windows over more than one axis.")
    return WindowSpec(kernel[0], strides[0], dilations[0], *pads)


def _numbers(
    node: onnx.NodeProto, options: dict[str, Any], name: str, default: list[int] | None, least: int
) -> list[int]:
    values = options.get(name, default)
    if not isinstance(values, list) or not all(isinstance(v, int) and v >= least for v in values):
        raise malformed(label(node), f"its attribute {name!r} is missing or out of range.")
    return values


@reads("Transpose", attributes={"perm"})
def transpose(ctx: Reading, node: onnx.NodeProto) -> None:
    """Of a sequence; those of weights are folded."""
    x = ctx.input(node)
    perm = attributes(node).get("perm", list(range(len(x.shape)))[::-1])
    if len(x.shape) != 3 or x.stack or sorted(perm) != [0, 1, 2]:
        raise unsupported(node, "only weights and sequences can be transposed.")
    name = ctx.name(node)
    ctx.values[node.output[0]] = emit_windows.transpose(ctx.builder, name, x, perm)
