"""Emits convolutions and pools over time."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any

import brevitas.nn as qnn
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend import emit_windows
from gatewright.frontend.spec import ConvSpec, Value, WindowSpec
from gatewright.frontend.torch.activations import maybe_quantize, only_input
from gatewright.frontend.torch.arranged import Arranged
from gatewright.frontend.torch.brevitas_quant import read_weight
from gatewright.frontend.torch.layers import layer_bias
from gatewright.frontend.torch.registry import (
    Padded,
    Tracing,
    bind,
    emits,
    emits_call,
    expect_value,
    unsupported_call,
)


@emits(qnn.QuantConv1d)
def quant_conv(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """``QuantConv1d``, its input and output quantizers optional."""
    name = ctx.name(path)
    where = path or type(module).__name__
    x, around = _around(ctx, where, args, kwargs)
    if module.padding_mode != "zeros":
        raise _option(where, f"padding_mode={module.padding_mode!r}", "padding_mode='zeros'")
    x = maybe_quantize(ctx, f"{name}.input_quant", f"{where}.input_quant", module.input_quant, x)
    weight = read_weight(f"{where}.weight_quant", module, module.quant_weight)
    bias = None if module.bias is None else layer_bias(where, module, x)
    own = _conv_window(module)
    window = replace(own, before=own.before + around[0], after=own.after + around[1])
    spec = ConvSpec(weight, bias, window, int(module.groups))
    out = emit_windows.conv(ctx.builder, name, x, spec)
    out_path = f"{where}.output_quant"
    out = maybe_quantize(ctx, f"{name}.output_quant", out_path, module.output_quant, out)
    return dataclasses.replace(out, quant_tensor=bool(module.return_quant_tensor))


def _around(
    ctx: Tracing, where: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Value, tuple[int, int]]:
    """The one sequence that a convolution is given, and the steps of 0 around it."""
    values = [*args, *kwargs.values()]
    if len(values) == 1 and isinstance(values[0], Padded):
        padded = values[0]
        return _sequence(ctx, where, (padded.source,), {}), (padded.before, padded.after)
    return _sequence(ctx, where, args, kwargs), (0, 0)


@emits(nn.ConstantPad1d)
def constant_pad(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Padded:
    """``ConstantPad1d`` or ``ZeroPad1d`` with zeros, in front of a convolution."""
    (source,) = (*args, *kwargs.values())
    return _padded(path or type(module).__name__, source, tuple(module.padding), module.value)


@emits_call(functions=(F.pad,))
def pad(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Padded:
    """``F.pad(x, (2, 0))`` with zeros, in front of a convolution."""
    names, defaults = ("input", "pad", "mode", "value"), (None, None, "constant", None)
    source, sides, mode, value = bind(args, kwargs, names, defaults)
    return _padded("F.pad", source, tuple(sides), value if mode == "constant" else mode)


def _padded(where: str, source: Any, sides: tuple[Any, ...], value: Any) -> Padded:
    if not isinstance(source, Value | Arranged):
        expect_value(where, source)
    numbers = len(sides) == 2 and all(isinstance(n, int) and n >= 0 for n in sides)
    if not numbers or value not in (None, 0):
        raise unsupported_call(where, f"it pads {sides} with {value}, not time with zeros.")
    return Padded(source, *sides)


def _sequence(ctx: Tracing, where: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """The one sequence [B, F, T] that a module is given."""
    values = [*args, *kwargs.values()]
    if len(values) == 1 and isinstance(values[0], Arranged):
        return ctx.elements.channels_first(values[0])
    return only_input(where, args, kwargs)


def _conv_window(module: Any) -> WindowSpec:
    kernel, stride, dilation = module.kernel_size[0], module.stride[0], module.dilation[0]
    if isinstance(module.padding, str):  # "same" has an odd step behind, "valid" none
        total = dilation * (kernel - 1) if module.padding == "same" else 0
        before = total // 2
        return WindowSpec(kernel, stride, dilation, before, total - before)
    padding = module.padding[0]
    return WindowSpec(kernel, stride, dilation, padding, padding)


@emits(nn.MaxPool1d)
def max_pool(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """``MaxPool1d``."""
    where = path or type(module).__name__
    kernel, stride, padding, dilation = map(
        _single, (module.kernel_size, module.stride, module.padding, module.dilation)
    )
    if module.return_indices:
        raise _option(where, "return_indices=True", "return_indices=False")
    if padding and dilation > 1:
        raise _option(where, "padding and dilation", "one of them")
    window = WindowSpec(kernel, stride, dilation, padding, padding)
    return _pool(ctx, module, path, "MaxPool", _sequence(ctx, where, args, kwargs), window)


@emits(nn.AvgPool1d)
def average_pool(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """``AvgPool1d``, whose padding counts."""
    where = path or type(module).__name__
    kernel, stride, padding = map(_single, (module.kernel_size, module.stride, module.padding))
    if padding and not module.count_include_pad:
        raise _option(where, "count_include_pad=False", "count_include_pad=True, or no padding")
    x = _sequence(ctx, where, args, kwargs)
    if x.quant_tensor:
        raise GatewrightError(
            "GW-108",
            where=where,
            cause="it is given a QuantTensor, which torch does not average.",
            remedy="Pass .value, or build the layer before it with return_quant_tensor=False.",
        )
    window = WindowSpec(kernel, stride, 1, padding, padding)
    return _pool(ctx, module, path, "AveragePool", x, window)


def _pool(ctx: Tracing, module: Any, path: str, op: str, x: Value, window: WindowSpec) -> Value:
    if module.ceil_mode:
        raise _option(path or type(module).__name__, "ceil_mode=True", "ceil_mode=False")
    return emit_windows.pool(ctx.builder, ctx.name(path), op, x, window)


def _single(value: Any) -> int:
    """A size, which torch takes as a number or as a tuple of one."""
    return int(value[0] if isinstance(value, (tuple, list)) else value)


def _option(where: str, given: str, instead: str) -> GatewrightError:
    return GatewrightError(
        "GW-109", where=where, cause=f"it has {given}.", remedy=f"Use {instead}."
    )
