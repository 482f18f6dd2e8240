"""Emits the functions, methods and attributes that forward() may use on tensors."""

from __future__ import annotations

import dataclasses
import operator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name

from gatewright.errors import GatewrightError
from gatewright.frontend import emit
from gatewright.frontend.spec import States, Value
from gatewright.frontend.torch.arranged import OF_STEPS, Arranged
from gatewright.frontend.torch.arrangements import arrange, picked, shape_of
from gatewright.frontend.torch.registry import (
    MaxOutput,
    OwnTensor,
    RecurrentOutput,
    Tracing,
    bind,
    emits_call,
    expect_value,
    refuse_quant_tensor,
    unsupported_call,
)

_ALL = slice(None)


@emits_call(functions=(operator.getitem,))
def getitem(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Unpacks what a recurrent layer returns, or selects the last time step of a tensor."""
    source, index = args
    if isinstance(source, RecurrentOutput):
        source = (source.out, source.states)
    if isinstance(source, (tuple, list)):
        return _unpack(source, index)
    if isinstance(source, MaxOutput) and index in (0, -2):
        return source.values
    if isinstance(source, States):
        return _state(ctx, source, index)
    if isinstance(source, Arranged) or (isinstance(source, Value) and source.integers):
        return picked(ctx, f"{_show(index)} on a tensor", source, index)
    x = expect_value(f"{_show(index)} on a tensor", source)
    if x.stack:
        picks = _axis_picks(f"{_show(index)} on {x.name}", index)
        if picks is not None and list(picks) == [0]:
            return emit.state_item(ctx.builder, ctx.name(f"{x.name}.item"), x, picks[0])
    return _select(ctx, x, index)


def _unpack(source: Any, index: Any) -> Any:
    try:
        return source[index]
    except (IndexError, TypeError) as error:
        raise unsupported_call(
            f"{_show(index)} on the output of a recurrent layer",
            f"it returns {len(source)} things, of which there is no such item.",
        ) from error


def _state(ctx: Tracing, source: States, index: Any) -> Any:
    """One of the final states: ``h[-1]``."""
    what = f"{_show(index)} on the final states {source.which}"
    refuse_quant_tensor(what, source.quant_tensor)
    picks = _axis_picks(what, index)
    if picks is None or list(picks) != [0]:
        return picked(ctx, what, source, index)
    if not -len(source.items) <= picks[0] < len(source.items):
        raise unsupported_call(what, f"it has {len(source.items)} states to choose from, as h[-1].")
    return source.items[picks[0]]


def _select(ctx: Tracing, x: Value, index: Any) -> Any:
    what = f"{_show(index)} on {x.name}"
    refuse_quant_tensor(what, x.quant_tensor)
    picks = _axis_picks(what, index)
    if x.layout is None or len(x.shape) != 3 or picks is None:
        return picked(ctx, what, x, index)
    time, batch = x.layout.time_axis, x.layout.batch_axis
    if list(picks) == [batch]:
        raise GatewrightError(
            "GW-108",
            where=what,
            cause=f"axis {batch} is the batch, so this selects one sequence, not a time step "
            f"(the layer has batch_first={x.layout.batch_first}).",
            remedy=f"Select the last time step with {'[:, -1]' if time == 1 else '[-1]'}.",
        )
    if list(picks) != [time] or not emit.is_last(x, picks[time]):
        return picked(ctx, what, x, index)
    return emit.select_step(ctx.builder, ctx.name("last_step"), x, picks[time])


def _axis_picks(what: str, index: Any) -> dict[int, int] | None:
    """The axes (of three) that an index picks one item of, all of the others; None if it slices."""
    items = list(index) if isinstance(index, tuple) else [index]
    if any(isinstance(item, (OwnTensor, Value, Arranged)) for item in items):
        raise unsupported_call(
            what,
            "it takes items by a tensor of indices.",
            "Take steps by their numbers: the last one is out[:, -1]. A step of its own for each "
            "sequence, as of several lengths, is taken on the host.",
        )
    if Ellipsis in items:
        at = items.index(Ellipsis)
        items[at : at + 1] = [_ALL] * (3 - len(items) + 1)
    picks = {}
    for axis, item in enumerate(items):
        if isinstance(item, int) and not isinstance(item, bool):
            picks[axis] = item
        elif item != _ALL:
            return None
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
            shown.append("..." if item is Ellipsis else "a tensor")
    return f"[{', '.join(shown)}]"


@emits_call(functions=(torch.flatten,), methods=("flatten",))
def flatten(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``torch.flatten(x, 1)``."""
    x, start, end = bind(args, kwargs, ("input", "start_dim", "end_dim"), (None, 0, -1))
    rank = len(shape_of(ctx, "flatten", x))
    if isinstance(x, (States, Arranged)) or start != 1 or end not in (-1, rank - 1):
        return arrange(ctx, f"flatten({start}, {end})", torch.flatten, x, start, end)
    x = expect_value("flatten", x)
    if x.layout is not None and x.layout.channels_first and x.shape[2] == 1:  # of one window
        return arrange(ctx, "flatten", torch.flatten, x, start, end)
    return emit.flatten(ctx.builder, ctx.name("flatten"), x)


@emits_call(functions=(F.dropout,), methods=("contiguous",))
def vanishing(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Calls that do nothing in eval mode; F.dropout has to be told that it is."""
    if len(args) + len(kwargs) == 1 and not kwargs:  # .contiguous(), or F.dropout(x)
        (x,) = args
        training = False
        if isinstance(x, Arranged):  # a view of it is one of what lies there now
            return dataclasses.replace(x, index=x.index.contiguous())
    else:
        names = ("input", "p", "training", "inplace")
        x, _, training, _ = bind(args, kwargs, names, (None, 0.5, True, False))
    if training:
        raise GatewrightError(
            "GW-108",
            where="F.dropout",
            cause="it is called with training=True, which is also its default.",
            remedy="Use nn.Dropout, or pass training=self.training.",
        )
    if isinstance(x, (Arranged, States)) or (isinstance(x, Value) and x.integers):
        return x
    return expect_value("dropout", x)


@emits_call(functions=(torch.cat, torch.concat))
def concatenate(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``torch.cat`` of features, or of final states along their first axis."""
    tensors, dim = bind(args, kwargs, ("tensors", "dim"), (None, 0))
    parts = list(tensors)
    if dim == 0 and all(isinstance(part, States) for part in parts):
        first: States = parts[0]
        return dataclasses.replace(first, items=tuple(i for part in parts for i in part.items))
    rank = len(shape_of(ctx, "torch.cat", parts[0])) if parts else 0
    if any(isinstance(part, (Arranged, States)) for part in parts) or dim not in (-1, rank - 1):
        return arrange(ctx, "torch.cat", torch.cat, parts, dim)
    values = [expect_value("torch.cat", part) for part in parts]
    return ctx.elements.joined(emit.concat(ctx.builder, ctx.name("cat"), values), values)


@emits_call(functions=(torch.squeeze,), methods=("squeeze",))
def squeeze(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``h.squeeze(0)`` of the one final state of a layer, or of any axis of size 1."""
    source, dim = bind(args, kwargs, ("input", "dim"), (None, None))
    if isinstance(source, States) and len(source.items) == 1 and dim in (0, -3, None):
        return source.items[0]
    if isinstance(source, Value | Arranged | States) and (
        dim is None or dim == _batch_axis(source)
    ):
        raise unsupported_call(
            "squeeze",
            "without an axis it drops that of sequences, too, where there is one of them."
            if dim is None
            else f"axis {dim} is that of sequences, which it drops where there is one of them.",
            f"Name the axis of size 1, as squeeze({_unit_axis(ctx, source)}); where there is none, "
            "leave it out.",
        )
    of_steps = isinstance(source, Value) and source.layout is not None and dim in (2, -1)
    what = OF_STEPS if of_steps and source.layout.channels_first else "squeeze"
    return arrange(ctx, what, torch.squeeze, source, *(() if dim is None else (dim,)))


def _unit_axis(ctx: Tracing, source: Any) -> int:
    """An axis of size 1 beside that of sequences; the last where there is none."""
    shape = shape_of(ctx, "squeeze", source)
    batch = _batch_axis(source) or 0
    return next((axis for axis, size in enumerate(shape) if size == 1 and axis != batch), -1)


def _batch_axis(source: Any) -> int | None:
    """The axis of sequences of a tensor, where that is known."""
    if not isinstance(source, Value) or source.stack:
        return None
    if len(source.shape) == 2:
        return 0
    return None if source.layout is None else source.layout.batch_axis


@emits_call(functions=(getattr,))
def attribute(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``.value`` of a QuantTensor, ``.shape`` and ``.ndim`` of any tensor."""
    source, name = args[:2]
    if name in ("shape", "ndim"):
        shape = shape_of(ctx, f".{name}", source)
        return shape if name == "shape" else len(shape)
    if isinstance(source, States) and name == "value" and source.quant_tensor:
        return dataclasses.replace(source, quant_tensor=False)
    if isinstance(source, MaxOutput) and name == "values":
        return source.values
    x = expect_value(f".{name}", source)
    if name == "value" and x.quant_tensor:
        return dataclasses.replace(x, quant_tensor=False)
    if name == "mT" and len(x.shape) == 3 and not x.stack:
        return arrange(ctx, ".mT", lambda tensor: tensor.mT, x)
    raise unsupported_call(f".{name} of a tensor")
