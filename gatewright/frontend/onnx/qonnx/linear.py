"""Reads linear layers: a ``Gemm``, or a ``MatMul`` with the ``Add`` of its bias."""

from __future__ import annotations

import onnx

from gatewright.frontend import emit
from gatewright.frontend.onnx.graph import attributes, label, malformed, unsupported
from gatewright.frontend.onnx.qonnx.cell import Constant, bias, weight
from gatewright.frontend.onnx.qonnx.registry import Reading, reads
from gatewright.frontend.spec import LinearSpec, Value

_WEIGHT = (1, ".weight")


@reads("Gemm", attributes={"alpha", "beta", "transA", "transB"}, weight=_WEIGHT)
def gemm(ctx: Reading, node: onnx.NodeProto) -> None:
    """Of a matrix [B, F]."""
    options = {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 0} | attributes(node)
    if (options["alpha"], options["beta"], options["transA"]) != (1.0, 1.0, 0):
        raise unsupported(node, "only Gemm with alpha=1, beta=1, transA=0 is supported.")
    x = ctx.input(node)
    if len(x.shape) != 2:
        raise malformed(label(node), f"its input has shape {list(x.shape)}, and is no matrix.")
    matrix = _matrix(ctx, node)
    bias_name = node.input[2] if len(node.input) > 2 else ""
    matrix = matrix if options["transB"] else matrix.transposed()
    ctx.values[node.output[0]] = _linear(ctx, node, x, matrix, bias_name)


@reads("MatMul", weight=_WEIGHT)
def matmul(ctx: Reading, node: onnx.NodeProto) -> None:
    """Of the last axis, its bias with it."""
    x = ctx.input(node)
    matrix = _matrix(ctx, node).transposed()
    readers = ctx.graph.consumers(node.output[0])
    bias_name, out = "", node.output[0]
    if len(readers) == 1 and readers[0].op_type == "Add" and len(readers[0].input) == 2:
        sides = [ctx.graph.resolve(name) for name in readers[0].input]
        other = sides[1 - sides.index(node.output[0])]
        if ctx.constant(label(readers[0]), other) is not None:
            bias_name, out = other, readers[0].output[0]
    ctx.values[out] = _linear(ctx, node, x, matrix, bias_name)


def _matrix(ctx: Reading, node: onnx.NodeProto) -> Constant:
    if len(node.input) < 2:
        raise malformed(label(node), f"{node.op_type} takes 2 inputs or more.")
    constant = ctx.constant(label(node), node.input[1])
    if constant is None:
        raise unsupported(node, "its second input has to be a constant weight.")
    return constant


def _linear(
    ctx: Reading, node: onnx.NodeProto, x: Value, matrix: Constant, bias_name: str
) -> Value:
    where = label(node)
    w = weight(where, matrix)
    b = None
    if bias_name:
        b = bias(where, ctx.constant(where, bias_name), w.values.shape[0])
    return emit.linear(ctx.builder, ctx.name(node), x, LinearSpec(w, b))
