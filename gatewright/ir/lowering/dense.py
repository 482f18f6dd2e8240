"""Lowerings of everything around the recurrent layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx

from gatewright.errors import GatewrightError
from gatewright.ir import ops
from gatewright.ir.lowering import rounding
from gatewright.ir.lowering.activations import quantize
from gatewright.ir.lowering.arithmetic import lower_sum
from gatewright.ir.lowering.selection import take, take_last
from gatewright.ir.lowering.state import LoweringState
from gatewright.ir.lowering.values import Affine, FloatInput, Stack
from gatewright.ir.quantizer import InputBoundary, Quantizer
from gatewright.ir.traced.cell_spec import split_bias
from gatewright.ir.traced.layouts import BATCH_FIRST
from gatewright.ir.traced.operands import Operand, QuantizedConstant


def lower_quant(state: LoweringState, node: onnx.NodeProto) -> None:
    """The first quantizer becomes the input boundary, every other one a MultiThreshold."""
    quantizer = state.traced.quantizer(node)
    source = state.values.get(node.input[0])
    if isinstance(source, FloatInput):
        name = _lower_input(state, source, quantizer)
        if source.taken is not None:
            name = take(state, f"{node.name}.steps", name, source.taken)
        elif source.last:
            name = take_last(state, f"{node.name}.steps", name)
    else:
        value = state.affine(node, node.input[0])
        name = quantize(state, value, f"{node.name}.out", quantizer)
    path = rounding.codes(state.graph[name].type, quantizer.scales[0])
    state.values[node.output[0]] = Affine(name, quantizer.scales, path, quantizer=quantizer)


def _lower_input(state: LoweringState, source: FloatInput, quantizer: Quantizer) -> str:
    """An input of the integer graph; equal quantizers of one argument share it."""
    sequence = source.argument in state.sequences
    argument = state.traced.graph.input[source.argument].name
    if not sequence and source.index is None and len(state.shapes[source.argument]) != 2:
        raise GatewrightError(
            "GW-301",
            where=argument,
            cause="a quantizer reads all of its states [N, B, H] at once.",
            remedy="Leave quantizing initial states to the layer, or select one first: h[0].",
        )
    for known in state.inputs:
        if (known.argument, known.index, known.quantizer) == (
            source.argument,
            source.index,
            quantizer,
        ):
            return known.tensor
    stem = argument + ("" if source.index is None else f"_{source.index}")
    count = sum(known.tensor.startswith(f"{stem}_int") for known in state.inputs)
    name = f"{stem}_int" + (f"_{count}" if count else "")
    sizes = state.shapes[source.argument]
    features = sizes[state.axes(argument).index("F")] if sequence else sizes[-1]
    shape = ("B", "T", features) if sequence else ("B", features)
    layout = state.boundary_layout(argument, sequence)
    state.inputs.append(InputBoundary(name, source.argument, source.index, quantizer, **layout))
    return state.graph.add_input(name, quantizer.type, shape)


def lower_matmul(state: LoweringState, node: onnx.NodeProto) -> None:
    """A product with a quantized weight matrix."""
    value = state.codes(node, node.input[0])
    weight = state.traced.constant(node.input[1])
    if not isinstance(weight, QuantizedConstant):
        raise GatewrightError(
            "GW-301",
            where=node.name,
            cause="its weight comes from no quantizer.",
            remedy="Use QuantLinear with a weight_quant.",
        )
    state.values[node.output[0]] = multiply(state, node, value, weight)


def multiply(
    state: LoweringState, node: onnx.NodeProto, value: Affine, weight: QuantizedConstant
) -> Affine:
    """Codes [..., K] times a matrix [K, N]."""
    w = state.graph.add_constant(f"{node.name}.weight", weight.values)
    name = state.graph.add(ops.MATMUL, [value.name, w], [f"{node.name}.product"], name=node.name)
    scales = tuple(s * value.scales[0] for s in weight.scales)
    path = rounding.dot_product(
        state.graph[value.name].type, weight.values, scales, value.scales[0]
    )
    return Affine(name, scales, path)


def lower_add(state: LoweringState, node: onnx.NodeProto) -> None:
    """A bias: its integer part is added, what is left waits for the next quantizer."""
    constants = [state.traced.constant(i) for i in node.input]
    if constants[0] is None and constants[1] is None:
        lower_sum(state, node, ops.ADD)
        return
    if constants[0] is not None and constants[1] is not None:
        raise GatewrightError(
            "GW-205",
            where=node.name,
            cause="it adds two constants.",
            remedy="Export the model with constants folded.",
        )
    position = 0 if constants[1] is None else 1
    bias = constants[position]
    assert bias is not None
    value = state.number(node, node.input[1 - position])
    state.values[node.output[0]] = add_constant(state, node.name, value, bias)


def add_constant(state: LoweringState, node: str, value: Affine, bias: Operand) -> Affine:
    """A value plus a constant of each feature, as a node of that name."""
    features = state.graph[value.name].shape[-1]
    assert isinstance(features, int)
    integers, residues = split_bias(bias, value.scales, features)
    name = value.name
    if np.any(integers):
        constant = state.graph.add_constant(f"{node}.bias", integers)
        name = state.graph.add(ops.ADD, [name, constant], [f"{node}.sum"], name=node)
    channels = max(len(value.offsets), len(residues))
    offsets = tuple(
        value.offsets[c % len(value.offsets)] + residues[c % len(residues)] for c in range(channels)
    )
    path = rounding.add_bias(value.path, integers, value.scales, residues)
    return replace(value, name=name, path=path, offsets=offsets, quantizer=None)


def lower_flatten(state: LoweringState, node: onnx.NodeProto) -> None:
    """Nothing for one step; the whole sequence side by side otherwise."""
    value = state.affine(node, node.input[0])
    if len(state.graph[value.name].shape) == 2:
        state.values[node.output[0]] = value
        return
    known = state.axes(node.input[0]) == BATCH_FIRST
    if not known or len(value.scales) > 1 or len(value.offsets) > 1:
        raise GatewrightError(
            "GW-205",
            where=node.name,
            cause="it flattens a time-major or unquantized sequence.",
            remedy="Use batch_first=True and flatten the output of a quantizer.",
        )
    state.fixed_steps = True
    name = state.graph.add(
        ops.FLATTEN, [value.name], [f"{node.name}.flat"], name=node.name, steps=state.steps
    )
    path = rounding.repeat(value.path, state.steps_of(value.name))
    state.values[node.output[0]] = replace(value, name=name, path=path)


def lower_concat(state: LoweringState, node: onnx.NodeProto) -> None:
    """Features side by side, or states one after the other (axis 0, for the output only)."""
    axis = next(a.i for a in node.attribute if a.name == "axis")
    values = [state.values.get(name) for name in node.input]
    if axis == 0 and all(isinstance(value, Stack) for value in values):
        items = tuple(i for value in values if isinstance(value, Stack) for i in value.items)
        _check_alike(node, list(items))
        state.values[node.output[0]] = Stack(items)
        return
    parts = [state.codes(node, name) for name in node.input]
    _check_alike(node, parts)
    name = state.graph.add(
        ops.CONCAT, [part.name for part in parts], [f"{node.name}.joined"], name=node.name
    )
    path = rounding.codes(state.graph[name].type, parts[0].scales[0])
    state.values[node.output[0]] = replace(parts[0], name=name, path=path)


def _check_alike(node: onnx.NodeProto, parts: list[Affine]) -> None:
    kinds = {(p.scales, p.quantizer.zero_point if p.quantizer else None) for p in parts}
    if len(kinds) > 1:
        raise GatewrightError(
            "GW-301",
            where=node.name,
            cause="it joins tensors whose quantizers have different scales or zero points.",
            remedy="Share one quantizer between them, or put the same QuantIdentity after each.",
        )


def lower_unsqueeze(state: LoweringState, node: onnx.NodeProto) -> None:
    """A state [B, H] as [1, B, H], which only the output may be."""
    state.values[node.output[0]] = Stack((state.codes(node, node.input[0]),))


def lower_identity(state: LoweringState, node: onnx.NodeProto) -> None:
    """A tensor that is an output twice."""
    state.values[node.output[0]] = state.values[node.input[0]]
