"""Emits what moves elements and computes nothing (views, slices, joins), and shapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import fx

from gatewright.frontend.spec import States, Value
from gatewright.frontend.torch.arranged import NO_STEP, Arranged
from gatewright.frontend.torch.registry import (
    MaxOutput,
    OwnTensor,
    Padded,
    RecurrentOutput,
    Tracing,
    emits_call,
    expect_value,
    refuse_quant_tensor,
    unsupported_call,
)

_FUNCTIONS = (
    *(torch.permute, torch.transpose, torch.swapaxes, torch.swapdims, torch.movedim),
    *(torch.moveaxis, torch.t, torch.reshape, torch.unsqueeze, torch.unflatten, torch.stack),
    *(torch.hstack, torch.vstack, torch.dstack, torch.chunk, torch.split, torch.tensor_split),
    *(torch.unbind, torch.select, torch.narrow, torch.clone, torch.detach, torch.ravel),
)
_METHODS = (
    *("view", "reshape", "permute", "transpose", "swapaxes", "swapdims", "movedim", "moveaxis"),
    *("t", "unsqueeze", "unflatten", "chunk", "split", "tensor_split", "unbind", "select"),
    *("narrow", "clone", "detach", "view_as", "reshape_as", "expand", "ravel"),
)


def arrange(ctx: Tracing, what: str, move: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a call makes of tensors that it only re-arranges.

    Args:
        ctx: The trace.
        what: The call, for errors.
        move: torch's own, which is given the numbers of the elements.
        args: Its arguments, tensors of the graph among them.
        kwargs: The same.

    Raises:
        GatewrightError: GW-108 where one of them is no tensor that can be re-arranged, or torch
            refuses the call.
    """
    fixed = False

    def numbers(value: Any) -> Any:
        nonlocal fixed
        if isinstance(value, (RecurrentOutput, MaxOutput, Padded, OwnTensor)):
            expect_value(what, value)
        if isinstance(value, (Value, States)):
            refuse_quant_tensor(what, value.quant_tensor)
            if isinstance(value, Value) and not value.integers:
                expect_value(what, value)
        if isinstance(value, Arranged):
            fixed |= value.fixed
        return ctx.elements.of(value) if isinstance(value, (Value, States, Arranged)) else value

    given, options = fx.node.map_aggregate((args, kwargs), numbers)
    try:
        result = move(*given, **options)
    except (RuntimeError, IndexError, TypeError, ValueError) as error:
        raise unsupported_call(what, f"torch refuses it: {str(error).rstrip('.')}.") from error

    def wrapped(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        return Arranged(value, ctx.elements, what, fixed)

    return fx.node.map_aggregate(result, wrapped)


def picked(ctx: Tracing, what: str, source: Any, index: Any) -> Any:
    """Items and slices of a tensor; a step that is counted from the front holds for one length."""
    result = arrange(ctx, what, lambda tensor: tensor[index], source)
    if not isinstance(result, Arranged) or result.fixed:
        return result
    fixed = _counts_from_the_front(ctx, source, index)
    return replace(result, fixed=fixed)


def _counts_from_the_front(ctx: Tracing, source: Any, index: Any) -> bool:
    """Whether an index names a time step by its number."""
    steps = ctx.elements.steps_of(ctx.elements.of(source))
    items = [*index] if isinstance(index, tuple) else [index]
    if Ellipsis in items:
        at = items.index(Ellipsis)
        items[at : at + 1] = [slice(None)] * (steps.ndim - len(items) + 1)
    axis = 0
    for item in items:
        if item is None:
            continue
        ends = (item.start, item.stop) if isinstance(item, slice) else (item,)
        numbered = any(isinstance(end, int) and end >= 0 for end in ends if end is not None)
        first, last = steps.select(axis, 0), steps.select(axis, -1)
        if numbered and bool(((first != last) & (first != NO_STEP)).any()):
            return True
        axis += 1
    return False


def _function(name: str, move: Callable[..., Any]) -> Any:
    def emitter(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return arrange(ctx, name, move, *args, **kwargs)

    return emitter


for _move in _FUNCTIONS:
    emits_call(functions=(_move,))(_function(f"torch.{_move.__name__}", _move))
for _name in _METHODS:
    emits_call(methods=(_name,))(_function(f".{_name}()", getattr(torch.Tensor, _name)))


def shape_of(ctx: Tracing, what: str, source: Any) -> torch.Size:
    """The shape of a tensor, of the example's size."""
    if isinstance(source, OwnTensor):
        return torch.Size(source.tensor.shape)
    if isinstance(source, (States, Arranged)):
        return ctx.elements.of(source).shape
    if isinstance(source, Value) and source.integers:
        return torch.Size(source.shape)
    return torch.Size(expect_value(what, source).shape)


@emits_call(methods=("size",))
def size(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``x.size()``, ``x.size(0)``."""
    shape = shape_of(ctx, ".size()", args[0])
    return torch.empty(shape, device="meta").size(*args[1:], **kwargs)


@emits_call(methods=("dim", "ndimension"))
def dim(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    """``x.dim()``."""
    return len(shape_of(ctx, ".dim()", args[0]))


@emits_call(methods=("numel", "nelement"))
def numel(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    """``x.numel()``."""
    return int(shape_of(ctx, ".numel()", args[0]).numel())


def _like(make: Callable[..., torch.Tensor]) -> Any:
    def emitter(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> OwnTensor:
        return OwnTensor("a constant", make(shape_of(ctx, make.__name__, args[0])))

    return emitter


def _new(make: Callable[..., torch.Tensor]) -> Any:
    def emitter(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> OwnTensor:
        return OwnTensor("a constant", make(*args[1:]))

    return emitter


for _made, _make in ((torch.zeros_like, torch.zeros), (torch.ones_like, torch.ones)):
    emits_call(functions=(_made,))(_like(_make))
for _name, _make in (("new_zeros", torch.zeros), ("new_ones", torch.ones)):
    emits_call(methods=(_name,))(_new(_make))
