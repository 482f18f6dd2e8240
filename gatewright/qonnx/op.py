"""``QuantRecurrent`` as qonnx wants an op: shapes, datatypes, execution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from qonnx.core.datatype import DataType
from qonnx.custom_op.base import CustomOp
from qonnx.custom_op.registry import add_op_to_domain

from gatewright.ir import interpreter
from gatewright.levels.inputs import check_arguments
from gatewright.qonnx.node import DOMAIN, MODEL, NodePort, inner_model, integer_model, ports


class QuantRecurrent(CustomOp):  # type: ignore[misc]
    """Recurrent layers with the quantizer of their input, over whole sequences.

    Inputs: the sequence in floats, [B, T, I] or [T, B, I]; then initial states where the model
    takes them. Outputs: floats on the grids of the output quantizers, in the order of the model
    inside.
    """

    def get_nodeattr_types(self) -> Mapping[str, Any]:
        """The model; and, of the sequence and the first output, what other flows ask for."""
        return {
            MODEL: ("t", True, np.zeros(0, dtype=np.uint8)),
            "input_dtype": ("s", True, ""),
            "output_dtype": ("s", True, ""),
            "input_scale": ("f", True, 0.0),
            "output_scale": ("f", True, 0.0),
            "T": ("i", True, 0),
            "batch_first": ("i", True, 0, {0, 1}),
            "last_step": ("i", True, 0, {0, 1}),
        }

    def make_shape_compatible_op(self, model: Any) -> onnx.NodeProto:
        """An op of the first output's shape; the shapes of the others are entered here."""
        shapes = self._output_shapes(model.get_tensor_shape(self.onnx_node.input[0]))
        for name, shape in list(zip(self.onnx_node.output, shapes, strict=True))[1:]:
            model.set_tensor_shape(name, list(shape))
        stand_in: onnx.NodeProto = self.make_const_shape_op(list(shapes[0]))
        return stand_in

    def _output_shapes(self, shape: list[int] | None) -> list[tuple[int, ...]]:
        """Of that of the sequence; of the example's, where it is not yet known."""
        if shape is None:
            value = inner_model(self.onnx_node).graph.input[0]
            shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
        first = self.get_nodeattr("batch_first")
        batch, steps = shape[0 if first else 1], shape[1 if first else 0]
        return [port.shape(batch, steps) for port in ports(self.onnx_node).outputs]

    def infer_node_datatype(self, model: Any) -> None:
        """Outputs are floats: integers times a scale."""
        for output in self.onnx_node.output:
            model.set_tensor_datatype(output, DataType["FLOAT32"])

    def execute_node(self, context: dict[str, npt.NDArray[Any]], graph: onnx.GraphProto) -> None:
        """Quantize, compute in integers, scale.

        Raises:
            GatewrightError: GW-601 for an input of another shape or of NaN.
        """
        node = self.onnx_node
        integer = integer_model(node)
        arguments = check_arguments(tuple(context[name] for name in node.input), integer)
        values, _ = interpreter.run(integer.graph, integer.encode(arguments))
        for name, value in zip(node.output, integer.decode(values), strict=True):
            context[name] = value

    def verify_node(self) -> list[str]:
        """What of the attributes is not as the model inside says; nothing if all is."""
        found = {name: self.get_nodeattr(name) for name in self.get_nodeattr_types()}
        there = ports(self.onnx_node)
        said = described(there.inputs[0], there.outputs[0])
        return [
            f"{name} is {found[name]}, the model inside says {value}"
            for name, value in said.items()
            if found[name] != value
        ]


def described(source: NodePort, result: NodePort) -> dict[str, Any]:
    """The attributes that follow from the first ports of a node."""
    return {
        "input_dtype": source.dtype,
        "output_dtype": result.dtype,
        "input_scale": source.scale,
        "output_scale": result.scale,
        "batch_first": int(not source.time_major),
        "last_step": int(not result.sequence),
    }


def register() -> None:
    """Make the op known to qonnx."""
    add_op_to_domain(DOMAIN, QuantRecurrent)
