"""Emits Brevitas' recurrent layers: ``QuantLSTM`` and ``QuantRNN``, any stack of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from brevitas.nn import QuantLSTM, QuantRNN
from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend import emit
from gatewright.frontend.spec import GateSpec, LayerSpec, Parameter, States, Value
from gatewright.frontend.torch.arranged import Arranged
from gatewright.frontend.torch.as_torch import TorchLSTM, TorchRNN
from gatewright.frontend.torch.brevitas_quant import read_act, read_bias, read_weight, to_numpy
from gatewright.frontend.torch.registry import (
    OwnTensor,
    RecurrentOutput,
    Tracing,
    bind,
    emits,
    expect_value,
    refuse_quant_tensor,
    unsupported_call,
)
from gatewright.ir.traced.vocabulary import LSTM_CELL, RNN_CELL, CellForm


@emits(QuantLSTM)
def quant_lstm(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> RecurrentOutput:
    """A stack of LSTM layers; its final states are (h, c) as Brevitas packs them."""
    inputs = dict(zip(("inp", "hx", "cx"), args, strict=False)) | kwargs
    where = path or type(module).__name__
    initial = (inputs.get("hx"), inputs.get("cx"))
    if initial[1] is None and _is_pair(initial[0]):
        raise GatewrightError(
            "GW-108",
            where=where,
            cause="it is called as torch's nn.LSTM, with a tuple (h, c): Brevitas' QuantLSTM takes "
            "three arguments and reads the tuple as h alone.",
            remedy="Write lstm(x, h, c); of a layer in one direction Brevitas reads hx[2 * layer]. "
            "Or give nn.LSTM itself to gatewright.calibrate, which keeps torch's form.",
        )
    out, (h, c) = _stack(ctx, module, path, inputs.get("inp"), initial, LSTM_CELL)
    if not module.cat_output_cell_states:
        return RecurrentOutput(where, out, (h, tuple(c.split())))
    return RecurrentOutput(where, out, (h, c))


@emits(QuantRNN)
def quant_rnn(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> RecurrentOutput:
    """A stack of RNN layers; its final state is h."""
    inputs = dict(zip(("inp", "hx"), args, strict=False)) | kwargs
    where = path or type(module).__name__
    out, (h,) = _stack(ctx, module, path, inputs.get("inp"), (inputs.get("hx"),), RNN_CELL)
    return RecurrentOutput(where, out, h)


@emits(TorchLSTM)
def torch_lstm(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> RecurrentOutput:
    """The same, called with one pair of states."""
    inp, hx = bind(args, kwargs, ("inp", "hx"), (None, None))
    where = path or type(module).__name__
    if hx is not None and (not isinstance(hx, (tuple, list)) or len(hx) != 2):
        raise unsupported_call(where, "its initial states are no pair (h, c).")
    initial = (None, None) if hx is None else tuple(hx)
    out, states = _stack(ctx, module, path, inp, initial, LSTM_CELL, len(module.layers[0]))
    return RecurrentOutput(where, out, states)


@emits(TorchRNN)
def torch_rnn(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> RecurrentOutput:
    """The same of a layer with one state."""
    inp, hx = bind(args, kwargs, ("inp", "hx"), (None, None))
    where = path or type(module).__name__
    out, (h,) = _stack(ctx, module, path, inp, (hx,), RNN_CELL, len(module.layers[0]))
    return RecurrentOutput(where, out, h)


def _stack(
    ctx: Tracing,
    module: Any,
    path: str,
    x: Any,
    initial: tuple[Any, ...],
    form: CellForm,
    entries: int = 2,
) -> tuple[Value, tuple[States, ...]]:
    """All layers and directions; each layer reads the concatenation of the one before it.

    Of the states that are given each layer has so many ``entries``: in Brevitas 2, whatever its
    directions.
    """
    value = expect_value(path or type(module).__name__, x)
    finals: list[list[Value]] = [[] for _ in form.states]
    for index, directions in enumerate(module.layers):
        value = _quantize_input(ctx, directions[0], _join(path, f"layers.{index}.0"), value)
        outputs = []
        for direction, layer in enumerate(directions):
            layer_path = _join(path, f"layers.{index}.{direction}")
            entry = entries * index + direction
            batch = value.shape[0 if layer.cell.batch_first else 1]
            states = [_initial(ctx, layer_path, s, entry, batch) for s in initial]
            out, *last = _layer(ctx, layer, layer_path, value, states, form)
            outputs.append(out)
            for known, final in zip(finals, last, strict=True):
                known.append(final)
        value = outputs[0]
        if len(outputs) > 1:
            name = ctx.name(_join(path, f"layers.{index}"))
            value = ctx.elements.joined(emit.concat(ctx.builder, name, outputs), outputs)
    wrapped = bool(module.layers[-1][0].return_quant_tensor)
    stacks = (
        States(path, tuple(known), s, wrapped) for known, s in zip(finals, form.states, strict=True)
    )
    return value, tuple(stacks)


def _join(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _quantize_input(ctx: Tracing, layer: Any, path: str, x: Value) -> Value:
    """The first layer's io_quant, which all of its directions share."""
    emit.check_sequence(path, x, layer.input_size, bool(layer.cell.batch_first))
    if layer.quantize_output_only:
        return x
    spec = read_act(f"{path}.output_quant", layer.cell.output_quant)
    return emit.quantize(ctx.builder, ctx.name(f"{path}.x_quant"), x, spec)


def _initial(ctx: Tracing, where: str, given: Any, index: int, batch: int) -> Value | None:
    """The state [B, H] that Brevitas would read, ``given[index]``."""
    if given is None:
        return None
    if isinstance(given, OwnTensor):
        return _constant_state(ctx, where, given, index, batch)
    if isinstance(given, Arranged) and given.index.ndim == 3:
        items = given.index
        if not 0 <= index < len(items):
            raise _missing_state(where, index, len(items))
        return ctx.elements.whole(replace(given, index=items[index]))
    if isinstance(given, States):
        refuse_quant_tensor(f"the initial state of {where}", given.quant_tensor)
    if isinstance(given, (States, tuple, list)):
        items = given.items if isinstance(given, States) else given
        if not 0 <= index < len(items):
            raise _missing_state(where, index, len(items))
        return expect_value(where, items[index])
    value = expect_value(where, given)
    if not value.stack:
        raise unsupported_call(where, "its initial state is no tensor [layers * directions, B, H].")
    return emit.state_item(ctx.builder, ctx.name(_join(where, "state")), value, index)


def _is_pair(given: Any) -> bool:
    """Whether it is a tuple of two tensors [layers * directions, B, H]."""
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        return False
    return all(
        isinstance(state, States)
        or (isinstance(state, Value) and state.stack)
        or (isinstance(state, Arranged) and state.index.ndim == 3)
        or (isinstance(state, OwnTensor) and state.tensor.ndim == 3)
        for state in given
    )


def _missing_state(where: str, index: int, count: int) -> GatewrightError:
    return GatewrightError(
        "GW-106",
        where=where,
        cause=f"it takes initial state {index}, and {count} are given.",
        remedy="Give [layers * directions, B, H]; Brevitas reads hx[2 * layer + direction], so "
        "that a second layer in one direction reads hx[2].",
    )


def _constant_state(ctx: Tracing, where: str, given: OwnTensor, index: int, batch: int) -> Value:
    """A parameter or buffer of the model, the same for every sequence."""
    values = to_numpy(given.tensor)
    if values.ndim != 3 or not 0 <= index < values.shape[0]:
        raise _missing_state(where, index, len(np.atleast_1d(values)))
    rows = values[index]
    if np.any(rows != rows[:1]):
        raise GatewrightError(
            "GW-109",
            where=where,
            cause=f"its initial state {given.name} differs from sequence to sequence.",
            remedy="Pass it as an argument of forward(), or keep one row of it, [N, 1, H].",
        )
    rows = np.repeat(rows[:1], batch, axis=0)
    return Value(ctx.builder.initializer(ctx.name(_join(where, "state")), rows), rows.shape)


def _layer(
    ctx: Tracing, layer: Any, path: str, x: Value, initial: list[Value | None], form: CellForm
) -> tuple[Value, ...]:
    """One layer in one direction."""
    quantizers = {
        quantizer: read_act(f"{path}.{quantizer}_quant", getattr(layer.cell, f"{quantizer}_quant"))
        for quantizer in form.quantizers
    }
    spec = LayerSpec(
        form,
        {gate: _gate(path, layer, gate, x, form) for gate in form.gates},
        quantizers,
        batch_first=bool(layer.cell.batch_first),
        options=_OPTIONS[form.op](layer),
        reverse_input=bool(layer.reverse_input),
    )
    out, *finals = emit.cell(ctx.builder, ctx.name(path), x, spec, initial)
    if spec.reverse_input:
        ctx.elements.ends(out, finals[0])
    return replace(out, quant_tensor=bool(layer.return_quant_tensor)), *finals


def _nonlinearity(layer: Any) -> dict[str, int | str]:
    return {"nonlinearity": "relu" if isinstance(layer.cell.act_fn, nn.ReLU) else "tanh"}


_OPTIONS: dict[str, Callable[[Any], dict[str, int | str]]] = {
    LSTM_CELL.op: lambda layer: {"cifg": int(bool(layer.cifg))},
    RNN_CELL.op: _nonlinearity,
}


def _gate(path: str, layer: Any, gate: str, x: Value, form: CellForm) -> GateSpec:
    # A coupled forget gate has no weights; as Brevitas does, those of the input gate stand in.
    coupled = gate == "forget" and layer.cifg
    name = form.parameters("input" if coupled else gate)
    params, where = getattr(layer, name), f"{path}.{name}"
    weight = read_weight(f"{where}.input_weight", params.input_weight, params.input_weight)
    recurrent = read_weight(f"{where}.hidden_weight", params.hidden_weight, params.hidden_weight)
    if params.bias is None:
        bias = Parameter(np.zeros(layer.hidden_size, dtype=np.float32), None)
    else:
        bias = read_bias(f"{where}.bias", params, x, params.input_weight)
    return GateSpec(weight, recurrent, bias)
