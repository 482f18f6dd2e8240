"""Windows over time in ONNX, a slice for each of their steps, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from gatewright.ir import ops
from gatewright.ir.graph import Graph, Node
from gatewright.ir.ops.window import span
from gatewright.ir.standard_names import value_name

_TO_THE_END = 2**62
"""Where a slice ends that goes on to the end."""


def emit_window(node: Node) -> list[onnx.NodeProto]:
    """``Pad``, ``Slice`` for each step of a window, ``Concat``."""
    a, pre = node.attrs, node.outputs[0]
    kernel, dilation = int(a["kernel"]), int(a["dilation"])
    nodes = [
        _constant(f"{pre}::pads", [0, int(a["before"]), 0, 0, int(a["after"]), 0]),
        _constant(f"{pre}::pad", int(a["pad"])),
        helper.make_node(
            "Pad", [node.inputs[0], f"{pre}::pads", f"{pre}::pad"], [f"{pre}::padded"]
        ),
        _constant(f"{pre}::time", [1]),
        _constant(f"{pre}::stride", [int(a["stride"])]),
    ]
    for j in range(kernel):
        start = j * dilation
        end = start + 1 - span(node)  # from the end, which is at 0
        nodes += [
            _constant(f"{pre}::start{j}", [start]),
            _constant(f"{pre}::end{j}", [end or _TO_THE_END]),
            helper.make_node(
                "Slice",
                [f"{pre}::{part}" for part in ("padded", f"start{j}", f"end{j}", "time", "stride")],
                [f"{pre}::step{j}"],
            ),
        ]
    steps = [f"{pre}::step{j}" for j in range(kernel)]
    return [*nodes, helper.make_node("Concat", steps, node.outputs, name=node.name, axis=-1)]


def go_on(node: Node, graph: Graph, proto: onnx.GraphProto) -> None:
    """Let a graph of ``emit_window`` begin with what a piece before has left, ``<node>/past``.

    That stands in place of the padding; nothing stands behind the piece.
    """
    padded, past = f"{node.outputs[0]}::padded", node.past
    (pad,) = (made for made in proto.node if padded in made.output)
    pad.CopyFrom(
        helper.make_node("Concat", [past, value_name(graph, node.inputs[0])], [padded], axis=1)
    )
    shape = ("B", f"{past}.steps", graph[node.inputs[0]].shape[-1])
    proto.input.append(helper.make_tensor_value_info(past, onnx.TensorProto.INT64, shape))


def is_window(node: onnx.NodeProto) -> bool:
    """Whether a ``Concat`` is the last node of one."""
    return str(node.input[0]).endswith("::step0")


def read_window(node: onnx.NodeProto, graph: Graph, sources: Mapping[str, onnx.NodeProto]) -> None:
    """The inverse of ``emit_window``."""
    slices = [sources[name] for name in node.input]
    pad = sources[slices[0].input[0]]
    pads = _value(sources, pad.input[1])
    second = int(_value(sources, slices[-1].input[1])[0])
    graph.add(
        ops.WINDOW,
        [pad.input[0]],
        list(node.output),
        name=node.name,
        kernel=len(slices),
        stride=int(_value(sources, slices[0].input[4])[0]),
        dilation=second // max(1, len(slices) - 1) or 1,
        before=int(pads[1]),
        after=int(pads[4]),
        pad=int(_value(sources, pad.input[2])),
    )


def emit_groups(node: Node) -> list[onnx.NodeProto]:
    """The groups on an axis of their own, which is reduced."""
    pre, kernel = node.outputs[0], int(node.attrs["kernel"])
    op = "ReduceMax" if node.op == ops.GROUP_MAX else "ReduceSum"
    return [
        _constant(f"{pre}::groups", [0, 0, kernel, -1]),
        helper.make_node("Reshape", [node.inputs[0], f"{pre}::groups"], [f"{pre}::grouped"]),
        _constant(f"{pre}::axes", [2]),
        helper.make_node(
            op, [f"{pre}::grouped", f"{pre}::axes"], node.outputs, name=node.name, keepdims=0
        ),
    ]


def is_groups(node: onnx.NodeProto) -> bool:
    """Whether a reduction is the last node of one."""
    return str(node.input[0]).endswith("::grouped")


def read_groups(node: onnx.NodeProto, graph: Graph, sources: Mapping[str, onnx.NodeProto]) -> None:
    """The inverse of ``emit_groups``."""
    grouped = sources[node.input[0]]
    op = ops.GROUP_MAX if node.op_type == "ReduceMax" else ops.GROUP_SUM
    kernel = int(_value(sources, grouped.input[1])[2])
    graph.add(op, [grouped.input[0]], list(node.output), name=node.name, kernel=kernel)


def _constant(name: str, value: Any) -> onnx.NodeProto:
    tensor = numpy_helper.from_array(np.array(value, dtype=np.int64), name)
    return helper.make_node("Constant", [], [name], value=tensor)


def _value(sources: Mapping[str, onnx.NodeProto], name: str) -> Any:
    return numpy_helper.to_array(helper.get_attribute_value(sources[name].attribute[0]))
