"""A cleaned view of an ONNX graph: constants folded, dead branches gone, names resolved."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from gatewright.errors import GatewrightError
from gatewright.frontend.spec import FloatArray
from gatewright.ir.traced.vocabulary import QONNX_DOMAIN

DYNAMO_REMEDY = (
    "export the model again with brevitas.export.export_qonnx(model, x, path, dynamo=False); the "
    "default, dynamo=True, drops recurrent layers silently."
)
SUPPORTED = {
    "": {"Add", "Flatten", "Gather", "Gemm", "MatMul", "Relu", "Transpose"},
    QONNX_DOMAIN: {"BipolarQuant", "Quant", "QuantLSTMCell"},
}
_VANISHING = {"Identity", "Dropout"}
_RESHAPING = _VANISHING | {"Squeeze", "Unsqueeze"}


class RawGraph:
    """The part of a graph that its first output needs.

    Attributes:
        nodes: In order, without ``Constant``, ``Identity`` and ``Dropout``.
        input_name: The one input that is no initializer.
        input_shape: Its static shape.
        output_name: The first output.

    Raises:
        GatewrightError: GW-106, GW-203, GW-204, GW-205, GW-207.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        graph = model.graph
        if not graph.node:
            raise GatewrightError(
                "GW-204", where=_graph_name(graph), cause="it is empty.", remedy=DYNAMO_REMEDY
            )
        self._tensors = {t.name: t for t in graph.initializer}
        self._aliases: dict[str, str] = {}
        self._check_order(graph)
        live = _live_nodes(graph)
        self.nodes = [node for node in live if not self._fold(node)]
        _check_vocabulary(self.nodes)
        if not any(node.op_type == "QuantLSTMCell" for node in self.nodes):
            raise GatewrightError(
                "GW-204",
                where=_graph_name(graph),
                cause="it holds no recurrent layer (QuantLSTMCell).",
                remedy=DYNAMO_REMEDY,
            )
        self.input_name, self.input_shape = self._the_input(graph)
        self.output_name = self.resolve(graph.output[0].name)
        self._check_outputs(graph)

    def resolve(self, name: str) -> str:
        """The name behind an ``Identity`` or ``Dropout``."""
        while name in self._aliases:
            name = self._aliases[name]
        return name

    def is_constant(self, name: str) -> bool:
        """Whether ``name`` is an initializer."""
        return self.resolve(name) in self._tensors

    def constant(self, where: str, name: str) -> npt.NDArray[Any]:
        """The values of an initializer; GW-207 if it is computed instead, or unreadable."""
        tensor = self._tensors.get(self.resolve(name))
        if tensor is None:
            raise malformed(where, f"its input {name!r} has to be a constant.")
        try:
            return np.array(numpy_helper.to_array(tensor))
        except (ValueError, TypeError, AttributeError) as error:
            raise malformed(where, f"its constant {name!r} cannot be read: {error}.") from error

    def floats(self, where: str, name: str) -> FloatArray:
        """A finite float32 constant; GW-207 on another type, GW-104 on NaN or infinity."""
        values = self.constant(where, name)
        if values.dtype != np.float32:
            raise malformed(where, f"its constant {name!r} is {values.dtype}, not float32.")
        if not np.all(np.isfinite(values)):
            raise GatewrightError(
                "GW-104",
                where=name,
                cause="it holds NaN or infinite values.",
                remedy="train the model again or load a sound checkpoint, and export it.",
            )
        return values

    def consumers(self, name: str) -> list[onnx.NodeProto]:
        """The nodes that read a value."""
        return [n for n in self.nodes if name in (self.resolve(i) for i in n.input)]

    def _fold(self, node: onnx.NodeProto) -> bool:
        """Take ``node`` out if it is a constant or does nothing."""
        if node.domain not in ("", "ai.onnx"):
            return False
        if node.op_type == "Constant":
            tensor = next((a.t for a in node.attribute if a.name == "value"), None)
            if tensor is None:
                raise malformed(label(node), "a Constant without a tensor value.")
            self._tensors[node.output[0]] = tensor
            return True
        if node.op_type in _VANISHING:
            self._aliases[node.output[0]] = node.input[0]
            return True
        return False

    def _check_order(self, graph: onnx.GraphProto) -> None:
        known = set(self._tensors) | {i.name for i in graph.input}
        produced = {name for node in graph.node for name in node.output if name}
        if not graph.output:
            raise malformed(_graph_name(graph), "it has no output.")
        seen: set[str] = set()
        for node in graph.node:
            for name in node.input:
                if not name or name in known or name in seen:
                    continue
                late = "is computed only later: the graph is unsorted or has a cycle"
                cause = late if name in produced else "does not exist"
                raise malformed(label(node), f"its input {name!r} {cause}.")
            outputs = [name for name in node.output if name]
            if not outputs or len(set(outputs)) < len(outputs) or seen & set(outputs):
                raise malformed(label(node), "its outputs are missing or computed twice.")
            seen.update(outputs)
        missing = [o.name for o in graph.output if o.name not in seen | known]
        if missing:
            raise malformed(_graph_name(graph), f"nothing computes its output {missing[0]!r}.")

    def _the_input(self, graph: onnx.GraphProto) -> tuple[str, tuple[int, ...]]:
        inputs = [i for i in graph.input if i.name not in self._tensors]
        if len(inputs) != 1:
            names = ", ".join(repr(i.name) for i in inputs) or "none"
            raise malformed(_graph_name(graph), f"it needs exactly one input, it has {names}.")
        tensor = inputs[0].type.tensor_type
        shape = tuple(int(d.dim_value) for d in tensor.shape.dim)
        if tensor.elem_type != TensorProto.FLOAT or not shape or min(shape) < 1:
            raise GatewrightError(
                "GW-106",
                where=inputs[0].name,
                cause="the graph's input has to be float32 with a static shape.",
                remedy="export with an example input and without dynamic_axes.",
            )
        return inputs[0].name, shape

    def _check_outputs(self, graph: onnx.GraphProto) -> None:
        """Further outputs may only be final states (h, c) of a cell, which are dropped."""
        producers = {name: node for node in graph.node for name in node.output}
        for output in graph.output[1:]:
            if not _is_state(output.name, producers):
                raise GatewrightError(
                    "GW-205",
                    where=output.name,
                    cause="the graph has several outputs; one is supported.",
                    remedy="return one tensor from forward().",
                )


def _live_nodes(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    needed = {graph.output[0].name}
    live = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            live.append(node)
    return live[::-1]


def _is_state(name: str, producers: dict[str, onnx.NodeProto]) -> bool:
    """Whether a value is a final state of a cell, or several of them, reshaped."""
    node = producers.get(name)
    if node is None:
        return False
    if node.op_type == "QuantLSTMCell":
        return name != str(node.output[0])
    if node.op_type == "Concat":
        return all(_is_state(part, producers) for part in node.input)
    return node.op_type in _RESHAPING and _is_state(str(node.input[0]), producers)


def _check_vocabulary(nodes: list[onnx.NodeProto]) -> None:
    for node in nodes:
        domain = "" if node.domain == "ai.onnx" else node.domain
        if node.op_type in SUPPORTED.get(domain, ()):
            continue
        names = ", ".join(sorted(op for ops in SUPPORTED.values() for op in ops))
        remedy = f"use layers that export to: {names}."
        if node.op_type == "LSTM":
            remedy = "use brevitas.nn.QuantLSTM with all its quantizers; this one is float."
        if node.op_type in ("Squeeze", "Unsqueeze"):
            remedy = "use the layer's output, such as out[:, -1], not its final state (h, c)."
        prefix = f"{domain}::" if domain else ""
        raise GatewrightError(
            "GW-205",
            where=label(node),
            cause=f"the op {prefix}{node.op_type} is not supported.",
            remedy=remedy,
        )


def label(node: onnx.NodeProto) -> str:
    """What to call a node in an error."""
    return node.name or f"{node.op_type} giving {next(iter(node.output), '?')!r}"


def _graph_name(graph: onnx.GraphProto) -> str:
    return f"graph {graph.name}" if graph.name else "the graph"


def malformed(where: str, cause: str) -> GatewrightError:
    """GW-207."""
    return GatewrightError(
        "GW-207", where=where, cause=cause, remedy="export the model again, and do not edit it."
    )


def unsupported(node: onnx.NodeProto, cause: str) -> GatewrightError:
    """GW-205 for an op that is supported in another form."""
    return GatewrightError(
        "GW-205",
        where=label(node),
        cause=cause,
        remedy="keep to the layers that the torch side supports, and export with dynamo=False.",
    )


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """The attributes of a node; strings as str."""
    values = {}
    for attribute in node.attribute:
        value = helper.get_attribute_value(attribute)
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
