"""Rewrites a cleaned ONNX graph as a traced graph."""

from __future__ import annotations

import os
from dataclasses import replace

import onnx

from gatewright.files.limits import OPERATIONS
from gatewright.frontend import emit
from gatewright.frontend.builder import GraphBuilder
from gatewright.frontend.naming import sanitize
from gatewright.frontend.onnx.graph import RawGraph, malformed
from gatewright.frontend.onnx.qonnx.constants import fold
from gatewright.frontend.onnx.qonnx.readers import QONNX
from gatewright.frontend.onnx.qonnx.registry import OP_READERS, Reading
from gatewright.frontend.onnx.read import read_model
from gatewright.frontend.spec import Value
from gatewright.ir.host import features_given, on_host
from gatewright.ir.traced.layouts import sequence_inputs
from gatewright.ir.traced.length import bind_length, is_of_one_length


def load_model(source: str | os.PathLike[str] | onnx.ModelProto) -> onnx.ModelProto:
    """See ``gatewright.frontend.load``."""
    model = read_model(source)
    graph = RawGraph(model, QONNX)
    ctx = _context(graph, features_given(model), sequence_inputs(model.graph))
    # Brevitas writes parameters wherever torch met them, so constants come first.
    for node in graph.nodes:
        fold(ctx, node)
    rest = [node for node in graph.nodes if node.output[0] not in ctx.constants]
    OPERATIONS.check("the graph", len(rest))
    for node in rest:
        if node.output[0] not in ctx.values:  # not yet read with the node before it
            OP_READERS[node.op_type].read(ctx, node)
    outputs = [_output(ctx, name) for name in graph.outputs]
    given = zip(outputs, on_host(model, len(outputs)), strict=True)
    traced = ctx.builder.finish([(n, replace(value, on_host=f)) for (n, value), f in given])
    if is_of_one_length(model):
        bind_length(traced)
    return traced


def _context(
    graph: RawGraph, features: tuple[int, ...] | None, sequences: frozenset[int]
) -> Reading:
    """The values that are given: sequences, and initial states."""
    first, *states = graph.inputs
    builder = GraphBuilder(first.shape, first.integers, features)
    values = {first.name: builder.input}
    for i, state in enumerate(states, 1):
        name = sanitize(state.name)
        values[state.name] = builder.further_input(name, state.shape, i in sequences)
    return Reading(graph, builder, values)


def _output(ctx: Reading, name: str) -> tuple[str, Value]:
    if name in ctx.stacks:
        stack = ctx.stacks[name]
        wanted = f"{stack.which}_n"
        return wanted, emit.stack(ctx.builder, wanted, stack.items)
    if name not in ctx.values:
        raise malformed(f"output {name}", "it is not computed from the graph's input.")
    return "y", ctx.values[name]
