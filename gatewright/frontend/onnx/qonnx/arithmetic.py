"""Reads arithmetic that is no layer's: of two tensors, and of a tensor and constants."""

from __future__ import annotations

import numpy as np
import onnx

from gatewright.frontend import emit_arithmetic
from gatewright.frontend.onnx.graph import attributes, label, malformed, unsupported
from gatewright.frontend.onnx.qonnx.registry import Reading, reads
from gatewright.ir.types import Float32Array


@reads("Add", "Sub", "Mul", "Div")
def arithmetic(ctx: Reading, node: onnx.NodeProto) -> None:
    """Of two tensors, or of one and a constant behind it; an ``Add`` that is no bias."""
    if len(node.input) != 2:
        raise malformed(label(node), f"{node.op_type} takes 2 inputs.")
    name, op = ctx.name(node), node.op_type
    first, second = (_constant(ctx, node, i) for i in range(2))
    if first is not None and op in ("Add", "Mul"):
        first, second = second, first
    if first is not None:
        raise unsupported(node, "a constant has to be its second input.")
    if second is None and op == "Div":
        raise unsupported(node, "it divides by what is computed from the graph's input.")
    if second is None:
        a, b = (ctx.input(node, i) for i in range(2))
        ctx.values[node.output[0]] = emit_arithmetic.pair(ctx.builder, name, op, a, b)
        return
    x = ctx.input(node, int(_constant(ctx, node, 0) is not None))
    op, values = ("Sub", -second) if op == "Add" else (op, second)
    ctx.values[node.output[0]] = emit_arithmetic.by_constant(ctx.builder, name, op, x, values)


def _constant(ctx: Reading, node: onnx.NodeProto, index: int) -> Float32Array | None:
    """An operand that is a float constant of the file; None where it is computed."""
    constant = ctx.constant(label(node), node.input[index])
    if constant is None:
        return None
    if constant.quant is not None:
        raise unsupported(node, "its constant is quantized.")
    return np.asarray(constant.values, dtype=np.float32)


@reads("Neg", "Abs")
def of_one(ctx: Reading, node: onnx.NodeProto) -> None:
    """The negative or the magnitude of a tensor."""
    emit = emit_arithmetic.negate if node.op_type == "Neg" else emit_arithmetic.magnitude
    ctx.values[node.output[0]] = emit(ctx.builder, ctx.name(node), ctx.input(node))


@reads("LeakyRelu", attributes={"alpha"})
def leaky(ctx: Reading, node: onnx.NodeProto) -> None:
    """With a slope that is a power of two."""
    slope = float(attributes(node).get("alpha", 0.01))
    x = ctx.input(node)
    ctx.values[node.output[0]] = emit_arithmetic.leaky(ctx.builder, ctx.name(node), x, slope)
