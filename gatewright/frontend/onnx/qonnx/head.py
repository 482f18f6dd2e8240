"""Reads activations, batch normalization, reductions over time and argmax."""

from __future__ import annotations

import numpy as np
import onnx

from gatewright.frontend import emit
from gatewright.frontend.onnx.graph import RawGraph, attributes, label, malformed, unsupported
from gatewright.frontend.onnx.qonnx.axes import with_time
from gatewright.frontend.onnx.qonnx.registry import Reading, reads
from gatewright.frontend.spec import BatchNormSpec, Value
from gatewright.ir.functions import BY_OP

_CALLS = {"ReduceMax": "max", "ReduceMean": "mean", "ReduceMin": "min", "ReduceSum": "sum"}


@reads("Relu")
def activation(ctx: Reading, node: onnx.NodeProto) -> None:
    """A function between its quantizers."""
    name, op = f"{ctx.name(node)}.{node.op_type.lower()}", node.op_type
    ctx.values[node.output[0]] = emit.activation(ctx.builder, name, op, ctx.input(node))


def _function(ctx: Reading, node: onnx.NodeProto) -> None:
    """A non-linearity, which is one only with the attributes that it has there."""
    schema = onnx.defs.get_schema(node.op_type)
    given = attributes(node)
    for name, wanted in BY_OP[node.op_type].attributes.items():
        value = given.get(
            name, onnx.helper.get_attribute_value(schema.attributes[name].default_value)
        )
        if np.float32(value) != np.float32(wanted):
            raise unsupported(node, f"its {name} is {value:.9g}; supported is {wanted:.9g}.")
    activation(ctx, node)


for _op in BY_OP.values():
    reads(_op.op, attributes=frozenset(_op.attributes))(_function)


@reads(
    "BatchNormalization",
    attributes={"epsilon", "momentum", "training_mode"},
    weight=(3, ".running_mean"),
)
def batch_norm(ctx: Reading, node: onnx.NodeProto) -> None:
    """As it is at inference."""
    x, spec = ctx.input(node), _batch_norm_spec(ctx.graph, node)
    ctx.values[node.output[0]] = emit.batch_norm(ctx.builder, ctx.name(node), x, spec)


def _batch_norm_spec(graph: RawGraph, node: onnx.NodeProto) -> BatchNormSpec:
    """The constants of a ``BatchNormalization`` in inference mode."""
    where, options = label(node), attributes(node)
    if len(node.input) != 5 or options.get("training_mode", 0) or len(node.output) != 1:
        raise unsupported(node, "only BatchNormalization in inference mode is supported.")
    weight, bias, mean, variance = (graph.floats(where, name) for name in node.input[1:])
    if mean.ndim != 1 or not weight.shape == bias.shape == mean.shape == variance.shape:
        raise malformed(where, "its parameters are no vectors of one length.")
    return BatchNormSpec(weight, bias, mean, variance, float(options.get("epsilon", 1e-5)))


@reads(*_CALLS, attributes={"axes", "keepdims", "noop_with_empty_axes"})
def over_time(ctx: Reading, node: onnx.NodeProto) -> None:
    """The mean or the largest of all time steps."""
    x = _reduced(ctx.graph, node, ctx.input(node))
    name = f"{_CALLS[node.op_type]}_over_time"
    ctx.values[node.output[0]] = emit.over_time(ctx.builder, name, node.op_type, x)


def _reduced(graph: RawGraph, node: onnx.NodeProto, x: Value) -> Value:
    """What is reduced; GW-205 unless that is along the time axis, and only that."""
    options = attributes(node)
    axes = options.get("axes")
    if len(node.input) == 2:  # an attribute up to opset 17, an input from then on
        axes = np.ravel(graph.integers(label(node), node.input[1])).tolist()
    rank = len(x.shape)
    found = [axis + rank if axis < 0 else axis for axis in axes or []]
    x = with_time(x, found[0]) if found else x
    time = None if x.layout is None else x.layout.time_axis
    if time is None or rank != 3 or found != [time] or options.get("keepdims", 1):
        raise unsupported(node, "only sequences can be reduced, over time, without keepdim.")
    return x


@reads("ArgMax", attributes={"axis", "keepdims", "select_last_index"})
def argmax(ctx: Reading, node: onnx.NodeProto) -> None:
    """The index of the largest feature."""
    x = ctx.input(node)
    _check_argmax(node, x)
    ctx.values[node.output[0]] = emit.argmax(ctx.builder, "argmax", x)


def _check_argmax(node: onnx.NodeProto, x: Value) -> None:
    """GW-205 unless an ``ArgMax`` gives the first of the largest along the last axis."""
    options = {"axis": 0, "keepdims": 1, "select_last_index": 0} | attributes(node)
    last = options["axis"] in (-1, len(x.shape) - 1)
    if not last or options["keepdims"] or options["select_last_index"] or len(x.shape) < 2:
        raise unsupported(node, "only argmax over the last axis, without keepdim, is supported.")
