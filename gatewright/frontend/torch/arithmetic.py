"""Emits arithmetic, and Brevitas' layers that bring several tensors to one quantizer."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
from torch import nn

from gatewright.frontend import emit_arithmetic
from gatewright.frontend.spec import Value
from gatewright.frontend.torch.activations import maybe_quantize, only_input, refuse_in_place
from gatewright.frontend.torch.arranged import Arranged
from gatewright.frontend.torch.arrangements import shape_of
from gatewright.frontend.torch.registry import (
    CallEmitter,
    OwnTensor,
    Tracing,
    bind,
    emits,
    emits_call,
    expect_value,
    unsupported_call,
)
from gatewright.ir.types import Float32Array

SUMS = (operator.add, torch.add, operator.iadd, "add", "__add__")
DIFFERENCES = (operator.sub, torch.sub, torch.subtract, operator.isub, "sub", "subtract")
REVERSED = (torch.rsub, "rsub", "__rsub__")
PRODUCTS = (operator.mul, torch.mul, torch.multiply, operator.imul, "mul", "multiply")
QUOTIENTS = (
    *(operator.truediv, torch.div, torch.divide, torch.true_divide, operator.itruediv),
    *("div", "divide", "true_divide"),
)
NEGATIONS = (operator.neg, torch.neg, torch.negative, "neg", "negative")
MAGNITUDES = (abs, operator.abs, torch.abs, torch.absolute, "abs", "absolute")
SQUARES = (operator.pow, torch.pow, torch.square, operator.ipow, "pow", "square", "__pow__")
PURE = frozenset(
    {
        *(*SUMS, *DIFFERENCES, *REVERSED, *PRODUCTS, *QUOTIENTS, *NEGATIONS, *MAGNITUDES),
        *(torch.sqrt, torch.rsqrt, torch.reciprocal, torch.clamp, torch.exp, *SQUARES),
        *("sqrt", "rsqrt", "reciprocal", "clamp", "exp", "float", "to", "item"),
        *("view", "reshape", "squeeze", "unsqueeze", "flatten", "transpose", "permute", "clone"),
        "detach",
        *(
            "expand",
            "repeat",
            "tile",
            "broadcast_to",
            "contiguous",
            "sum",
            "mean",
            operator.getitem,
            "t",
        ),
        *("requires_grad_", torch.Tensor.new_zeros, torch.Tensor.new_ones, torch.Tensor.new_full),
        *(torch.cat, torch.stack, torch.unsqueeze, torch.tile, torch.broadcast_to),
        *(torch.sum, torch.mean),
    }
) - {operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ipow}
"""What may be computed of constants while a model is traced."""
_OF_TWO, _NO_OTHER = ("input", "other", "alpha"), (None, None, 1)


def _emits(calls: tuple[Any, ...]) -> Callable[[CallEmitter], CallEmitter]:
    functions = tuple(call for call in calls if not isinstance(call, str))
    methods = tuple(call for call in calls if isinstance(call, str))
    return emits_call(functions=functions, methods=methods)


def _operands(what: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Two operands: tensors as they are, constants as float32."""
    if not kwargs.keys() <= set(_OF_TWO) or len(args) > 2:
        raise unsupported_call(
            what,
            f"it is given {', '.join(kwargs) or 'further arguments'}.",
            "Give it two operands, and no more: numbers are rounded by the quantizer behind it.",
        )
    a, b, alpha = bind(args, kwargs, _OF_TWO, _NO_OTHER)
    if alpha != 1:
        raise unsupported_call(what, f"it has alpha={alpha}.", "Multiply first: a + alpha * b.")
    return _constant(a), _constant(b)


def _constant(operand: Any) -> Any:
    """A constant in float32, as torch computes with it; anything else as it is."""
    if isinstance(operand, (int, float)) and not isinstance(operand, bool):
        return np.array(operand, dtype=np.float32)
    if isinstance(operand, OwnTensor):
        return _once(operand.tensor.detach().cpu().numpy().astype(np.float32))
    return operand


def _once(values: Float32Array) -> Float32Array:
    """Values that repeat along an axis, as ``expand`` makes them, one time along it."""
    for axis in range(values.ndim):
        first = values.take([0], axis)
        values = first if bool((values == first).all()) else values
    return values


def _is_constant(operand: Any) -> bool:
    return isinstance(operand, np.ndarray)


def _tensor(name: str, x: Any) -> Value:
    """A tensor of whichever order of axes: elements meet those in the same place."""
    return expect_value(name, x.elements.elementwise(x) if isinstance(x, Arranged) else x)


def _by_constant(ctx: Tracing, name: str, op: str, x: Any, constant: Float32Array) -> Value:
    value = _tensor(name, x)
    return emit_arithmetic.by_constant(ctx.builder, ctx.name(name), op, value, constant)


def _pair(ctx: Tracing, name: str, op: str, parts: list[Any]) -> Value:
    shapes = [tuple(shape_of(ctx, name, part)) for part in parts]
    if len(set(shapes)) > 1:
        alike = len({shape[-1] for shape in shapes}) == 1
        raise unsupported_call(
            name,
            f"it is given tensors of shapes {', '.join(str(list(s)) for s in shapes)}.",
            "What there is one of for a sequence meets no row of each step: take one step, "
            "out[:, -1] + h[-1], or let the layer begin with it as a state, lstm(x, (h, c))."
            if alike
            else "Give both one shape: a linear layer makes as many features as are wanted.",
        )
    values = [_tensor(name, part) for part in parts]
    return reduce(lambda a, b: emit_arithmetic.pair(ctx.builder, ctx.name(name), op, a, b), values)


@_emits(SUMS)
def add(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """``a + b`` of two tensors whose quantizers have one scale, or with a constant."""
    a, b = _operands("add", args, kwargs)
    if _is_constant(a):
        a, b = b, a
    if _is_constant(b):
        return _by_constant(ctx, "add", "Sub", a, -b)
    return _pair(ctx, "add", "Add", [a, b])


@_emits(DIFFERENCES)
def sub(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """``a - b`` of two tensors whose quantizers have one scale, or with a constant."""
    a, b = _operands("sub", args, kwargs)
    if _is_constant(b):
        return _by_constant(ctx, "sub", "Sub", a, b)
    if _is_constant(a):  # rounded as -b + a
        value = _tensor("sub", b)
        turned = emit_arithmetic.negate(ctx.builder, ctx.name("neg"), value)
        return _by_constant(ctx, "sub", "Sub", turned, -a)
    return _pair(ctx, "sub", "Sub", [a, b])


@_emits(REVERSED)
def rsub(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """``torch.rsub(a, b)``, which is ``b - a``."""
    a, b, alpha = bind(args, kwargs, _OF_TWO, _NO_OTHER)
    result: Value = sub(ctx, (b, a), {"alpha": alpha})
    return result


@_emits(PRODUCTS)
def mul(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """``a * b`` of two quantized tensors, or with a constant."""
    a, b = _operands("mul", args, kwargs)
    if _is_constant(a):
        a, b = b, a
    if _is_constant(b):
        return _by_constant(ctx, "mul", "Mul", a, b)
    return _pair(ctx, "mul", "Mul", [a, b])


@_emits(QUOTIENTS)
def div(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """``a / c`` by a constant."""
    a, b = _operands("div", args, kwargs)
    if not _is_constant(b):
        raise unsupported_call(
            "div",
            "it divides by a tensor that is computed.",
            "Divide by constants only, or multiply: a gate is y * torch.sigmoid(z).",
        )
    return _by_constant(ctx, "div", "Div", a, b)


@_emits(NEGATIONS)
def neg(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """``-x``."""
    (x,) = (*args, *kwargs.values())
    return emit_arithmetic.negate(ctx.builder, ctx.name("neg"), _tensor("neg", x))


@_emits(MAGNITUDES)
def magnitude(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """``torch.abs(x)``."""
    (x,) = (*args, *kwargs.values())
    return emit_arithmetic.magnitude(ctx.builder, ctx.name("abs"), _tensor("abs", x))


@_emits(SQUARES)
def square(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    """``x ** 2``, which is ``x * x``."""
    x, exponent = (*args, *kwargs.values(), 2)[:2]
    if not isinstance(exponent, (int, float)) or exponent != 2:
        raise unsupported_call(
            "pow",
            f"it raises to the power of {exponent}.",
            "Of powers there is x ** 2; a third is x * x * x. Roots and others of what is known "
            "before, as numbers and buffers are, may be computed.",
        )
    return _pair(ctx, "pow", "Mul", [x, x])


@emits(nn.LeakyReLU, pointwise=True)
def leaky_relu(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """With a slope that is a power of two; a ``QuantIdentity`` stands before it and follows it."""
    x = only_input(path or "LeakyReLU", args, kwargs)
    refuse_in_place(path, module)
    return emit_arithmetic.leaky(ctx.builder, ctx.name(path), x, float(module.negative_slope))


@emits(qnn.QuantEltwiseAdd)
def quant_add(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """Both through one quantizer, then their sum."""
    name, where = ctx.name(path), path or type(module).__name__
    values = [expect_value(where, value) for value in (*args, *kwargs.values())]
    parts = _through_one(ctx, module, name, where, values)
    out = emit_arithmetic.pair(ctx.builder, f"{name}.add", "Add", *parts)
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
