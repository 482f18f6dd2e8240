"""Emits quantizers and activations, each with its quantizers."""

from __future__ import annotations

import dataclasses
from typing import Any

import brevitas.nn as qnn
import torch
from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend import emit
from gatewright.frontend.spec import Value
from gatewright.frontend.torch.brevitas_quant import is_enabled, read_act
from gatewright.frontend.torch.registry import Tracing, emits, expect_value, unsupported_call


def only_input(where: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """The one tensor that a module is given; GW-108 otherwise."""
    values = [*args, *kwargs.values()]
    if len(values) != 1:
        raise unsupported_call(where, f"it is given {len(values)} arguments, not one tensor.")
    return expect_value(where, values[0])


def maybe_quantize(ctx: Tracing, name: str, path: str, proxy: Any, x: Value) -> Value:
    """Apply an optional quantizer of a layer."""
    if not is_enabled(proxy):
        return x
    x = emit.quantize(ctx.builder, name, x, read_act(path, proxy))
    return dataclasses.replace(x, quant_tensor=True)


@emits(qnn.QuantIdentity, pointwise=True)
def quant_identity(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """A quantizer alone."""
    name = ctx.name(path)
    where = path or type(module).__name__
    x = only_input(where, args, kwargs)
    x = emit.quantize(ctx.builder, name, x, read_act(f"{where}.act_quant", module.act_quant))
    return dataclasses.replace(x, quant_tensor=bool(module.return_quant_tensor))


_FUNCTIONS = {qnn.QuantReLU: "Relu", qnn.QuantSigmoid: "Sigmoid", qnn.QuantTanh: "Tanh"}


@emits(*_FUNCTIONS, pointwise=True)
def quant_activation(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """A function between its quantizers."""
    op = next(op for cls, op in _FUNCTIONS.items() if isinstance(module, cls))
    return _activation(ctx, module, path, args, kwargs, op)


_UNQUANTIZED: dict[type[nn.Module], str] = {nn.Hardsigmoid: "HardSigmoid"}


@emits(*_UNQUANTIZED, pointwise=True)
def activation(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """A function that Brevitas has no layer for; a ``QuantIdentity`` follows it."""
    where = path or type(module).__name__
    refuse_in_place(where, module)
    op = next(op for cls, op in _UNQUANTIZED.items() if isinstance(module, cls))
    x = only_input(where, args, kwargs)
    return emit.activation(ctx.builder, f"{ctx.name(path)}.{op.lower()}", op, x)


def refuse_in_place(where: str, module: Any) -> None:
    """GW-109 for a layer that changes its input."""
    if module.inplace:
        raise GatewrightError(
            "GW-109",
            where=where,
            cause="it uses inplace=True, so that its input changes wherever else it is used.",
            remedy=f"Build it as nn.{type(module).__name__}().",
        )


@emits(qnn.QuantHardTanh, pointwise=True)
def quant_hard_tanh(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """Its quantizers only: Brevitas leaves the clamp to the quantizer, whose scale it sets."""
    where = path or type(module).__name__
    spec = read_act(f"{where}.act_quant", module.act_quant)
    reach = 2 * float(spec.scale) * 2**spec.bit_width
    values = torch.linspace(-reach, reach, 101)
    with torch.no_grad():
        passed = module.act_quant.fused_activation_quant_proxy.activation_impl(values)
    if not torch.equal(passed, values):
        raise GatewrightError(
            "GW-107",
            where=where,
            cause="it clamps before it quantizes, which Brevitas from 0.13 on leaves to its "
            "quantizer.",
            remedy="Use that Brevitas, or a QuantIdentity.",
        )
    return _activation(ctx, module, path, args, kwargs, None)


def _activation(
    ctx: Tracing,
    module: Any,
    path: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    op: str | None,
) -> Value:
    name = ctx.name(path)
    where = path or type(module).__name__
    x = only_input(where, args, kwargs)
    x = maybe_quantize(ctx, f"{name}.input_quant", f"{where}.input_quant", module.input_quant, x)
    spec = read_act(f"{where}.act_quant", module.act_quant)
    if op is not None:
        x = emit.activation(ctx.builder, f"{name}.{op.lower()}", op, x)
    x = emit.quantize(ctx.builder, name, x, spec)
    return dataclasses.replace(x, quant_tensor=bool(module.return_quant_tensor))
