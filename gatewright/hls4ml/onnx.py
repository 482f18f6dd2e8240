"""The handler of QONNX: from a ``QuantRecurrent`` node to a layer of hls4ml."""

from __future__ import annotations

from typing import Any

import onnx

from gatewright.errors import GatewrightError
from gatewright.hls4ml.layer import GatewrightRecurrent
from gatewright.hls4ml.part import Part
from gatewright.qonnx import inner_model

_PASSED = ("Quant", "IntQuant", "Relu", "Identity")
"""Ops behind a layer that leave the shape as it is."""


def recurrent(
    node: onnx.NodeProto,
    input_names: list[str],
    input_shapes: list[list[int]],
    graph: onnx.GraphProto,
) -> dict[str, Any]:
    """What ``gatewright.qonnx.ExtractRecurrent`` makes of recurrent cells.

    Raises:
        GatewrightError: GW-109 where time comes first, GW-108 where the node gives more than one
            tensor, GW-409 where hls4ml misreads what stands behind it.
    """
    part = Part(node.name, inner_model(node))
    part.check()
    if len(part.output_shape) > 1:
        _check_readers(node.name, graph, node.output[0])
    return {
        "name": node.name,
        "class_name": GatewrightRecurrent.__name__,
        "inputs": input_names,
        "outputs": list(node.output),
        "part": part,
    }


def _check_readers(where: str, graph: onnx.GraphProto, tensor: str) -> None:
    """GW-409 for a product with every step: hls4ml 1.3 takes its width times T for its width."""
    for reader in (node for node in graph.node if tensor in node.input):
        if reader.op_type == "MatMul":
            raise GatewrightError(
                "GW-409",
                where=where,
                cause=f"{reader.name or 'a MatMul'} multiplies every step of its output, which "
                "hls4ml reads as one product with all of them.",
                remedy="Read the last step only, or convert the torch module instead.",
            )
        if reader.op_type in _PASSED:
            _check_readers(where, graph, reader.output[0])
