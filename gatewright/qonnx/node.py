"""What a ``QuantRecurrent`` node holds: its model, and what goes in and out as integers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from gatewright import frontend
from gatewright.errors import GatewrightError
from gatewright.ir.graph import Tensor
from gatewright.ir.lowering import IntegerModel, lower
from gatewright.ir.quantizer import Argument, InputBoundary, OutputBoundary
from gatewright.ir.types import IntType

DOMAIN = "gatewright.qonnx"
OP_TYPE = "QuantRecurrent"
MODEL = "model"


@dataclass(frozen=True)
class NodePort:
    """A tensor that enters or leaves a node.

    Attributes:
        name: Of the tensor in the graph around the node.
        type: The range of its integers n, of which the tensor holds ``n * scale``.
        scale: Value of one unit; exact in float32.
        lanes: Features of one step.
        sequence: Whether it has a step for each of the sequence's, rather than being one vector.
        stacked: How many states [B, H] it holds as [N, B, H]; 0 where it is no such stack.
        time_major: Whether a sequence is [T, B, F].
    """

    name: str
    type: IntType
    scale: float
    lanes: int
    sequence: bool
    stacked: int
    time_major: bool

    @property
    def dtype(self) -> str:
        """The name of the qonnx ``DataType`` of its integers, such as ``INT8``."""
        return self.type.qonnx_name

    def shape(self, batch: int, steps: int) -> tuple[int, ...]:
        """Its shape, of so many sequences of so many steps."""
        if self.sequence:
            return (steps, batch, self.lanes) if self.time_major else (batch, steps, self.lanes)
        return (self.stacked, batch, self.lanes) if self.stacked else (batch, self.lanes)


@dataclass(frozen=True)
class NodePorts:
    """What enters and leaves a node.

    Attributes:
        inputs: The sequence, then initial states.
        outputs: In the order of the node.
        steps: T; 0 where it is free.
    """

    inputs: tuple[NodePort, ...]
    outputs: tuple[NodePort, ...]
    steps: int


def recurrent_nodes(model: Any) -> list[onnx.NodeProto]:
    """The ``QuantRecurrent`` nodes of a ``ModelWrapper`` or ``ModelProto``, in order."""
    return [n for n in model.graph.node if n.op_type == OP_TYPE and n.domain == DOMAIN]


def attribute(node: onnx.NodeProto, name: str) -> Any:
    """An attribute of a node.

    Raises:
        GatewrightError: GW-207 where it is missing.
    """
    for given in node.attribute:
        if given.name == name:
            return onnx.helper.get_attribute_value(given)
    raise _malformed(node, f"its attribute {name!r} is missing.")


def pack_model(model: onnx.ModelProto) -> npt.NDArray[np.uint8]:
    """A model as the attribute ``model`` has it: the bytes of its file."""
    return np.frombuffer(model.SerializeToString(deterministic=True), dtype=np.uint8)


def inner_model(node: onnx.NodeProto) -> onnx.ModelProto:
    """The model inside a node, as ``gatewright.compile`` takes it.

    Raises:
        GatewrightError: GW-207 where there is none.
    """
    model = onnx.ModelProto()
    try:
        model.ParseFromString(_bytes(node))
    except DecodeError as error:
        raise _malformed(node, f"the bytes of its attribute {MODEL!r} are no model.") from error
    return model


def integer_model(node: onnx.NodeProto) -> IntegerModel:
    """The integer graph of the model inside a node; not to be changed.

    Raises:
        GatewrightError: As ``gatewright.compile`` does.
    """
    return lowered(inner_model(node).SerializeToString(deterministic=True))


def ports(node: onnx.NodeProto) -> NodePorts:
    """Ranges, scales, lanes and steps of what a node takes and gives.

    Raises:
        GatewrightError: GW-207 where the node does not fit its model.
    """
    integer = integer_model(node)
    counts = len(node.input), len(node.output)
    wanted = len(integer.arguments), len(integer.outputs)
    if counts != wanted:
        raise _malformed(node, f"it has {counts} inputs and outputs, its model {wanted}.")
    return make_ports(integer, node.input, node.output, int(attribute(node, "T")))


def make_ports(
    integer: IntegerModel, inputs: Sequence[str], outputs: Sequence[str], steps: int
) -> NodePorts:
    """The ports of an integer model, by the names of tensors around it.

    Raises:
        GatewrightError: GW-107 where one argument meets several quantizers.
    """
    return NodePorts(
        tuple(
            _input(name, i, argument, integer)
            for i, (name, argument) in enumerate(zip(inputs, integer.arguments, strict=True))
        ),
        tuple(
            _output(name, boundary, [integer.graph[t] for t in boundary.tensors])
            for name, boundary in zip(outputs, integer.outputs, strict=True)
        ),
        steps,
    )


def _input(name: str, position: int, argument: Argument, integer: IntegerModel) -> NodePort:
    met = [i for i in integer.inputs if i.argument == position]
    _check_one_quantizer(name, met)
    quantizer = met[0].quantizer
    sequence = argument.time_axis is not None
    return NodePort(
        name,
        quantizer.type,
        float(quantizer.scales[0]),
        int(argument.shape[-1]),
        sequence,
        0 if sequence or len(argument.shape) == 2 else int(argument.shape[0]),
        met[0].time_major,
    )


def _check_one_quantizer(name: str, met: Sequence[InputBoundary]) -> None:
    if len({i.quantizer for i in met}) != 1:
        raise GatewrightError(
            "GW-107",
            where=name,
            cause=f"it meets {len(met)} quantizers that differ."
            if met
            else "it meets no quantizer.",
            remedy="Give each layer its states as an input of their own.",
        )


def _output(name: str, boundary: OutputBoundary, tensors: Sequence[Tensor]) -> NodePort:
    shape = tensors[0].shape
    return NodePort(
        name,
        IntType.hull(t.type for t in tensors),
        float(boundary.scales[0]),
        int(shape[-1]),
        len(shape) == 3,
        len(tensors) if boundary.stacked else 0,
        boundary.time_major,
    )


def _bytes(node: onnx.NodeProto) -> bytes:
    tensor = attribute(node, MODEL)
    if not isinstance(tensor, onnx.TensorProto) or tensor.data_type != onnx.TensorProto.UINT8:
        raise _malformed(node, f"its attribute {MODEL!r} is no tensor of bytes.")
    if math.prod(tensor.dims) != len(tensor.raw_data):
        raise _malformed(node, f"its attribute {MODEL!r} has another length than it says.")
    return numpy_helper.to_array(tensor).tobytes()


@lru_cache(maxsize=8)
def lowered(data: bytes) -> IntegerModel:
    """The integer graph of a model by its bytes; not to be changed."""
    return lower(frontend.load(onnx.ModelProto.FromString(data)))


def _malformed(node: onnx.NodeProto, cause: str) -> GatewrightError:
    return GatewrightError(
        "GW-207",
        where=node.name or OP_TYPE,
        cause=cause,
        remedy="Extract the recurrent layers again, from the model that was exported.",
    )
