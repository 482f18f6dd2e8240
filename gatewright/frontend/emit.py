"""The layers of the traced graph; torch modules and ONNX files both come through here."""

from __future__ import annotations

import dataclasses

import numpy as np

from gatewright.errors import GatewrightError
from gatewright.frontend.builder import GraphBuilder
from gatewright.frontend.spec import CellSpec, Layout, LinearSpec, QuantSpec, Value
from gatewright.ir.traced.vocabulary import CELL_QUANTIZERS, GATES, narrow_attribute


def quantize(builder: GraphBuilder, name: str, x: Value, spec: QuantSpec) -> Value:
    """``Quant`` on an activation."""
    out = builder.quant(name, x.name, spec)
    return dataclasses.replace(x, name=out, grid=spec)


def relu(builder: GraphBuilder, name: str, x: Value) -> Value:
    """``Relu``; the result is off any grid until it is quantized."""
    out = builder.node("Relu", name, [x.name])[0]
    return dataclasses.replace(x, name=out, grid=None)


def check_sequence(where: str, x: Value, input_size: int, batch_first: bool) -> None:
    """Check x against an LSTM layer; GW-106 if rank, features or a known layout differ."""
    axes = "[B, T, I]" if batch_first else "[T, B, I]"
    if len(x.shape) != 3 or x.shape[2] != input_size:
        raise GatewrightError(
            "GW-106",
            where=where,
            cause=f"its input has shape {list(x.shape)}, but it takes {axes} with "
            f"I = {input_size}.",
            remedy=f"give an input of rank 3 with {input_size} features; one sequence needs a "
            "batch axis of 1.",
        )
    if x.layout is not None and x.layout.batch_first != batch_first:
        raise GatewrightError(
            "GW-109",
            where=where,
            cause=f"it takes {axes}, the layer before it gives the other layout.",
            remedy="use the same batch_first in all recurrent layers.",
        )


def lstm_cell(builder: GraphBuilder, name: str, x: Value, cell: CellSpec) -> Value:
    """One LSTM layer: quantized weights and biases, zero initial state, ``QuantLSTMCell``.

    Args:
        builder: Where the nodes go.
        name: Name of the cell node.
        x: Quantized input, [B, T, I] or [T, B, I].
        cell: The layer.

    Returns:
        The hidden states, in the layout of x.

    Raises:
        GatewrightError: GW-106 or GW-109 where x does not fit, GW-301 where it is not quantized.
    """
    check_sequence(name, x, cell.input_size, cell.batch_first)
    if x.grid is None:
        raise GatewrightError(
            "GW-301",
            where=name,
            cause="its input is not quantized.",
            remedy="give the layer its io_quant, or a QuantIdentity before it.",
        )
    layout = Layout(cell.batch_first)
    batch = x.shape[layout.batch_axis]
    state = np.zeros((batch, cell.hidden_size), dtype=np.float32)
    inputs = [x.name, builder.initializer(f"{name}.h0", state)]
    inputs += [builder.initializer(f"{name}.c0", state), *_gate_inputs(builder, name, cell)]
    for quantizer in CELL_QUANTIZERS:
        inputs += builder.quant_inputs(f"{name}.{quantizer}_", cell.quantizers[quantizer])
    outputs = builder.node("QuantLSTMCell", name, inputs, 3, **_cell_attributes(cell))
    shape = (*x.shape[:2], cell.hidden_size)
    return Value(outputs[0], shape, cell.quantizers["output"], layout)


def _gate_inputs(builder: GraphBuilder, name: str, cell: CellSpec) -> list[str]:
    weights, recurrents, biases = [], [], []
    for gate in GATES:
        spec = cell.gates[gate]
        prefix = f"{name}.{gate}_gate_params"
        weights.append(
            builder.parameter(
                f"{prefix}.input_weight.weight", f"{prefix}.input_weight", spec.weight
            )
        )
        recurrents.append(
            builder.parameter(
                f"{prefix}.hidden_weight.weight", f"{prefix}.hidden_weight", spec.recurrent
            )
        )
        biases.append(builder.parameter(f"{prefix}.bias", f"{prefix}.bias_quant", spec.bias))
    return weights + recurrents + biases


def _cell_attributes(cell: CellSpec) -> dict[str, int | str]:
    attributes: dict[str, int | str] = {
        "batch_first": int(cell.batch_first),
        "reverse_input": int(cell.reverse_input),
        "cifg": int(cell.cifg),
    }
    for quantizer in CELL_QUANTIZERS:
        spec = cell.quantizers[quantizer]
        attributes[narrow_attribute(quantizer)] = int(spec.narrow)
        attributes[f"{quantizer}_signed"] = int(spec.signed)
        attributes[f"{quantizer}_rounding_mode"] = spec.rounding
    return attributes


def linear(builder: GraphBuilder, name: str, x: Value, spec: LinearSpec) -> Value:
    """``Quant(weight) -> Transpose -> MatMul -> Add(bias)`` on the last axis of x.

    Raises:
        GatewrightError: GW-106 where the features differ, GW-301 where x is not quantized.
    """
    rows, columns = spec.weight.values.shape
    if x.shape[-1] != columns:
        raise GatewrightError(
            "GW-106",
            where=name,
            cause=f"its input has {x.shape[-1]} features, but it takes {columns}.",
            remedy="make the layer's in_features match its input.",
        )
    if x.grid is None:
        raise GatewrightError(
            "GW-301",
            where=name,
            cause="its input is not quantized.",
            remedy="give the layer an input_quant, or put a QuantIdentity or QuantReLU before it.",
        )
    weight = builder.parameter(f"{name}.weight", f"{name}.weight_quant", spec.weight)
    weight = builder.node("Transpose", f"{name}.weight_transpose", [weight], perm=[1, 0])[0]
    out = builder.node("MatMul", name, [x.name, weight])[0]
    if spec.bias is not None:
        bias = builder.parameter(f"{name}.bias", f"{name}.bias_quant", spec.bias)
        out = builder.node("Add", f"{name}.bias", [out, bias])[0]
    return Value(out, (*x.shape[:-1], rows), None, x.layout)


def select_last(builder: GraphBuilder, name: str, x: Value) -> Value:
    """``Gather`` of the last time step: [B, T, F] or [T, B, F] to [B, F]."""
    if x.layout is None:
        raise ValueError(f"{name}: the time axis of {x.name} is not known")
    axis = x.layout.time_axis
    index = builder.initializer(f"{name}.index", np.array(-1, dtype=np.int64))
    out = builder.node("Gather", name, [x.name, index], axis=axis)[0]
    return Value(out, (x.shape[x.layout.batch_axis], x.shape[2]), x.grid)


def flatten(builder: GraphBuilder, name: str, x: Value) -> Value:
    """``Flatten`` from axis 1 on of [B, F] or [B, T, F].

    Raises:
        GatewrightError: GW-108 where axis 0 is not known to be the batch.
    """
    if len(x.shape) == 3 and (x.layout is None or not x.layout.batch_first):
        raise GatewrightError(
            "GW-108",
            where=name,
            cause="Flatten needs a tensor [B, T, F] from a batch_first recurrent layer, or [B, F].",
            remedy="use batch_first=True in the recurrent layer.",
        )
    out = builder.node("Flatten", name, [x.name], axis=1)[0]
    return Value(out, (x.shape[0], int(np.prod(x.shape[1:]))), x.grid)
