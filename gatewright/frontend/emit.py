"""The layers of the traced graph; torch modules and ONNX files both come through here."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from gatewright.errors import GatewrightError
from gatewright.frontend.builder import GraphBuilder
from gatewright.frontend.spec import (
    BatchNormSpec,
    LayerSpec,
    Layout,
    LinearSpec,
    QuantSpec,
    Value,
)
from gatewright.ir.functions import BY_OP
from gatewright.ir.steps import Taken
from gatewright.ir.traced.vocabulary import narrow_attribute


def quantize(builder: GraphBuilder, name: str, x: Value, spec: QuantSpec) -> Value:
    """``Quant`` on an activation."""
    out = builder.quant(name, x.name, spec)
    return dataclasses.replace(x, name=out, grid=spec)


def activation(builder: GraphBuilder, name: str, op: str, x: Value) -> Value:
    """``Relu`` or a non-linearity; the result is off any grid until it is quantized."""
    attributes = BY_OP[op].attributes if op in BY_OP else {}
    out = builder.node(op, name, [x.name], 1, **attributes)[0]
    return dataclasses.replace(x, name=out, grid=None, quant_tensor=False)


def batch_norm(builder: GraphBuilder, name: str, x: Value, spec: BatchNormSpec) -> Value:
    """``BatchNormalization`` of a matrix [B, F], or of a sequence, between two ``Transpose``.

    Raises:
        GatewrightError: GW-106 where x has another shape, GW-109 where a variance is not positive.
    """
    features = spec.mean.size
    layout = Layout(True, True) if x.layout is None and len(x.shape) == 3 else x.layout
    of_channels = layout is not None and layout.channels_first and x.shape[1] == features
    if x.shape[1:] != (features,) and not of_channels:
        if len(x.shape) == 3 and features in x.shape[1:]:
            raise _of_steps(name, x.shape)
        raise GatewrightError(
            "GW-106",
            where=name,
            cause=f"its input has shape {list(x.shape)}, but it takes [B, F] or [B, F, T] with "
            f"F = {features}.",
            remedy="Normalize the last time step, or every step: norm(out.transpose(1, 2)).",
        )
    if np.any(spec.variance.astype(np.float64) + np.float32(spec.epsilon) <= 0):
        raise GatewrightError(
            "GW-109",
            where=name,
            cause="a running variance plus eps is not positive.",
            remedy="Train the model again or load a sound checkpoint.",
        )
    constants = {
        "weight": spec.weight,
        "bias": spec.bias,
        "running_mean": spec.mean,
        "running_var": spec.variance,
    }
    inputs = [builder.initializer(f"{name}.{key}", values) for key, values in constants.items()]
    epsilon = float(np.float32(spec.epsilon))
    out = builder.node("BatchNormalization", name, [x.name, *inputs], epsilon=epsilon)[0]
    return Value(out, x.shape, None, layout)


def over_time(builder: GraphBuilder, name: str, op: str, x: Value) -> Value:
    """``ReduceMean``, ``ReduceSum``, ``ReduceMax`` or ``ReduceMin`` over time, to [B, F]."""
    if x.layout is None:
        raise ValueError(f"{name}: the time axis of {x.name} is not known")
    axes = builder.initializer(f"{name}.axes", np.array([x.layout.time_axis], dtype=np.int64))
    out = builder.node(op, name, [x.name, axes], keepdims=0)[0]
    builder.of_one_length |= op in ("ReduceMean", "ReduceSum")
    grid = x.grid if op in ("ReduceMax", "ReduceMin") else None
    return Value(out, _step_shape(x, x.layout), grid)


def _step_shape(x: Value, layout: Layout) -> tuple[int, int]:
    """Of one time step of a sequence."""
    return x.shape[layout.batch_axis], x.shape[layout.feature_axis]


def check_features_last(where: str, x: Value) -> None:
    """GW-109 where the last axis is that of time."""
    if x.layout is not None and x.layout.channels_first:
        raise GatewrightError(
            "GW-109",
            where=where,
            cause="it is given [B, F, T], and takes features along the last axis.",
            remedy="Turn the output of a convolution or pool round first: x.transpose(1, 2); "
            "constants of shape [N, 1] are those of features [B, N, T], and none differ by step.",
        )


def argmax(builder: GraphBuilder, name: str, x: Value) -> Value:
    """``ArgMax`` over the last axis, the features."""
    check_features_last(name, x)
    attributes = {"axis": len(x.shape) - 1, "keepdims": 0, "select_last_index": 0}
    out = builder.node("ArgMax", name, [x.name], **attributes)[0]
    return Value(out, x.shape[:-1], None, x.layout, index=True)


def check_sequence(where: str, x: Value, input_size: int, batch_first: bool) -> None:
    """Check x against a recurrent layer; GW-106 if rank, features or a known layout differ."""
    axes = "[B, T, I]" if batch_first else "[T, B, I]"
    if x.stack:
        raise GatewrightError(
            "GW-108",
            where=where,
            cause=f"its sequence is {x.name}, a further argument of forward().",
            remedy="Let the first argument be the sequence; further ones are initial states, or "
            "sequences [B, T, F] of the same length.",
        )
    check_features_last(where, x)
    if len(x.shape) != 3 or x.shape[2] != input_size:
        raise GatewrightError(
            "GW-106",
            where=where,
            cause=f"its input has shape {list(x.shape)}, but it takes {axes} with "
            f"I = {input_size}.",
            remedy=f"Give an input of rank 3 with {input_size} features; one sequence needs a "
            "batch axis of 1.",
        )
    if x.layout is not None and x.layout.batch_first != batch_first:
        raise GatewrightError(
            "GW-109",
            where=where,
            cause=f"it takes {axes}, the layer before it gives the other layout.",
            remedy="Use the same batch_first in all recurrent layers.",
        )


def cell(
    builder: GraphBuilder, name: str, x: Value, spec: LayerSpec, initial: Sequence[Value | None]
) -> tuple[Value, ...]:
    """One recurrent layer in one direction: quantized weights and biases, and the cell.

    Args:
        builder: Where the nodes go.
        name: Name of the cell node.
        x: Quantized input, [B, T, I] or [T, B, I].
        spec: The layer.
        initial: The float states [B, H] it begins with; None for zeros, which stay unquantized.

    Returns:
        The hidden states in the layout of x, then each final state [B, H].

    Raises:
        GatewrightError: GW-106 or GW-109 where x does not fit, GW-301 where it is not quantized.
    """
    check_sequence(name, x, spec.input_size, spec.batch_first)
    if x.grid is None:
        raise GatewrightError(
            "GW-301",
            where=name,
            cause="its input is not quantized.",
            remedy="Give the layer its io_quant, or a QuantIdentity before it.",
        )
    layout = Layout(spec.batch_first)
    batch = x.shape[layout.batch_axis]
    grids = [spec.quantizers[q] for q in spec.form.state_quantizers]
    inputs = [x.name]
    for state, value, grid in zip(spec.form.states, initial, grids, strict=True):
        if value is None:
            zeros = np.zeros((1, spec.hidden_size), dtype=np.float32)
            inputs.append(builder.repeated(f"{name}.{state}0", zeros, batch))
        else:
            _check_state(name, state, value, (batch, spec.hidden_size))
            inputs.append(builder.quant(f"{name}.{state}0_quant", value.name, grid))
    inputs += _gate_inputs(builder, name, spec)
    for quantizer in spec.form.quantizers:
        inputs += builder.quant_inputs(f"{name}.{quantizer}_", spec.quantizers[quantizer])
    outputs = builder.node(spec.form.op, name, inputs, 1 + len(grids), **_cell_attributes(spec))
    shape = (*x.shape[:2], spec.hidden_size)
    finals = [
        Value(output, (batch, spec.hidden_size), grid)
        for output, grid in zip(outputs[1:], grids, strict=True)
    ]
    return Value(outputs[0], shape, grids[0], layout), *finals


def _check_state(where: str, state: str, value: Value, shape: tuple[int, int]) -> None:
    if value.shape != shape:
        raise GatewrightError(
            "GW-106",
            where=where,
            cause=f"its initial {state} has shape {list(value.shape)}, not {list(shape)}.",
            remedy="Give states [layers * directions, B, H], and an example input of the same B.",
        )


def _gate_inputs(builder: GraphBuilder, name: str, spec: LayerSpec) -> list[str]:
    weights, recurrents, biases = [], [], []
    for gate in spec.form.gates:
        g = spec.gates[gate]
        prefix = f"{name}.{spec.form.parameters(gate)}"
        weights.append(
            builder.parameter(f"{prefix}.input_weight.weight", f"{prefix}.input_weight", g.weight)
        )
        recurrents.append(
            builder.parameter(
                f"{prefix}.hidden_weight.weight", f"{prefix}.hidden_weight", g.recurrent
            )
        )
        biases.append(builder.parameter(f"{prefix}.bias", f"{prefix}.bias_quant", g.bias))
    return weights + recurrents + biases


def _cell_attributes(spec: LayerSpec) -> dict[str, int | str]:
    attributes: dict[str, int | str] = {
        "batch_first": int(spec.batch_first),
        "reverse_input": int(spec.reverse_input),
        **spec.options,
    }
    for quantizer in spec.form.quantizers:
        q = spec.quantizers[quantizer]
        attributes[narrow_attribute(quantizer)] = int(q.narrow)
        attributes[f"{quantizer}_signed"] = int(q.signed)
        attributes[f"{quantizer}_rounding_mode"] = q.rounding
    return attributes


def concat(builder: GraphBuilder, name: str, parts: Sequence[Value]) -> Value:
    """Features of several tensors side by side.

    Raises:
        GatewrightError: GW-106 where their other axes differ, GW-208 for too many features, GW-301
            where one is not quantized.
    """
    first, layouts = parts[0], known_layouts(parts)
    check_features_last(name, first)
    if any(part.shape[:-1] != first.shape[:-1] for part in parts) or len(layouts) > 1:
        shapes = ", ".join(str(list(part.shape)) for part in parts)
        raise GatewrightError(
            "GW-106",
            where=name,
            cause=f"it joins shapes {shapes}, which differ before the last axis.",
            remedy="Join tensors that differ in their features only.",
        )
    if any(part.grid is None for part in parts):
        raise GatewrightError(
            "GW-301",
            where=name,
            cause="one of the tensors it joins is not quantized.",
            remedy="Put a QuantIdentity after it.",
        )
    width = builder.joined(name, sum(part.shape[-1] for part in parts))
    out = builder.node("Concat", name, [part.name for part in parts], axis=-1)[0]
    layout = layouts[0] if layouts else None
    return dataclasses.replace(first, name=out, shape=(*first.shape[:-1], width), layout=layout)


def known_layouts(parts: Sequence[Value]) -> list[Layout]:
    """Those that are known of several tensors: what no layer made has that of the others."""
    return list(dict.fromkeys(part.layout for part in parts if part.layout is not None))


def stack(builder: GraphBuilder, name: str, items: Sequence[Value]) -> Value:
    """States [B, H] as one [N, B, H], for the model's output."""
    axis = builder.initializer(f"{name}.axis", np.array([0], dtype=np.int64))
    lifted = [builder.node("Unsqueeze", name, [item.name, axis])[0] for item in items]
    out = lifted[0] if len(lifted) == 1 else builder.node("Concat", name, lifted, axis=0)[0]
    return Value(out, (len(items), *items[0].shape), items[0].grid, stack=True)


def state_item(builder: GraphBuilder, name: str, states: Value, index: int) -> Value:
    """One of several given states: [N, B, H] to [B, H].

    Raises:
        GatewrightError: GW-106 where there is no such state.
    """
    count = states.shape[0]
    if not -count <= index < count:
        raise GatewrightError(
            "GW-106",
            where=name,
            cause=f"it takes state {index} of {states.name}, which holds {count}.",
            remedy="Give [layers * directions, B, H]; Brevitas reads hx[2 * layer + direction], "
            "so that a second layer in one direction reads hx[2].",
        )
    at = builder.initializer(f"{name}.index", np.array(index % count, dtype=np.int64))
    out = builder.node("Gather", name, [states.name, at], axis=0)[0]
    return Value(out, states.shape[1:])


def linear(builder: GraphBuilder, name: str, x: Value, spec: LinearSpec) -> Value:
    """``Quant(weight) -> Transpose -> MatMul -> Add(bias)`` on the last axis of x.

    Raises:
        GatewrightError: GW-106 where the features differ, GW-301 where x is not quantized.
    """
    check_features_last(name, x)
    rows, columns = spec.weight.values.shape
    if x.shape[-1] != columns:
        raise GatewrightError(
            "GW-106",
            where=name,
            cause=f"its input has {x.shape[-1]} features, but it takes {columns}.",
            remedy="Make the layer's in_features match its input.",
        )
    if x.grid is None:
        raise GatewrightError(
            "GW-301",
            where=name,
            cause="its input is not quantized.",
            remedy="Give the layer an input_quant, or put a QuantIdentity or QuantReLU before it.",
        )
    weight = builder.parameter(f"{name}.weight", f"{name}.weight_quant", spec.weight)
    weight = builder.node("Transpose", f"{name}.weight_transpose", [weight], perm=[1, 0])[0]
    out = builder.node("MatMul", name, [x.name, weight])[0]
    if spec.bias is not None:
        bias = builder.parameter(f"{name}.bias", f"{name}.bias_quant", spec.bias)
        out = builder.node("Add", f"{name}.bias", [out, bias])[0]
    return Value(out, (*x.shape[:-1], rows), None, x.layout)


def is_last(x: Value, index: int) -> bool:
    """Whether a time step is the last of every sequence, or of those as long as the example."""
    return x.layout is not None and index in (-1, x.shape[x.layout.time_axis] - 1)


def select_step(builder: GraphBuilder, name: str, x: Value, index: int) -> Value:
    """``Gather`` of a time step: [B, T, F] or [T, B, F] to [B, F].

    The index stays as it is written: at another T, -1 is another step, and T - 1 of the example is
    not the last one.
    """
    if x.layout is None:
        raise ValueError(f"{name}: the time axis of {x.name} is not known")
    axis = x.layout.time_axis
    builder.of_one_length |= index != -1
    at = builder.initializer(f"{name}.index", np.array(index, dtype=np.int64))
    out = builder.node("Gather", name, [x.name, at], axis=axis)[0]
    return Value(out, _step_shape(x, x.layout), x.grid)


def select_steps(builder: GraphBuilder, name: str, x: Value, taken: Taken) -> Value:
    """``Slice`` of several time steps of [B, T, F] or [T, B, F]."""
    if x.layout is None:
        raise ValueError(f"{name}: the time axis of {x.name} is not known")
    axis = x.layout.time_axis
    builder.of_one_length = True
    numbers = {"first": taken.first, "end": taken.end, "axis": axis, "stride": taken.stride}
    inputs = [
        builder.initializer(f"{name}.{key}", np.array([number], dtype=np.int64))
        for key, number in numbers.items()
    ]
    out = builder.node("Slice", name, [x.name, *inputs])[0]
    shape = tuple(taken.count if i == axis else size for i, size in enumerate(x.shape))
    return dataclasses.replace(x, name=out, shape=shape)


def _of_steps(name: str, shape: tuple[int, ...]) -> GatewrightError:
    return GatewrightError(
        "GW-106",
        where=name,
        cause=f"it takes axis 1 of {list(shape)} for features, and that is time or sequences.",
        remedy="Normalize features: norm(out.transpose(1, 2)).transpose(1, 2) of every step "
        "[B, T, F], or norm(out[:, -1]) of the last one.",
    )


def flatten(builder: GraphBuilder, name: str, x: Value) -> Value:
    """``Flatten`` from axis 1 on of [B, F] or [B, T, F].

    Raises:
        GatewrightError: GW-108 where axis 0 is not known to be the batch, GW-208 for too many
            features.
    """
    if len(x.shape) == 3 and x.layout != Layout(batch_first=True):
        channels_first = x.layout is not None and x.layout.channels_first
        raise GatewrightError(
            "GW-108",
            where=name,
            cause="Flatten needs a tensor [B, T, F] from a batch_first recurrent layer, or [B, F].",
            remedy="Turn features last first, y.transpose(1, 2).flatten(1), with the weights of "
            "the layer behind it in that order."
            if channels_first
            else "Use batch_first=True in the recurrent layer.",
        )
    builder.of_one_length |= len(x.shape) == 3
    width = builder.joined(name, math.prod(x.shape[1:]))
    out = builder.node("Flatten", name, [x.name], axis=1)[0]
    return Value(out, (x.shape[0], width), x.grid)
