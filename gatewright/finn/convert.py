"""From ``QuantRecurrent`` to FINN's dialect: thresholds, a layer of integers, a scale."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.transformation.base import Transformation

import gatewright.qonnx as recurrent
from gatewright.errors import GatewrightError
from gatewright.finn.layer import FINN_DOMAIN, LAYER
from gatewright.finn.thresholds import thresholds
from gatewright.ir.types import Float32Array
from gatewright.qonnx.node import MODEL, NodePort, attribute


class InferRecurrent(Transformation):  # type: ignore[misc]
    """Makes of each ``QuantRecurrent`` what FINN's graphs have a place for.

    A ``MultiThreshold``, which quantizes the sequence as the layer's own quantizer does, tie for
    tie; the layer, integers in and out; a ``Mul`` with the scale of what it gives.
    """

    def apply(self, model: Any) -> tuple[Any, bool]:
        """Replace them all.

        Raises:
            GatewrightError: GW-410 for what FINN's graphs have no place for.
        """
        for node in recurrent.recurrent_nodes(model):
            _replace(model, node)
        return model, False


def _replace(model: Any, node: onnx.NodeProto) -> None:
    source, result = _ports(node)
    shape = model.get_tensor_shape(node.input[0])
    steps = _steps(node, source, shape)
    limits = thresholds(recurrent.integer_model(node).inputs[0].quantizer)
    codes = _tensor(model, list(shape), source.dtype)
    counts = _tensor(model, list(model.get_tensor_shape(node.output[0])), result.dtype)
    rounded = helper.make_node(
        "MultiThreshold",
        [node.input[0], _constant(model, limits)],
        [codes],
        domain="qonnx.custom_op.general",
        out_dtype=source.dtype,
        out_bias=float(source.type.lo),
        data_layout="NWC",
    )
    layer = helper.make_node(
        LAYER,
        [codes],
        [counts],
        domain=FINN_DOMAIN,
        backend="fpgadataflow",
        name=node.name,
        inputDataType=source.dtype,
        outputDataType=result.dtype,
        T=steps,
        **{MODEL: attribute(node, MODEL)},
    )
    scale = np.array(result.scale, dtype=np.float32)
    scaled = helper.make_node("Mul", [counts, _constant(model, scale)], [node.output[0]])
    at = list(model.graph.node).index(node)
    model.graph.node.remove(node)
    for made in (scaled, layer, rounded):
        model.graph.node.insert(at, made)


def _ports(node: onnx.NodeProto) -> tuple[NodePort, NodePort]:
    """The sequence and the answer.

    Raises:
        GatewrightError: GW-410 for states that enter or leave, for scales of each feature.
    """
    ports = recurrent.ports(node)
    if len(ports.inputs) != 1 or len(ports.outputs) != 1:
        raise _refused(
            node,
            f"it has {len(ports.inputs)} inputs and {len(ports.outputs)} outputs.",
            "Let one tensor enter it and one leave: begin each sequence with the state that the "
            "layer has, and use its output alone.",
        )
    return ports.inputs[0], ports.outputs[0]


def _steps(node: onnx.NodeProto, source: NodePort, shape: tuple[int, ...]) -> int:
    """T.

    Raises:
        GatewrightError: GW-410 for a batch.
    """
    batch, steps = (shape[1], shape[0]) if source.time_major else (shape[0], shape[1])
    if batch != 1:
        raise _refused(
            node,
            f"its sequence has the shape {list(shape)}, a batch of {batch}.",
            "Export the model with an example of one sequence: a frame of FINN's is one.",
        )
    return steps


def _tensor(model: Any, shape: list[int], dtype: str) -> str:
    name = str(model.make_new_valueinfo_name())
    value = helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    model.graph.value_info.append(value)
    model.set_tensor_datatype(name, DataType[dtype])
    return name


def _constant(model: Any, value: Float32Array) -> str:
    name = str(model.make_new_valueinfo_name())
    model.set_initializer(name, value)
    return name


def _refused(node: onnx.NodeProto, cause: str, remedy: str) -> GatewrightError:
    return GatewrightError("GW-410", where=node.name or LAYER, cause=cause, remedy=remedy)
