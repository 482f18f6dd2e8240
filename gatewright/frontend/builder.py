"""Writes the traced graph, deterministically: the same calls give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from gatewright.errors import GatewrightError
from gatewright.files.limits import FEATURES, UNFOLDED_BYTES
from gatewright.frontend.naming import Namer, undotted
from gatewright.frontend.spec import Parameter, QuantSpec, Value
from gatewright.ir.host import GIVEN, ON_HOST
from gatewright.ir.onnx_io import IR_VERSION, OPSET
from gatewright.ir.traced.vocabulary import QONNX_DOMAIN

QONNX_VERSION = 2
INPUT, OUTPUT = "x", "y"


class GraphBuilder:
    """Collects nodes and initializers; ``finish`` makes the model.

    Args:
        input_shape: Static shape of the first graph input, the sequence, named ``x``.
        integers: Whether it holds integers, [B, T] or [T, B].
        features: The axes of features that the model's own input has, where it is not one.

    Attributes:
        of_one_length: Whether a node that was added holds for sequences as long as the example.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        integers: bool = False,
        features: tuple[int, ...] | None = None,
    ) -> None:
        self._features = features
        self.input = Value(INPUT, input_shape, integers=integers)
        self._inputs = [self.input]
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []
        self._nodes_namer = Namer()
        self._values_namer = Namer()
        for name in (INPUT, OUTPUT):
            self._values_namer.unique(name)
        self._unfolded = self._joined = 0
        self._taken = (0, 0)
        self.of_one_length = False

    def further_input(self, name: str, shape: tuple[int, ...], sequence: bool = False) -> Value:
        """Add a further graph input: initial states [N, B, H], one state [B, H], or a sequence.

        Raises:
            GatewrightError: GW-106 for another rank.
        """
        if len(shape) not in (2, 3):
            raise GatewrightError(
                "GW-106",
                where=f"argument {name}",
                cause=f"its example has shape {list(shape)}.",
                remedy="Give the sequence as the first argument; further ones are initial states "
                "[layers * directions, B, H] or [B, H].",
            )
        value = Value(
            self._values_namer.unique(undotted(name)), shape, stack=len(shape) == 3 and not sequence
        )
        self._inputs.append(value)
        return value

    def repeated(self, name: str, row: npt.NDArray[Any], times: int) -> str:
        """Add a constant that is one row, [1, ...], several times; GW-208 if that is too large."""
        self._unfolded += row.nbytes * times
        UNFOLDED_BYTES.check(name, self._unfolded)
        return self.initializer(name, np.repeat(row, times, axis=0))

    def joined(self, name: str, features: int) -> int:
        """Account for the features that an op puts side by side; GW-208 if they are too many."""
        self._joined += features
        FEATURES.check(name, self._joined)
        return features

    def initializer(self, name: str, values: npt.NDArray[Any]) -> str:
        """Add a constant and return its name."""
        unique = self._values_namer.unique(name)
        self._initializers.append(numpy_helper.from_array(values.copy(order="C"), unique))
        return unique

    def node(
        self, op: str, name: str, inputs: list[str], outputs: int = 1, **attributes: Any
    ) -> list[str]:
        """Add a node (qonnx's domain for ``Quant...``) and return its output names."""
        unique = self._nodes_namer.unique(name)
        suffixes = ["out"] if outputs == 1 else [f"out{i}" for i in range(outputs)]
        names = [self._values_namer.unique(f"{unique}.{suffix}") for suffix in suffixes]
        domain = QONNX_DOMAIN if op.startswith("Quant") else ""
        node = helper.make_node(op, inputs, names, name=unique, domain=domain)
        node.attribute.extend(helper.make_attribute(k, v) for k, v in sorted(attributes.items()))
        self._nodes.append(node)
        return names

    def made(self) -> list[bytes | TensorProto]:
        """Constants and nodes, as they are now, that were added since this was asked last."""
        constants, nodes = self._taken
        self._taken = len(self._initializers), len(self._nodes)
        added = [node.SerializeToString(deterministic=True) for node in self._nodes[nodes:]]
        return [*self._initializers[constants:], *added]

    def quant_inputs(self, prefix: str, spec: QuantSpec) -> list[str]:
        """Add scale, zero point and bit width as initializers ``<prefix>scale``, ..."""
        return [
            self.initializer(f"{prefix}scale", spec.scale),
            self.initializer(f"{prefix}zero_point", spec.zero_point),
            self.initializer(f"{prefix}bit_width", np.array(spec.bit_width, dtype=np.float32)),
        ]

    def quant(self, name: str, tensor: str, spec: QuantSpec) -> str:
        """Add a ``Quant`` node and return its output."""
        inputs = [tensor, *self.quant_inputs(f"{name}.", spec)]
        return self.node("Quant", name, inputs, **spec.attributes())[0]

    def parameter(self, name: str, node_name: str, parameter: Parameter) -> str:
        """Add a constant and, where it has a quantizer, the ``Quant`` node on it."""
        tensor = self.initializer(name, parameter.values)
        return tensor if parameter.quant is None else self.quant(node_name, tensor, parameter.quant)

    def finish(self, outputs: Sequence[tuple[str, Value]]) -> onnx.ModelProto:
        """The model with these outputs: wanted names and values; the first is named ``y``."""
        given = {value.name for value in self._inputs}
        if any(value.name in given for _, value in outputs):
            raise GatewrightError(
                "GW-108",
                where="the model's output",
                cause="the model returns its input unchanged; there is nothing to compile.",
                remedy="Return the output of a layer.",
            )
        infos = []
        for i, (wanted, value) in enumerate(outputs):
            name = self._values_namer.unique(undotted(wanted)) if i else OUTPUT
            node = self._nodes_namer.unique(name)
            self._nodes.append(helper.make_node("Identity", [value.name], [name], name=node))
            kind = TensorProto.INT64 if value.index else TensorProto.FLOAT
            infos.append(helper.make_tensor_value_info(name, kind, value.shape))
        graph = helper.make_graph(
            _without_identities(self._nodes),
            "gatewright_traced",
            [
                helper.make_tensor_value_info(
                    v.name, TensorProto.INT64 if v.integers else TensorProto.FLOAT, v.shape
                )
                for v in self._inputs
            ],
            infos,
            initializer=self._initializers,
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(QONNX_DOMAIN, QONNX_VERSION)]
        model = helper.make_model(
            graph, producer_name="gatewright", opset_imports=opsets, ir_version=IR_VERSION
        )
        functions = [value.on_host for _, value in outputs]
        properties = {ON_HOST: json.dumps(functions)} if any(functions) else {}
        if self._features is not None:
            properties[GIVEN] = json.dumps(self._features)
        helper.set_model_props(model, properties)
        return _with_shapes(model)


def _without_identities(nodes: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """Rename a value to the output it becomes; a second output of the same value stays a copy."""
    renamed: dict[str, str] = {}
    kept = []
    for node in nodes:
        if node.op_type == "Identity" and node.input[0] not in renamed:
            renamed[node.input[0]] = node.output[0]
        else:
            kept.append(node)
    for node in kept:
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                names[i] = renamed.get(name, name)
    return kept


def _with_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    """Fill ``value_info`` of the intermediate values."""
    from gatewright.ir.traced import infer_shapes

    return infer_shapes(model)
