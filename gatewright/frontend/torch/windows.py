"""Emits convolutions and pools over time."""

from __future__ import annotations

import dataclasses
from typing import Any

import brevitas.nn as qnn
from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend import emit_windows
from gatewright.frontend.spec import ConvSpec, Value, WindowSpec
from gatewright.frontend.torch.activations import maybe_quantize, only_input
from gatewright.frontend.torch.arranged import Arranged
from gatewright.frontend.torch.brevitas_quant import read_weight
from gatewright.frontend.torch.layers import layer_bias
from gatewright.frontend.torch.registry import (
    Tracing,
    emits,
)


@emits(qnn.QuantConv1d)
def quant_conv(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """``QuantConv1d``, its input and output quantizers optional."""
    name = ctx.name(path)
    where = path or type(module).__name__
    x = _sequence(ctx, where, args, kwargs)
    if module.padding_mode != "zeros":
        raise _option(where, f"padding_mode={module.padding_mode!r}", "padding_mode='zeros'")
    x = maybe_quantize(ctx, f"{name}.input_quant", f"{where}.input_quant", module.input_quant, x)
    weight = read_weight(f"{where}.weight_quant", module, module.quant_weight)
    bias = None if module.bias is None else layer_bias(where, module, x)
    spec = ConvSpec(weight, bias, _conv_window(module), int(module.groups))
    out = emit_windows.conv(ctx.builder, name, x, spec)
    out_path = f"{where}.output_quant"
    out = maybe_quantize(ctx, f"{name}.output_quant", out_path, module.output_quant, out)
    return dataclasses.replace(out, quant_tensor=bool(module.return_quant_tensor))


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
