"""The handler of QONNX: from a ``QuantRecurrent`` node to a layer of hls4ml."""

from __future__ import annotations

from typing import Any

import onnx

from gatewright.errors import GatewrightError
from gatewright.hls4ml.layer import GatewrightRecurrent
from gatewright.hls4ml.part import Part
from gatewright.qonnx import inner_model


def recurrent(
    node: onnx.NodeProto,
    input_names: list[str],
    input_shapes: list[list[int]],
    graph: onnx.GraphProto,
) -> dict[str, Any]:
    """What ``gatewright.qonnx.ExtractRecurrent`` makes of recurrent cells.

    Raises:
        GatewrightError: GW-109 where time comes first, GW-108 where the node gives more than one
            tensor, GW-409 where hls4ml misreads another node of the graph.
    """
    part = Part(node.name, inner_model(node))
    part.check()
    _check_products(node.name, graph)
    return {
        "name": node.name,
        "class_name": GatewrightRecurrent.__name__,
        "inputs": input_names,
        "outputs": list(node.output),
        "part": part,
    }


def _check_products(where: str, graph: onnx.GraphProto) -> None:
    """GW-409 for a product at every step: hls4ml 1.3 takes its width times T for its width."""
    ranks = {
        value.name: len(value.type.tensor_type.shape.dim)
        for value in (*graph.value_info, *graph.output)
    }
    for node in graph.node:
        if node.op_type == "MatMul" and ranks.get(node.output[0], 0) > 2:
            raise GatewrightError(
                "GW-409",
                where=where,
                cause=f"{node.name or 'a MatMul'} multiplies every step of a sequence, which "
                "hls4ml reads as one product with all of them.",
                remedy="Multiply the last step only, or convert the torch module instead.",
            )
