"""Emits the functions, methods and attributes that forward() may use on tensors."""

from __future__ import annotations

import dataclasses
import operator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name

from gatewright.errors import GatewrightError
from gatewright.frontend import emit
from gatewright.frontend.registry import (
    Context,
    LstmOutput,
    LstmState,
    emits_call,
    expect_value,
    state_used,
    unsupported_call,
)
from gatewright.frontend.spec import Value

_ALL = slice(None)


@emits_call(functions=(operator.getitem,))
def getitem(ctx: Context, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Unpacks the tuple of a recurrent layer, or selects the last time step of a tensor."""
    source, index = args
    if isinstance(source, LstmOutput):
        return _unpack(source, index)
    if isinstance(source, LstmState):
        if isinstance(index, int):  # unpacking (h, c) is no use of them yet
            return source
        raise state_used(f"{source.name}[1]")
    x = expect_value(f"{_show(index)} on a tensor", source)
    return _select(ctx, x, index)


def _unpack(source: LstmOutput, index: Any) -> Value | LstmState:
    if index in (0, -2):
        return source.out
    if index in (1, -1):
        return LstmState(source.name)
    raise unsupported_call(
        f"{_show(index)} on the output of {source.name}",
        "the layer returns the tuple (out, state), which has no such item.",
    )


def _select(ctx: Context, x: Value, index: Any) -> Value:
    what = f"{_show(index)} on {x.name}"
    if x.quant_tensor:
        raise GatewrightError(
            "GW-108",
            where=what,
            cause="a QuantTensor is a tuple; indexing picks its fields, not time steps.",
            remedy="take .value first, or build the layer with return_quant_tensor=False.",
        )
    if x.layout is None or len(x.shape) != 3:
        raise unsupported_call(
            what, "time steps can only be selected from the output of a recurrent layer."
        )
    picks = _axis_picks(what, index)
    time, batch = x.layout.time_axis, x.layout.batch_axis
    if list(picks) == [batch]:
        raise GatewrightError(
            "GW-108",
            where=what,
            cause=f"axis {batch} is the batch, so this selects one sequence, not a time step "
            f"(the layer has batch_first={x.layout.batch_first}).",
            remedy=f"select the last time step with {'[:, -1]' if time == 1 else '[-1]'}.",
        )
    if list(picks) != [time] or picks[time] not in (-1, x.shape[time] - 1):
        raise GatewrightError(
            "GW-108",
            where=what,
            cause="only the last time step can be selected.",
            remedy=f"select it with {'[:, -1]' if time == 1 else '[-1]'}.",
        )
    return emit.select_last(ctx.builder, ctx.name("last_step"), x)


def _axis_picks(what: str, index: Any) -> dict[int, int]:
    """The axes (of three) that an index picks one item of; GW-108 on anything but full slices."""
    items = list(index) if isinstance(index, tuple) else [index]
    if Ellipsis in items:
        at = items.index(Ellipsis)
        items[at : at + 1] = [_ALL] * (3 - len(items) + 1)
    picks = {}
    for axis, item in enumerate(items):
        if isinstance(item, int) and not isinstance(item, bool):
            picks[axis] = item
        elif item != _ALL:
            raise unsupported_call(what, "only the last time step can be selected.")
    return picks


def _show(index: Any) -> str:
    items = index if isinstance(index, tuple) else (index,)
    shown = []
    for item in items:
        if isinstance(item, slice):
            ends = ["" if end is None else str(end) for end in (item.start, item.stop)]
            shown.append(":".join(ends) + (f":{item.step}" if item.step is not None else ""))
        elif isinstance(item, int):
            shown.append(str(item))
        else:
            shown.append("..." if item is Ellipsis else type(item).__name__)
    return f"[{', '.join(shown)}]"


@emits_call(functions=(torch.flatten,), methods=("flatten",))
def flatten(ctx: Context, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """``torch.flatten(x, 1)``."""
    x, start, end = _bind(args, kwargs, ("input", "start_dim", "end_dim"), (None, 0, -1))
    x = expect_value("flatten", x)
    if start != 1 or end not in (-1, len(x.shape) - 1):
        raise unsupported_call(f"flatten({start}, {end})", "only flatten(1) is supported.")
    return emit.flatten(ctx.builder, ctx.name("flatten"), x)


@emits_call(functions=(F.dropout,), methods=("contiguous",))
def vanishing(ctx: Context, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """Calls that do nothing in eval mode; F.dropout has to be told that it is."""
    if len(args) + len(kwargs) == 1 and not kwargs:  # .contiguous(), or F.dropout(x)
        (x,) = args
        training = False
    else:
        names = ("input", "p", "training", "inplace")
        x, _, training, _ = _bind(args, kwargs, names, (None, 0.5, True, False))
    if training:
        raise GatewrightError(
            "GW-108",
            where="F.dropout",
            cause="it is called with training=True, which is also its default.",
            remedy="use nn.Dropout, or pass training=self.training.",
        )
    return expect_value("dropout", x)


def _bind(
    args: tuple[Any, ...], kwargs: dict[str, Any], names: tuple[str, ...], default: tuple[Any, ...]
) -> list[Any]:
    values = dict(zip(names, default, strict=True)) | dict(zip(names, args, strict=False)) | kwargs
    return [values[name] for name in names]


@emits_call(functions=(getattr,))
def attribute(ctx: Context, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """``.value`` of a QuantTensor."""
    source, name = args[:2]
    x = expect_value(f".{name}", source)
    if name == "value" and x.quant_tensor:
        return dataclasses.replace(x, quant_tensor=False)
    raise unsupported_call(f".{name} of a tensor")
