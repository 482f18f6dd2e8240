"""Emits sums of tensors, and Brevitas' layers that bring several tensors to one quantizer."""

from __future__ import annotations

import dataclasses
import operator
from functools import reduce
from typing import Any

import brevitas.nn as qnn
import torch

from gatewright.frontend import emit
from gatewright.frontend.spec import Value
from gatewright.frontend.torch.activations import maybe_quantize
from gatewright.frontend.torch.arrangements import shape_of
from gatewright.frontend.torch.registry import (
    OwnTensor,
    Tracing,
    bind,
    emits,
    emits_call,
    expect_value,
    unsupported_call,
)


@emits_call(functions=(operator.add, torch.add, operator.iadd), methods=("add", "__add__"))
def add(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """``a + b`` of two tensors whose quantizers have one scale."""
    a, b, alpha = bind(args, kwargs, ("input", "other", "alpha"), (None, None, 1))
    for operand in (a, b):
        if isinstance(operand, (int, float, OwnTensor)) or alpha != 1:
            raise unsupported_call(
                "operator add",
                "it adds a constant.",
                "Leave constants to the bias of a layer, or to nn.BatchNorm1d.",
            )
    return _sum(ctx, "add", [a, b])


def _sum(ctx: Tracing, name: str, parts: list[Any]) -> Value:
    shapes = [tuple(shape_of(ctx, name, part)) for part in parts]
    if len(set(shapes)) > 1:
        raise unsupported_call(
            name,
            f"it adds tensors of shapes {', '.join(str(list(s)) for s in shapes)}.",
            "Give both one shape: a linear layer makes as many features as are wanted.",
        )
    values = [expect_value(name, part) for part in parts]
    return reduce(lambda a, b: emit.add(ctx.builder, ctx.name(name), a, b), values)


@emits(qnn.QuantEltwiseAdd)
def quant_add(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """Both through one quantizer, then their sum."""
    name, where = ctx.name(path), path or type(module).__name__
    values = [expect_value(where, value) for value in (*args, *kwargs.values())]
    parts = _through_one(ctx, module, name, where, values)
    out = emit.add(ctx.builder, f"{name}.add", *parts)
    out_path = f"{where}.output_quant"
    out = maybe_quantize(ctx, f"{name}.output_quant", out_path, module.output_quant, out)
    return dataclasses.replace(out, quant_tensor=bool(module.return_quant_tensor))


def _through_one(
    ctx: Tracing, module: Any, name: str, where: str, values: list[Value]
) -> list[Value]:
    path = f"{where}.input_quant"
    return [
        maybe_quantize(ctx, f"{name}.input_quant_{i}", path, module.input_quant, value)
        for i, value in enumerate(values)
    ]
