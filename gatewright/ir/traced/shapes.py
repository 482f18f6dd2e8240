"""Shapes of a traced graph: qonnx runs only graphs in which every tensor has one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper, shape_inference

from gatewright.ir.traced.layouts import sequence_axes
from gatewright.ir.traced.vocabulary import CELLS, QONNX_DOMAIN


def infer_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    """Fill in value_info for every tensor.

    Custom ops become local functions of standard ops with the same shapes for the while, so that
    onnx does the inference.
    """
    work = onnx.ModelProto()
    work.CopyFrom(model)
    del work.graph.value_info[:]
    for output in work.graph.output:
        output.type.tensor_type.ClearField("shape")
    nodes = [stand_in for node in work.graph.node for stand_in in _stand_ins(node)]
    del work.graph.node[:]
    work.graph.node.extend(nodes)
    inferred = shape_inference.infer_shapes(work, strict_mode=True, data_prop=True).graph
    result = onnx.ModelProto()
    result.CopyFrom(model)
    known = {o for node in model.graph.node for o in node.output}
    del result.graph.value_info[:]
    result.graph.value_info.extend(v for v in inferred.value_info if v.name in known)
    del result.graph.output[:]
    result.graph.output.extend(inferred.output)
    return result


def _stand_ins(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    if node.domain != QONNX_DOMAIN:
        return [node]
    if node.op_type not in CELLS:
        return [helper.make_node("Identity", node.input[:1], node.output[:1])]
    # y takes its leading axes from x and its last one from h; the final states look like h.
    x, h = node.input[0], node.input[1]
    y = node.output[0]
    pre = f"{y}::"
    nodes = [
        helper.make_node("Shape", [x], [f"{pre}lead"], start=0, end=2),
        helper.make_node("Shape", [h], [f"{pre}last"], start=1, end=2),
        helper.make_node("Concat", [f"{pre}lead", f"{pre}last"], [f"{pre}shape"], axis=0),
        helper.make_node("ConstantOfShape", [f"{pre}shape"], [y]),
    ]
    states = [o for o in node.output[1:] if o]
    return nodes + [helper.make_node("Identity", [h], [o]) for o in states]


def respecialize(model: onnx.ModelProto, shapes: Sequence[Sequence[int]]) -> onnx.ModelProto:
    """The same graph for another batch size or sequence length.

    Args:
        model: A traced graph.
        shapes: New shape of each input, the sequence first.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    for value, shape in zip(graph.input, shapes, strict=True):
        kind = value.type.tensor_type.elem_type
        value.CopyFrom(helper.make_tensor_value_info(value.name, kind, list(shape)))
    axes = sequence_axes(graph)
    batches = _state_batches(graph, shapes[0][axes.index("B")])
    for initializer in graph.initializer:
        if initializer.name in batches:
            row = numpy_helper.to_array(initializer)[:1]
            rows = np.repeat(row, batches[initializer.name], axis=0)
            initializer.CopyFrom(numpy_helper.from_array(rows, initializer.name))
    return infer_shapes(result)


def _state_batches(graph: onnx.GraphProto, batch: int) -> dict[str, int]:
    """The constants that cells start from, all rows of which are alike, and the batch size."""
    producers = {o: node for node in graph.node for o in node.output}
    batches: dict[str, int] = {}
    for node in graph.node:
        if node.op_type not in CELLS:
            continue
        for name in node.input[1 : CELLS[node.op_type].first_weight]:
            if name in producers and producers[name].op_type == "Quant":
                name = producers[name].input[0]
            batches[name] = batch
    return batches
