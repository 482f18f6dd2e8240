"""Emits Brevitas ``QuantLSTM``."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from brevitas.nn import QuantLSTM

from gatewright.errors import GatewrightError
from gatewright.frontend import emit
from gatewright.frontend.brevitas_quant import read_act, read_bias, read_weight
from gatewright.frontend.registry import Context, LstmOutput, emits, expect_value
from gatewright.frontend.spec import CellSpec, GateSpec, Parameter, Value
from gatewright.ir.traced.vocabulary import CELL_QUANTIZERS, GATES


@emits(QuantLSTM)
def quant_lstm(
    ctx: Context, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> LstmOutput:
    """A stack of LSTM layers; for now of one layer in one direction."""
    inputs = dict(zip(("inp", "hx", "cx"), args, strict=False)) | kwargs
    where = path or type(module).__name__
    _check_options(where, module, inputs)
    x = expect_value(where, inputs.get("inp"))
    for index, directions in enumerate(module.layers):
        layer_path = ".".join(part for part in (path, f"layers.{index}.0") if part)
        x = _layer(ctx, directions[0], layer_path, x)
    return LstmOutput(where, x)


def _check_options(where: str, module: Any, inputs: dict[str, Any]) -> None:
    layers = len(module.layers)
    options = {
        f"num_layers={layers}": (layers > 1, "num_layers=1"),
        "bidirectional=True": (module.num_directions > 1, "bidirectional=False"),
        "coupled_input_forget_gates=True": (
            module.layers[0][0].cifg,
            "coupled_input_forget_gates=False",
        ),
        "an initial state": (
            inputs.get("hx") is not None or inputs.get("cx") is not None,
            "the default initial state of zeros",
        ),
    }
    for option, (used, supported) in options.items():
        if used:
            raise GatewrightError(
                "GW-109",
                where=where,
                cause=f"it uses {option}; supported is {supported}.",
                remedy=f"build the layer with {supported}.",
            )


def _layer(ctx: Context, layer: Any, path: str, x: Value) -> Value:
    """One layer in one direction."""
    name = ctx.name(path)
    batch_first = bool(layer.cell.batch_first)
    emit.check_sequence(path, x, layer.input_size, batch_first)
    quantizers = {
        quantizer: read_act(f"{path}.{quantizer}_quant", getattr(layer.cell, f"{quantizer}_quant"))
        for quantizer in CELL_QUANTIZERS
    }
    if not layer.quantize_output_only:
        x = emit.quantize(ctx.builder, f"{name}.x_quant", x, quantizers["output"])
    cell = CellSpec(
        {gate: _gate(f"{path}.{gate}_gate_params", layer, gate, x) for gate in GATES},
        quantizers,
        batch_first=batch_first,
        reverse_input=bool(layer.reverse_input),
        cifg=bool(layer.cifg),
    )
    out = emit.lstm_cell(ctx.builder, name, x, cell)
    return dataclasses.replace(out, quant_tensor=bool(layer.return_quant_tensor))


def _gate(where: str, layer: Any, gate: str, x: Value) -> GateSpec:
    params = getattr(layer, f"{gate}_gate_params")
    weight = read_weight(f"{where}.input_weight", params.input_weight, params.input_weight)
    recurrent = read_weight(f"{where}.hidden_weight", params.hidden_weight, params.hidden_weight)
    if params.bias is None:
        bias = Parameter(np.zeros(layer.hidden_size, dtype=np.float32), None)
    else:
        bias = read_bias(f"{where}.bias", params, x, params.input_weight)
    return GateSpec(weight, recurrent, bias)
