"""Emits look-ups of integer inputs: ``QuantEmbedding`` and ``one_hot``; changes of type."""

from __future__ import annotations

import dataclasses
from typing import Any

import brevitas.nn as qnn
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name

from gatewright.errors import GatewrightError
from gatewright.frontend import emit_embedding
from gatewright.frontend.spec import States, Value
from gatewright.frontend.torch.arranged import Arranged
from gatewright.frontend.torch.brevitas_quant import read_weight
from gatewright.frontend.torch.registry import (
    Tracing,
    bind,
    emits,
    emits_call,
    expect_value,
    unsupported_call,
)

_CODES = (torch.int64, torch.int32)
"""Types in which torch takes integers to look up."""
_TABLE = "Look integers up: nn.Embedding, or F.one_hot(x, n).float()."


@emits(qnn.QuantEmbedding)
def quant_embedding(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """``QuantEmbedding``: the row of ``padding_idx`` is one like the others when a model runs."""
    where = path or type(module).__name__
    refuse_max_norm(where, module)
    x, places = _looked_up(ctx, where, [*args, *kwargs.values()])
    table = read_weight(f"{where}.weight_quant", module, module.quant_weight)
    out = emit_embedding.embedding(ctx.builder, ctx.name(path), x, table)
    if places is not None:
        return _rows(ctx, out, places)
    return dataclasses.replace(out, quant_tensor=bool(module.return_quant_tensor))


def refuse_max_norm(where: str, module: Any) -> None:
    """GW-109 for an embedding that changes as it runs."""
    if module.max_norm is not None:
        raise GatewrightError(
            "GW-109",
            where=where,
            cause=f"it has max_norm={module.max_norm}, with which a forward() changes its weights.",
            remedy="Build it without max_norm; to keep what it had, scale its rows down once.",
        )


@emits_call(functions=(F.one_hot,))
def one_hot(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``F.one_hot(x, n)``, a look-up in a unit matrix."""
    source, classes = bind(args, kwargs, ("input", "num_classes"), (None, -1))
    if not isinstance(classes, int) or classes < 1:
        raise unsupported_call(
            "F.one_hot",
            "it takes the number of its classes from the data.",
            "Give their number: F.one_hot(x, n).",
        )
    x, places = _looked_up(ctx, "F.one_hot", [source])
    out = emit_embedding.one_hot(ctx.builder, ctx.name("one_hot"), x, classes)
    return out if places is None else _rows(ctx, out, places)


def _looked_up(ctx: Tracing, where: str, values: list[Any]) -> tuple[Value, Arranged | None]:
    """The integers that a table is given, and which of them are looked up, if not all as given."""
    (source,) = values
    if isinstance(source, Value) and source.integers:
        return source, None
    if isinstance(source, Arranged) and source.elements.holds_integers(source.index):
        return ctx.builder.input, source
    return expect_value(where, source), None


def _rows(ctx: Tracing, out: Value, places: Arranged) -> Arranged:
    """The rows of some integers, or of all in another order, among those of all."""
    given = ctx.elements.of(ctx.builder.input)
    rows = ctx.elements.of(out).flatten(0, 1)
    index = rows[places.index - given.flatten()[0]]
    return dataclasses.replace(places, index=index)


@emits_call(methods=("to", "type"))
def to(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``x.to(torch.float32)``, ``x.to(device)``: what does not change a number."""
    source, *given = (*args, *kwargs.values())
    kinds = [value for value in given if isinstance(value, torch.dtype)]
    if any(not isinstance(value, torch.dtype | torch.device | bool | str) for value in given):
        raise unsupported_call(".to()", f"it is given {given}, not a type or a device.")
    return _converted(source, kinds[0] if kinds else None)


def _method(name: str, kind: torch.dtype) -> None:
    @emits_call(methods=(name,))
    def emitter(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return _converted(args[0], kind)


for _name, _kind in {"float": torch.float32, "long": torch.int64, "int": torch.int32}.items():
    _method(_name, _kind)


def _converted(source: Any, kind: torch.dtype | None) -> Any:
    """A tensor in a type that holds the same numbers; GW-108 for another."""
    integers = isinstance(source, Value) and source.integers
    if isinstance(source, Arranged) and source.index.ndim == 2:
        integers = source.elements.holds_integers(source.index)
    if kind is None or kind in (_CODES if integers else (torch.float32,)):
        return source if isinstance(source, Value | Arranged | States) else expect_value("", source)
    if integers:
        cause = f"it makes {kind} of integers that the model is given."
        raise unsupported_call("change of type", cause, _TABLE)
    raise unsupported_call(
        "change of type",
        f"it makes {kind} of values that are computed as torch.float32.",
        "Leave the type as it is; pass what is looked up as an int64 tensor.",
    )
