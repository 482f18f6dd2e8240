"""Emits the feed-forward modules: linear layers, batch normalization, and those that vanish."""

from __future__ import annotations

import dataclasses
from typing import Any

import brevitas.nn as qnn
import numpy as np
from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend import emit
from gatewright.frontend.spec import BatchNormSpec, LinearSpec, Parameter, Value
from gatewright.frontend.torch.activations import maybe_quantize, only_input
from gatewright.frontend.torch.brevitas_quant import (
    is_enabled,
    read_bias,
    read_weight,
    to_numpy,
)
from gatewright.frontend.torch.registry import Tracing, emits


@emits(qnn.QuantLinear, pointwise=True)
def quant_linear(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """``QuantLinear``, its input and output quantizers optional."""
    name = ctx.name(path)
    where = path or type(module).__name__
    x = only_input(where, args, kwargs)
    x = maybe_quantize(ctx, f"{name}.input_quant", f"{where}.input_quant", module.input_quant, x)
    weight = read_weight(f"{where}.weight_quant", module, module.quant_weight)
    bias = None if module.bias is None else layer_bias(where, module, x)
    out = emit.linear(ctx.builder, name, x, LinearSpec(weight, bias))
    out_path = f"{where}.output_quant"
    out = maybe_quantize(ctx, f"{name}.output_quant", out_path, module.output_quant, out)
    return dataclasses.replace(out, quant_tensor=bool(module.return_quant_tensor))


def layer_bias(where: str, module: Any, x: Value) -> Parameter:
    """The bias of a layer; GW-301 where its quantizer wants the scale of an input without one."""
    needs_scale = is_enabled(module.bias_quant) and module.bias_quant.requires_input_scale
    if needs_scale and (x.grid is None or not x.quant_tensor):
        raise GatewrightError(
            "GW-301",
            where=f"{where}.bias_quant",
            cause="this bias quantizer takes its scale from the layer's input, which is not a "
            "QuantTensor.",
            remedy="Give the layer an input_quant, set return_quant_tensor=True in the layer "
            "before it, or use bias_quant=None.",
        )
    return read_bias(f"{where}.bias_quant", module, x, module.quant_weight)


@emits(nn.BatchNorm1d)
def batch_norm(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """``BatchNorm1d`` on a matrix, with its running statistics."""
    where = path or type(module).__name__
    x = only_input(where, args, kwargs)
    if module.running_mean is None or module.running_var is None:
        raise GatewrightError(
            "GW-109",
            where=where,
            cause="it has track_running_stats=False, so that its statistics are those of a batch.",
            remedy="Use BatchNorm1d with track_running_stats=True.",
        )
    features = module.num_features
    weight = np.ones(features, np.float32) if module.weight is None else to_numpy(module.weight)
    bias = np.zeros(features, np.float32) if module.bias is None else to_numpy(module.bias)
    mean, variance = to_numpy(module.running_mean), to_numpy(module.running_var)
    spec = BatchNormSpec(weight, bias, mean, variance, float(module.eps))
    return emit.batch_norm(ctx.builder, ctx.name(path), x, spec)


@emits(nn.Flatten)
def flatten(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """``Flatten`` with its default axes."""
    where = path or type(module).__name__
    x = only_input(where, args, kwargs)
    if module.start_dim != 1 or module.end_dim not in (-1, len(x.shape) - 1):
        raise GatewrightError(
            "GW-109",
            where=where,
            cause=f"it flattens axes {module.start_dim} to {module.end_dim}; supported is 1 to -1.",
            remedy="Use nn.Flatten() with its defaults.",
        )
    return emit.flatten(ctx.builder, ctx.name(path), x)


_VANISHING = [nn.Dropout, nn.Identity]
if hasattr(qnn, "QuantDropout"):  # gone from Brevitas 0.13
    _VANISHING.append(qnn.QuantDropout)


@emits(*_VANISHING, pointwise=True)
def vanishing(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """Modules that do nothing in eval mode."""
    return only_input(path or type(module).__name__, args, kwargs)
