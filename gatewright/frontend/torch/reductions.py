"""Emits mean and maximum over time, and argmax over the classes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from gatewright.errors import GatewrightError
from gatewright.frontend import emit
from gatewright.frontend.spec import Value
from gatewright.frontend.torch.registry import (
    MaxOutput,
    Tracing,
    bind,
    emits_call,
    expect_value,
    unsupported_call,
)

_NAMED = {"ReduceMean": "mean", "ReduceSum": "sum", "ReduceMax": "max", "ReduceMin": "min"}
_NAMES, _DEFAULTS = ("input", "dim", "keepdim"), (None, None, False)


@emits_call(functions=(torch.mean,), methods=("mean",))
def mean(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """``out.mean(dim=1)``, or ``dim=0`` without ``batch_first``."""
    if kwargs.get("dtype") is not None:
        raise unsupported_call("mean", "it is given a dtype.")
    options = {key: value for key, value in kwargs.items() if key != "dtype"}
    return _over_time(ctx, "mean", "ReduceMean", args, options)


@emits_call(functions=(torch.sum,), methods=("sum",))
def total(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """``out.sum(dim=1)``, or ``dim=0`` without ``batch_first``."""
    if kwargs.get("dtype") is not None:
        raise unsupported_call("sum", "it is given a dtype.")
    return _over_time(ctx, "sum", "ReduceSum", args, kwargs)


@emits_call(functions=(torch.amin,), methods=("amin",))
def amin(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """``out.amin(dim=1)``, or ``dim=0`` without ``batch_first``."""
    return _over_time(ctx, "amin", "ReduceMin", args, kwargs)


@emits_call(functions=(torch.min,), methods=("min",))
def minimum(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> MaxOutput:
    """``out.min(dim=1)``, of which only the values can be used."""
    return MaxOutput(_over_time(ctx, "min", "ReduceMin", args, kwargs))


@emits_call(functions=(torch.amax,), methods=("amax",))
def amax(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """``out.amax(dim=1)``, or ``dim=0`` without ``batch_first``."""
    return _over_time(ctx, "amax", "ReduceMax", args, kwargs)


@emits_call(functions=(torch.max,), methods=("max",))
def maximum(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> MaxOutput:
    """``out.max(dim=1)``, of which only the values can be used."""
    return MaxOutput(_over_time(ctx, "max", "ReduceMax", args, kwargs))


def _over_time(
    ctx: Tracing, call: str, op: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    source, dim, keepdim = bind(args, kwargs, _NAMES, _DEFAULTS)
    x = expect_value(call, source)
    layout = ctx.elements.layout_of(x)
    if layout is None:
        raise unsupported_call(call, "only steps of sequences can be reduced, over time.")
    axes = list(dim) if isinstance(dim, (list, tuple)) else [dim]
    time = layout.time_axis
    if keepdim and axes in ([time], [time - 3]):
        raise GatewrightError(
            "GW-108",
            where=call,
            cause="it keeps time as an axis of one, to be met by all steps, and no kernel has the "
            f"{call} of a sequence before its last step is there.",
            remedy=f"Give out.{call}(dim={time}), without keepdim, to layers that take one row a "
            "sequence; to normalize steps use nn.BatchNorm1d, whose numbers are fixed after "
            "training; of the input compute it on the host.",
        )
    if keepdim or axes not in ([time], [time - 3]):
        raise GatewrightError(
            "GW-108",
            where=call,
            cause=f"it reduces dim={dim} with keepdim={keepdim}, where time is axis {time}.",
            remedy=f"Reduce over time only: out.{call}(dim={time}).",
        )
    return emit.over_time(
        ctx.builder, ctx.name(f"{_NAMED[op]}_over_time"), op, replace(x, layout=layout)
    )


@emits_call(functions=(torch.argmax,), methods=("argmax",))
def argmax(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """``y.argmax(dim=-1)``, the model's output."""
    source, dim, keepdim = bind(args, kwargs, _NAMES, _DEFAULTS)
    x = expect_value("argmax", source)
    last = len(x.shape) - 1
    if keepdim or last < 1 or dim not in (-1, last):
        raise GatewrightError(
            "GW-108",
            where="argmax",
            cause=f"it takes dim={dim} with keepdim={keepdim}; supported is the last axis.",
            remedy="Call y.argmax(dim=-1).",
        )
    return emit.argmax(ctx.builder, ctx.name("argmax"), x)
