"""Reads what joins and flattens features."""

from __future__ import annotations

import onnx

from gatewright.frontend import emit
from gatewright.frontend.naming import path_of_node, sanitize
from gatewright.frontend.onnx.graph import attributes, required, unsupported
from gatewright.frontend.onnx.qonnx.registry import Reading, reads
from gatewright.frontend.onnx.qonnx.states import joined
from gatewright.ir.traced.vocabulary import CELLS


@reads("Concat", attributes={"axis"})
def concat(ctx: Reading, node: onnx.NodeProto) -> None:
    """Features side by side, or final states."""
    axis = required(node, "axis", int)
    names = [ctx.graph.resolve(name) for name in node.input]
    if axis == 0 and joined(ctx, node, names):
        return
    parts = [ctx.input(node, i) for i in range(len(names))]
    if axis not in (-1, len(parts[0].shape) - 1):
        raise unsupported(node, "only features, the last axis, can be joined.")
    first = ctx.graph.producers.get(names[0])
    path = ctx.name(first).rpartition(".") if first and first.op_type in CELLS else None
    name = path[0] if path and path[2] == "0" else "cat"
    ctx.values[node.output[0]] = emit.concat(ctx.builder, name, parts)


@reads("Flatten", attributes={"axis"})
def flatten(ctx: Reading, node: onnx.NodeProto) -> None:
    """All features of a sequence side by side."""
    if attributes(node).get("axis", 1) != 1:
        raise unsupported(node, "only Flatten from axis 1 on is supported.")
    name = sanitize(path_of_node(node.name) or "flatten")
    ctx.values[node.output[0]] = emit.flatten(ctx.builder, name, ctx.input(node))
