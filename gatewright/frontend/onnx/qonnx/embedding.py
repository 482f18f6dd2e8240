"""Reads look-ups: rows of a quantized table, or of a unit matrix, by an integer input."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto

from gatewright.frontend import emit_embedding
from gatewright.frontend.onnx.graph import attributes, label, required, unsupported
from gatewright.frontend.onnx.qonnx.cell import weight
from gatewright.frontend.onnx.qonnx.registry import Reading, reads
from gatewright.frontend.spec import Value


def looked_up(ctx: Reading, node: onnx.NodeProto) -> Value:
    """What a ``Gather`` by an integer input gives."""
    where = label(node)
    table = ctx.constant(where, node.input[0])
    if table is None or table.values.ndim != 2:
        raise unsupported(node, "only the rows of a constant matrix can be looked up.")
    x = ctx.input(node, 1)
    return emit_embedding.embedding(ctx.builder, ctx.name(node), x, weight(where, table))


@reads("OneHot", attributes={"axis"})
def one_hot(ctx: Reading, node: onnx.NodeProto) -> None:
    """The row of a unit matrix."""
    where = label(node)
    depth, values = (ctx.graph.integers(where, name) for name in node.input[1:3])
    last = attributes(node).get("axis", -1) in (-1, 2)
    if depth.size != 1 or depth.item() < 1 or not np.array_equal(values, [0, 1]) or not last:
        raise unsupported(node, "only ones among zeros along a last axis are supported.")
    x = ctx.input(node)
    ctx.values[node.output[0]] = emit_embedding.one_hot(
        ctx.builder, "one_hot", x, int(depth.item())
    )


@reads("Cast", attributes={"to"})
def cast(ctx: Reading, node: onnx.NodeProto) -> None:
    """A type that holds the same numbers."""
    x, to = ctx.input(node), required(node, "to", int)
    if to not in ((TensorProto.INT64, TensorProto.INT32) if x.integers else (TensorProto.FLOAT,)):
        name = TensorProto.DataType.Name(to) if to in TensorProto.DataType.values() else to
        raise unsupported(node, f"it makes {name} of {x.name}, which holds other numbers then.")
    ctx.values[node.output[0]] = x
