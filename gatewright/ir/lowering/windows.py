"""Lowerings of what takes windows over time: convolutions and pools; and of turning axes round."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx

from gatewright.errors import GatewrightError
from gatewright.ir import ops
from gatewright.ir.lowering import rounding
from gatewright.ir.lowering.dense import add_constant, multiply
from gatewright.ir.lowering.state import LoweringState
from gatewright.ir.lowering.values import Affine
from gatewright.ir.traced.operands import QuantizedConstant
from gatewright.ir.types import IntArray


def lower_transpose(state: LoweringState, node: onnx.NodeProto) -> None:
    """Nothing: the integer graph has every sequence as [B, T, F]."""
    state.values[node.output[0]] = state.values[node.input[0]]


def lower_conv(state: LoweringState, node: onnx.NodeProto) -> None:
    """Windows, and one matrix for all of their steps."""
    value = state.codes(node, node.input[0])
    weight = state.traced.constant(node.input[1])
    if not isinstance(weight, QuantizedConstant) or weight.values.ndim != 3:
        raise GatewrightError(
            "GW-301",
            where=node.name,
            cause="its weight comes from no quantizer, or is no [outputs, inputs, kernel].",
            remedy="Use QuantConv1d with a weight_quant.",
        )
    a = _attributes(node)
    windows = _windows(state, node, value.name, a, pad=0)
    matrix = replace(weight, values=_matrix(weight.values, int(a.get("group", 1))))
    result = multiply(state, node, replace(value, name=windows), matrix)
    if len(node.input) > 2:
        bias = state.traced.constant(node.input[2])
        if bias is None:
            raise GatewrightError(
                "GW-207",
                where=node.name,
                cause="its bias is not a constant.",
                remedy="Export the model in eval mode.",
            )
        result = add_constant(state, f"{node.name}.bias", result, bias)
    state.values[node.output[0]] = result


def _matrix(weights: IntArray, groups: int) -> IntArray:
    """Weights [N, F / groups, K] as [K * F, N], zero between what no group joins."""
    outputs, inputs, kernel = weights.shape
    matrix = np.zeros((kernel, inputs * groups, outputs), dtype=np.int64)
    rows = outputs // groups
    for group in range(groups):
        there = slice(group * rows, (group + 1) * rows)
        part = weights[there].transpose(2, 1, 0)
        matrix[:, group * inputs : (group + 1) * inputs, there] = part
    return matrix.reshape(kernel * inputs * groups, outputs)


def lower_max_pool(state: LoweringState, node: onnx.NodeProto) -> None:
    """The largest integer of each window; what stands for steps outside is never larger."""
    value = state.number(node, node.input[0])
    a = _attributes(node)
    least = state.graph[value.name].type.lo
    windows = _windows(state, node, value.name, a, pad=least)
    name = _groups(state, node, ops.GROUP_MAX, windows, a)
    state.values[node.output[0]] = replace(value, name=name)


def lower_average(state: LoweringState, node: onnx.NodeProto) -> None:
    """The sum of each window, each unit of which is worth 1 / K of one before."""
    a = _attributes(node)
    pads = any(a.get("pads", ()))
    value = state.codes(node, node.input[0]) if pads else state.number(node, node.input[0])
    windows = _windows(state, node, value.name, a, pad=0)
    name = _groups(state, node, ops.GROUP_SUM, windows, a)
    kernel = int(a["kernel_shape"][0])
    state.values[node.output[0]] = replace(
        value,
        name=name,
        scales=tuple(s / kernel for s in value.scales),
        path=rounding.mean(_reaching(state, value, windows), kernel),
        quantizer=None,
    )


def _reaching(state: LoweringState, value: Affine, windows: str) -> rounding.FloatPath:
    """How float32 arrives at a value of a window, which may be one of the padding."""
    type_ = state.graph[windows].type
    lo, hi = ((min(n, 0) for n in value.path.lo), (max(n, 0) for n in value.path.hi))
    within = type_.lo <= 0 <= type_.hi
    return replace(value.path, lo=tuple(lo), hi=tuple(hi)) if within else value.path


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def _windows(
    state: LoweringState, node: onnx.NodeProto, source: str, a: dict[str, Any], pad: int
) -> str:
    """The windows of a ``Conv`` or pool; the sequence itself where each is one step of it."""
    kernel, stride = int(a["kernel_shape"][0]), int(a.get("strides", [1])[0])
    before, after = map(int, a.get("pads", [0, 0]))
    if (kernel, stride, before, after) == (1, 1, 0, 0):
        return source
    name = f"{node.name}.windows"
    return state.graph.add(
        ops.WINDOW,
        [source],
        [name],
        name=name,
        kernel=kernel,
        stride=stride,
        dilation=int(a.get("dilations", [1])[0]),
        before=before,
        after=after,
        pad=pad,
    )


def _groups(
    state: LoweringState, node: onnx.NodeProto, op: Any, windows: str, a: dict[str, Any]
) -> str:
    kernel = int(a["kernel_shape"][0])
    return state.graph.add(op, [windows], [f"{node.name}.pool"], name=node.name, kernel=kernel)
