"""Lowerings of activations and batch normalization, and of the quantizer that takes them in."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import onnx

from gatewright.errors import GatewrightError
from gatewright.ir import ops
from gatewright.ir.exact import inverse_root
from gatewright.ir.functions import BY_OP
from gatewright.ir.lowering import rounding
from gatewright.ir.lowering.state import LoweringState, look_up, requantize
from gatewright.ir.lowering.values import Affine
from gatewright.ir.quantizer import Quantizer, Scales
from gatewright.ir.traced.layouts import CHANNELS_FIRST

_TABLE_BITS = 16
"""Codes of more bits get thresholds instead of a table."""


def lower_relu(state: LoweringState, node: onnx.NodeProto) -> None:
    """Left to the next quantizer, whose thresholds take it in."""
    value = state.affine(node, node.input[0])
    if value.function is not None:
        value = state.number(node, node.input[0])
    state.values[node.output[0]] = replace(value, relu=True, quantizer=None)


def lower_function(state: LoweringState, node: onnx.NodeProto) -> None:
    """A non-linearity, left to the next quantizer too, whose table or thresholds take it in."""
    value = state.number(node, node.input[0])
    state.values[node.output[0]] = replace(value, function=BY_OP[node.op_type])


def quantize(state: LoweringState, value: Affine, output: str, quantizer: Quantizer) -> str:
    """The codes of a value, with what waits for its quantizer applied before."""
    tabled = value.quantizer is not None and state.graph[value.name].type.bits <= _TABLE_BITS
    if value.function is not None and tabled:
        return look_up(
            state.graph,
            value.name,
            output,
            value.function,
            quantizer,
            value.scales[0],
            log=state.roundings,
            runtime=True,
        )
    return requantize(
        state.graph,
        value.name,
        output,
        quantizer,
        value.scales,
        value.offsets,
        relu=value.relu,
        function=value.function,
        kind="requantize" if value.path.relative else "accumulator",
        path=value.path,
        log=state.roundings,
    )


def lower_batch_norm(state: LoweringState, node: onnx.NodeProto) -> None:
    """Folded into scales and offsets; a negative weight turns its channel round, 0 empties it."""
    value = state.number(node, node.input[0])
    sequence = len(state.graph[value.name].shape) == 3
    if (sequence and state.axes(node.input[0]) != CHANNELS_FIRST) or value.normalized:
        raise GatewrightError(
            "GW-301",
            where=node.name,
            cause="it normalizes another batch normalization that is not quantized."
            if value.normalized
            else "it normalizes a sequence.",
            remedy="Put a QuantIdentity between the two."
            if value.normalized
            else "Normalize the last step, or every step: norm(out.transpose(1, 2)).",
        )
    weight, bias, mean, variance = (_rationals(state, node, name) for name in node.input[1:5])
    attribute = next((a.f for a in node.attribute if a.name == "epsilon"), 1e-5)
    epsilon = Fraction(float(np.float32(attribute)))
    roots = [inverse_root(v + epsilon) for v in variance]
    gains = [w * r for w, r in zip(weight, roots, strict=True)]
    signs = np.array([(g > 0) - (g < 0) for g in gains], dtype=np.int64)
    channels = range(len(gains))
    shifts = [bias[c] - mean[c] * gains[c] for c in channels]
    name = value.name
    if (signs != 1).any():
        constant = state.graph.add_constant(f"{node.name}.signs", signs)
        name = state.graph.add(ops.MUL, [name, constant], [f"{node.name}.signed"], name=node.name)
    path = rounding.normalize(
        value.path,
        signs,
        tuple(abs(g) for g in gains),
        tuple(abs(bias[c]) + abs(mean[c] * gains[c]) for c in channels),
        tuple(abs(f) for f in (*weight, *roots, *gains, *(v + epsilon for v in variance))),
    )
    state.values[node.output[0]] = Affine(
        name,
        # A channel of weight 0 holds zeros, whatever they are worth.
        tuple(_item(value.scales, c) * (abs(gains[c]) or 1) for c in channels),
        path,
        tuple(_item(value.offsets, c) * gains[c] + shifts[c] for c in channels),
        normalized=True,
    )


def _rationals(state: LoweringState, node: onnx.NodeProto, name: str) -> Scales:
    values = state.traced.initializers.get(name)
    if values is None:
        raise GatewrightError(
            "GW-207",
            where=node.name,
            cause=f"its parameter {name} is not a constant.",
            remedy="Export the model in eval mode.",
        )
    return tuple(Fraction(float(v)) for v in values)


def _item(values: Scales, channel: int) -> Fraction:
    return values[channel % len(values)]
