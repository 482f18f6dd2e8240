"""Reads batch normalization, reductions over time and argmax from the nodes of an ONNX file."""

from __future__ import annotations

import numpy as np
import onnx

from gatewright.frontend.onnx.graph import RawGraph, attributes, label, malformed, unsupported
from gatewright.frontend.spec import BatchNormSpec, Value


def read_batch_norm(graph: RawGraph, node: onnx.NodeProto) -> BatchNormSpec:
    """The constants of a ``BatchNormalization`` in inference mode."""
    where, options = label(node), attributes(node)
    if len(node.input) != 5 or options.get("training_mode", 0) or len(node.output) != 1:
        raise unsupported(node, "only BatchNormalization in inference mode is supported.")
    weight, bias, mean, variance = (graph.floats(where, name) for name in node.input[1:])
    if mean.ndim != 1 or not weight.shape == bias.shape == mean.shape == variance.shape:
        raise malformed(where, "its parameters are no vectors of one length.")
    return BatchNormSpec(weight, bias, mean, variance, float(options.get("epsilon", 1e-5)))


def check_over_time(graph: RawGraph, node: onnx.NodeProto, x: Value) -> None:
    """GW-205 unless a ``ReduceMean`` or ``ReduceMax`` reduces the time axis, and only that."""
    options = attributes(node)
    axes = options.get("axes")
    if len(node.input) == 2:  # an attribute up to opset 17, an input from then on
        axes = np.ravel(graph.integers(label(node), node.input[1])).tolist()
    time = None if x.layout is None else x.layout.time_axis
    rank = len(x.shape)
    found = [axis + rank if axis < 0 else axis for axis in axes or []]
    if time is None or rank != 3 or found != [time] or options.get("keepdims", 1):
        raise unsupported(
            node, "only a recurrent layer's output can be reduced, over time, without keepdim."
        )


def check_argmax(node: onnx.NodeProto, x: Value) -> None:
    """GW-205 unless an ``ArgMax`` gives the first of the largest along the last axis."""
    options = {"axis": 0, "keepdims": 1, "select_last_index": 0} | attributes(node)
    last = options["axis"] in (-1, len(x.shape) - 1)
    if not last or options["keepdims"] or options["select_last_index"] or len(x.shape) < 2:
        raise unsupported(node, "only argmax over the last axis, without keepdim, is supported.")
