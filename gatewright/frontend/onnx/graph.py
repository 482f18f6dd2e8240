"""A cleaned view of an ONNX graph: constants folded, dead branches gone, names resolved."""

from __future__ import annotations

import math
from collections.abc import Set
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from gatewright.errors import GatewrightError
from gatewright.files.limits import INPUT_VALUES, LAYERS
from gatewright.frontend.onnx.files import tensor_bytes
from gatewright.frontend.onnx.ops import FOLDED, NONE, Vocabulary
from gatewright.frontend.onnx.wellformed import check_node, check_wellformed
from gatewright.ir.types import Float32Array

DYNAMO_REMEDY = (
    "Export the model again with brevitas.export.export_qonnx(model, x, path, dynamo=False), or "
    "export_onnx_qcdq where only its weights are quantized; the default, dynamo=True, drops "
    "recurrent layers silently."
)
DEFAULT = ("", "ai.onnx")
"""Both names of ONNX' own domain."""
_BESIDE = [TensorProto.FLOAT] * 3 + [TensorProto.BOOL] * 2
"""Types of scale, zero point, bit width and both flags of a ``QuantTensor`` that is returned."""
_DATA = (
    "raw_data",
    "float_data",
    "int32_data",
    "string_data",
    "int64_data",
    "double_data",
    "uint64_data",
)


class GraphInput(NamedTuple):
    """An input of a graph: its name, its static shape, whether it holds int64."""

    name: str
    shape: tuple[int, ...]
    integers: bool


class RawGraph:
    """The part of a graph that its outputs need.

    Attributes:
        nodes: In order, without ``Constant``, ``Identity`` and ``Dropout``.
        inputs: Those that are no initializers; the first may hold integers.
        outputs: Names of the outputs, without what is written beside a ``QuantTensor``.
        producers: The nodes by their first output.
        opset: The version of ONNX.

    Raises:
        GatewrightError: GW-106, GW-203, GW-204, GW-205, GW-207, GW-208.
    """

    def __init__(self, model: onnx.ModelProto, vocabulary: Vocabulary) -> None:
        graph = model.graph
        self.opset = check_wellformed(model)
        if not graph.node:
            raise GatewrightError(
                "GW-204", where=_graph_name(graph), cause="it is empty.", remedy=DYNAMO_REMEDY
            )
        self._tensors = {t.name: t for t in graph.initializer}
        self._arrays: dict[str, npt.NDArray[Any]] = {}
        self._aliases: dict[str, str] = {}
        self._check_order(graph)
        live = _live_nodes(graph)
        self.nodes = [node for node in live if not self._fold(node)]
        _check_vocabulary(self.nodes, vocabulary)
        for node in self.nodes:
            check_node(node, self.opset)
            _check_attributes(node, _known(node, vocabulary) or NONE)
        if not any(node.op_type in vocabulary.cells for node in self.nodes):
            raise GatewrightError(
                "GW-204",
                where=_graph_name(graph),
                cause=f"it holds no recurrent layer ({next(iter(vocabulary.cells))}).",
                remedy=DYNAMO_REMEDY,
            )
        LAYERS.check(
            _graph_name(graph), sum(node.op_type in vocabulary.cells for node in self.nodes)
        )
        self.producers = {node.output[0]: node for node in self.nodes}
        self._consumers: dict[str, list[onnx.NodeProto]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(map(self.resolve, node.input)):
                self._consumers.setdefault(name, []).append(node)
        self.inputs = self._inputs(graph)
        self.outputs = self._computed([self.resolve(output.name) for output in graph.output])

    def resolve(self, name: str) -> str:
        """The name behind an ``Identity`` or ``Dropout``."""
        return self._aliases.get(name, name)

    def is_constant(self, name: str) -> bool:
        """Whether ``name`` is an initializer."""
        return self.resolve(name) in self._tensors

    def constant(self, where: str, name: str) -> npt.NDArray[Any]:
        """The values of an initializer; GW-207 if it is computed instead, or unreadable.

        They are shared between all who ask, and not to be written.
        """
        name = self.resolve(name)
        if name not in self._arrays:
            self._arrays[name] = self._read(where, name)
        return self._arrays[name]

    def _read(self, where: str, name: str) -> npt.NDArray[Any]:
        tensor = self._tensors.get(name)
        if tensor is None:
            raise malformed(where, f"its input {name!r} has to be a constant.")
        if tensor_bytes(tensor) is None:
            raise malformed(
                where,
                f"its constant {name!r} has type {tensor.data_type} and shape "
                f"{list(tensor.dims)[:8]}, which is no array of numbers.",
            )
        if sum(bool(len(getattr(tensor, field))) for field in _DATA) > 1:
            raise malformed(where, f"its constant {name!r} is given in two forms.")
        try:
            values = np.asarray(numpy_helper.to_array(tensor))
        except (ValueError, TypeError, AttributeError) as error:
            raise malformed(where, f"its constant {name!r} cannot be read: {error}.") from error
        values.flags.writeable = False
        return values

    def floats(self, where: str, name: str) -> Float32Array:
        """A finite float32 constant; GW-207 on another type, GW-104 on NaN or infinity."""
        values = self.constant(where, name)
        if values.dtype != np.float32:
            raise malformed(where, f"its constant {name!r} is {values.dtype}, not float32.")
        if not np.all(np.isfinite(values)):
            raise GatewrightError(
                "GW-104",
                where=name,
                cause="it holds NaN or infinite values.",
                remedy="Train the model again or load a sound checkpoint, and export it.",
            )
        return values

    def integers(self, where: str, name: str) -> npt.NDArray[Any]:
        """An int64 or int32 constant, such as an index or an axis; GW-207 on another type."""
        values = self.constant(where, name)
        if values.dtype not in (np.int64, np.int32):
            raise malformed(where, f"its constant {name!r} is {values.dtype}, no index or axis.")
        return values

    def consumers(self, name: str) -> list[onnx.NodeProto]:
        """The nodes that read a value."""
        return self._consumers.get(name, [])

    def _fold(self, node: onnx.NodeProto) -> bool:
        """Take ``node`` out if it is a constant or does nothing."""
        if node.domain not in DEFAULT or node.op_type not in FOLDED:
            return False
        check_node(node, self.opset)
        _check_attributes(node, FOLDED[node.op_type])
        if node.op_type == "Constant":
            tensor = next((a.t for a in node.attribute if a.name == "value"), None)
            if tensor is None:
                raise malformed(label(node), "a Constant without a tensor value.")
            self._tensors[node.output[0]] = tensor
            return True
        if len(node.input) > 2 and node.input[2]:
            self._check_inference(node)
        # What it reads was computed before, so that chains are resolved as they grow.
        self._aliases[node.output[0]] = self.resolve(node.input[0])
        return True

    def _check_inference(self, node: onnx.NodeProto) -> None:
        """GW-205 for a Dropout that is told to drop values."""
        if self.constant(label(node), node.input[2]).any():
            raise unsupported(node, "it is a Dropout in training mode.")

    def _check_order(self, graph: onnx.GraphProto) -> None:
        known = set(self._tensors) | {i.name for i in graph.input}
        produced = {name for node in graph.node for name in node.output if name}
        if not graph.output:
            raise malformed(_graph_name(graph), "it has no output.")
        for node in graph.node:
            for name in node.input:
                if not name or name in known:
                    continue
                late = "is computed only later: the graph is unsorted or has a cycle"
                fault = late if name in produced else "does not exist"
                raise malformed(label(node), f"its input {name!r} {fault}.")
            outputs = [name for name in node.output if name]
            if len(set(outputs)) < len(outputs) or not known.isdisjoint(outputs):
                raise malformed(label(node), "its outputs are computed twice.")
            known.update(outputs)
        missing = [o.name for o in graph.output if o.name not in known]
        if missing:
            raise malformed(_graph_name(graph), f"nothing computes its output {missing[0]!r}.")

    def _inputs(self, graph: onnx.GraphProto) -> list[GraphInput]:
        infos = [i for i in graph.input if i.name not in self._tensors]
        if not infos:
            raise malformed(_graph_name(graph), "it has no input.")
        inputs: list[GraphInput] = []
        for info in infos:
            tensor = info.type.tensor_type
            shape = tuple(int(d.dim_value) for d in tensor.shape.dim)
            integers = tensor.elem_type == TensorProto.INT64 and not inputs
            known = integers or tensor.elem_type == TensorProto.FLOAT
            if not known or not shape or min(shape) < 1:
                raise GatewrightError(
                    "GW-106",
                    where=info.name,
                    cause="a graph's input has to be float32 with a static shape, or the first one "
                    "int64.",
                    remedy="Export with an example input and without dynamic_axes.",
                )
            INPUT_VALUES.check(info.name, math.prod(shape))
            inputs.append(GraphInput(info.name, shape, integers))
        return inputs

    def _computed(self, names: list[str]) -> list[str]:
        """The outputs that are no constants; GW-207 for a constant of no ``QuantTensor``."""
        groups: list[list[str]] = []
        for name in names:
            if groups and name in self._tensors:
                groups[-1].append(name)
            else:
                groups.append([name])
        for _, *beside in groups:
            if beside and [self._tensors[name].data_type for name in beside] != _BESIDE:
                raise malformed(
                    f"output {beside[0]}",
                    "it is a constant, and not of the five that follow what a QuantTensor holds.",
                )
        return [name for name, *_ in groups]


def _live_nodes(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    needed = {output.name for output in graph.output}
    live = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            live.append(node)
    return live[::-1]


def _check_vocabulary(nodes: list[onnx.NodeProto], vocabulary: Vocabulary) -> None:
    if "LSTM" not in vocabulary.cells:
        _check_activations(nodes)
    for node in nodes:
        if _known(node, vocabulary) is not None:
            continue
        prefix = "" if node.domain in DEFAULT else f"{node.domain}::"
        raise GatewrightError(
            "GW-205",
            where=label(node),
            cause=f"the op {prefix}{node.op_type} is not supported.",
            remedy=vocabulary.remedy,
        )


def _known(node: onnx.NodeProto, vocabulary: Vocabulary) -> Set[str] | None:
    """The attributes that a node may have; None where there is no such op."""
    domain = "" if node.domain in DEFAULT else node.domain
    return vocabulary.ops.get(domain, {}).get(node.op_type)


def _check_attributes(node: onnx.NodeProto, known: Set[str]) -> None:
    """GW-205 for an attribute that nobody would heed."""
    for attribute in node.attribute:
        if attribute.name not in known:
            raise unsupported(node, f"its attribute {attribute.name!r} is not supported.")


def _check_activations(nodes: list[onnx.NodeProto]) -> None:
    """GW-303 for ONNX' own LSTM, whose activations are float."""
    for node in nodes:
        if node.op_type == "LSTM" and node.domain in DEFAULT:
            raise GatewrightError(
                "GW-303",
                where=label(node),
                cause="it is a standard LSTM node, whose activations are float; only its weights "
                "can be quantized.",
                remedy="Give sequences to calibrate with: gatewright.compile(file, calibration=x), "
                "or --calibrate data.npy on the command line.",
            )


def label(node: onnx.NodeProto) -> str:
    """What to call a node in an error."""
    return node.name or f"{node.op_type} giving {next(iter(node.output), '?')!r}"


def _graph_name(graph: onnx.GraphProto) -> str:
    return f"graph {graph.name}" if graph.name else "the graph"


def malformed(where: str, cause: str) -> GatewrightError:
    """GW-207."""
    return GatewrightError(
        "GW-207", where=where, cause=cause, remedy="Export the model again, and do not edit it."
    )


def unsupported(node: onnx.NodeProto, cause: str) -> GatewrightError:
    """GW-205 for an op that is supported in another form."""
    return GatewrightError(
        "GW-205",
        where=label(node),
        cause=cause,
        remedy="Keep to the layers that the torch side supports, and export with dynamo=False.",
    )


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """The attributes of a node; strings as str."""
    values = {}
    for attribute in node.attribute:
        try:
            value = helper.get_attribute_value(attribute)
        except ValueError as error:  # of no type, or of one to come
            raise malformed(
                label(node), f"its attribute {attribute.name!r} has no value."
            ) from error
        values[attribute.name] = (
            value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        )
    return values


def required(node: onnx.NodeProto, name: str, kind: type) -> Any:
    """One attribute; GW-207 if it is missing or of another type."""
    value = attributes(node).get(name)
    if not isinstance(value, kind):
        raise malformed(label(node), f"its attribute {name!r} is missing or no {kind.__name__}.")
    return value
