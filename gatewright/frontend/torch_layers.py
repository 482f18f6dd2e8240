"""Emits the feed-forward modules: linear layers, activations, and those that vanish."""

from __future__ import annotations

import dataclasses
from typing import Any

import brevitas.nn as qnn
from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend import emit
from gatewright.frontend.brevitas_quant import is_enabled, read_act, read_bias, read_weight
from gatewright.frontend.registry import Context, emits, expect_value, unsupported_call
from gatewright.frontend.spec import LinearSpec, Parameter, Value


def _only_input(where: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    values = [*args, *kwargs.values()]
    if len(values) != 1:
        raise unsupported_call(where, f"it is given {len(values)} arguments, not one tensor.")
    return expect_value(where, values[0])


def _maybe_quantize(ctx: Context, name: str, path: str, proxy: Any, x: Value) -> Value:
    """Apply an optional quantizer of a layer."""
    if not is_enabled(proxy):
        return x
    x = emit.quantize(ctx.builder, name, x, read_act(path, proxy))
    return dataclasses.replace(x, quant_tensor=True)


@emits(qnn.QuantLinear)
def quant_linear(
    ctx: Context, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """``QuantLinear``, its input and output quantizers optional."""
    name = ctx.name(path)
    where = path or type(module).__name__
    x = _only_input(where, args, kwargs)
    x = _maybe_quantize(ctx, f"{name}.input_quant", f"{where}.input_quant", module.input_quant, x)
    weight = read_weight(f"{where}.weight_quant", module, module.quant_weight)
    bias = None if module.bias is None else _bias(where, module, x)
    out = emit.linear(ctx.builder, name, x, LinearSpec(weight, bias))
    out_path = f"{where}.output_quant"
    out = _maybe_quantize(ctx, f"{name}.output_quant", out_path, module.output_quant, out)
    return dataclasses.replace(out, quant_tensor=bool(module.return_quant_tensor))


def _bias(where: str, module: Any, x: Value) -> Parameter:
    needs_scale = is_enabled(module.bias_quant) and module.bias_quant.requires_input_scale
    if needs_scale and (x.grid is None or not x.quant_tensor):
        raise GatewrightError(
            "GW-301",
            where=f"{where}.bias_quant",
            cause="this bias quantizer takes its scale from the layer's input, which is not a "
            "QuantTensor.",
            remedy="give the layer an input_quant, set return_quant_tensor=True in the layer "
            "before it, or use bias_quant=None.",
        )
    return read_bias(f"{where}.bias_quant", module, x, module.quant_weight)


@emits(qnn.QuantReLU)
def quant_relu(
    ctx: Context, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """``Relu`` and its quantizer."""
    name = ctx.name(path)
    where = path or type(module).__name__
    x = _only_input(where, args, kwargs)
    x = _maybe_quantize(ctx, f"{name}.input_quant", f"{where}.input_quant", module.input_quant, x)
    spec = read_act(f"{where}.act_quant", module.act_quant)
    x = emit.quantize(ctx.builder, name, emit.relu(ctx.builder, f"{name}.relu", x), spec)
    return dataclasses.replace(x, quant_tensor=bool(module.return_quant_tensor))


@emits(qnn.QuantIdentity)
def quant_identity(
    ctx: Context, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """A quantizer alone."""
    name = ctx.name(path)
    where = path or type(module).__name__
    x = _only_input(where, args, kwargs)
    x = emit.quantize(ctx.builder, name, x, read_act(f"{where}.act_quant", module.act_quant))
    return dataclasses.replace(x, quant_tensor=bool(module.return_quant_tensor))


@emits(nn.Flatten)
def flatten(
    ctx: Context, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """``Flatten`` with its default axes."""
    where = path or type(module).__name__
    x = _only_input(where, args, kwargs)
    if module.start_dim != 1 or module.end_dim not in (-1, len(x.shape) - 1):
        raise GatewrightError(
            "GW-109",
            where=where,
            cause=f"it flattens axes {module.start_dim} to {module.end_dim}; supported is 1 to -1.",
            remedy="use nn.Flatten() with its defaults.",
        )
    return emit.flatten(ctx.builder, ctx.name(path), x)


_VANISHING = [nn.Dropout, nn.Identity]
if hasattr(qnn, "QuantDropout"):  # gone from Brevitas 0.13
    _VANISHING.append(qnn.QuantDropout)


@emits(*_VANISHING)
def vanishing(
    ctx: Context, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """Modules that do nothing in eval mode."""
    return _only_input(path or type(module).__name__, args, kwargs)
