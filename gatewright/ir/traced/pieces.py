"""A traced graph whose windows over time go on from a piece of a sequence before."""

from __future__ import annotations

from collections.abc import Collection

import onnx
from onnx import TensorProto, helper


def with_past(model: onnx.ModelProto, names: Collection[str]) -> onnx.ModelProto:
    """The same graph with the last steps before a piece as inputs, instead of padding.

    Args:
        model: A traced graph; it is not changed.
        names: The nodes of windows over time that go on.

    Returns:
        A graph with further inputs, float32 [B, F, P], in the order of these nodes in it.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    nodes = []
    for node in result.graph.node:
        if node.name in names:
            past, both = f"{node.name}::past", f"{node.name}::both"
            source = helper.make_tensor_value_info(past, TensorProto.FLOAT, ["B", "F", "P"])
            result.graph.input.append(source)
            joined = helper.make_node("Concat", [past, node.input[0]], [both], axis=2)
            joined.name = f"{node.name}::joined"
            nodes.append(joined)
            node.input[0] = both
            for attribute in node.attribute:
                if attribute.name == "pads":
                    attribute.CopyFrom(helper.make_attribute("pads", [0, 0]))
        nodes.append(node)
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del result.graph.node[:]
    result.graph.node.extend(copies)
    return result


def padded_with(op_type: str) -> float:
    """What stands in place of steps outside of a sequence."""
    return float("-inf") if op_type == "MaxPool" else 0.0
