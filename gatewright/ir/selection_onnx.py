"""Selection of time steps in ONNX: one as ``Gather``, several as ``Slice``; and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from gatewright.ir import ops
from gatewright.ir.graph import Graph, Node
from gatewright.ir.ops.sequence import taken_by
from gatewright.ir.steps import StepCount


def emit_last(node: Node, graph: Graph) -> list[onnx.NodeProto]:
    """The last step: -1, or its number."""
    at = -1
    if "steps" in node.attrs:
        at += StepCount.of(graph[node.inputs[0]].shape[1]).count(int(node.attrs["steps"]))
    return _gather(node, at)


def emit_steps(node: Node, graph: Graph) -> list[onnx.NodeProto]:
    """Steps by their numbers."""
    taken, pre = taken_by(node), node.name
    if taken.single:
        return _gather(node, taken.first)
    values = {"first": taken.first, "end": taken.end, "time": 1, "stride": taken.stride}
    inputs = [node.inputs[0], *(f"{pre}::{name}" for name in values)]
    return [
        *(_constant(f"{pre}::{name}", [value]) for name, value in values.items()),
        helper.make_node("Slice", inputs, node.outputs, name=node.name),
    ]


def _gather(node: Node, at: int) -> list[onnx.NodeProto]:
    index = f"{node.name}::index"
    return [
        _constant(index, at),
        helper.make_node("Gather", [node.inputs[0], index], node.outputs, name=node.name, axis=1),
    ]


def read_selection(
    node: onnx.NodeProto, graph: Graph, sources: Mapping[str, onnx.NodeProto], steps: int
) -> None:
    """The inverse of both.

    Args:
        node: A ``Gather`` along time, or a ``Slice``.
        graph: Where it goes.
        sources: What makes each tensor of the file.
        steps: T of the model.
    """
    source, numbers = node.input[0], [_value(sources, name) for name in node.input[1:]]
    last = StepCount.of(graph[source].shape[1]).count(steps) - 1
    first = int(numbers[0].item())
    bound: dict[str, Any] = {} if first == -1 else {"steps": steps}
    if node.op_type == "Gather" and first in (-1, last):
        graph.add(ops.SELECT_LAST, [source], list(node.output), name=node.name, **bound)
        return
    stride, count, single = 1, 1, node.op_type == "Gather"
    if not single:
        stride = int(numbers[3].item())
        count = -((first - int(numbers[1].item())) // stride)
    graph.add(
        ops.SELECT_STEPS,
        [source],
        list(node.output),
        name=node.name,
        first=first,
        stride=stride,
        count=count,
        single=int(single),
        **bound,
    )


def _constant(name: str, value: Any) -> onnx.NodeProto:
    tensor = numpy_helper.from_array(np.array(value, dtype=np.int64), name)
    return helper.make_node("Constant", [], [name], value=tensor)


def _value(sources: Mapping[str, onnx.NodeProto], name: str) -> Any:
    return numpy_helper.to_array(helper.get_attribute_value(sources[name].attribute[0]))
