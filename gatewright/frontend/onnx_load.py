"""Rewrites a cleaned ONNX graph as a traced graph."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import onnx

from gatewright.errors import GatewrightError
from gatewright.frontend import emit
from gatewright.frontend.builder import GraphBuilder
from gatewright.frontend.naming import ROOT, path_of_node, sanitize
from gatewright.frontend.onnx_cell import (
    Constant,
    bias,
    check_inputs,
    read_bipolar,
    read_cell,
    read_quant,
    weight,
)
from gatewright.frontend.onnx_graph import (
    RawGraph,
    attributes,
    label,
    malformed,
    required,
    unsupported,
)
from gatewright.frontend.onnx_read import read_model
from gatewright.frontend.spec import LinearSpec, Value, act_spec


def load_model(source: str | os.PathLike[str] | onnx.ModelProto) -> onnx.ModelProto:
    """See ``gatewright.frontend.load``."""
    return _Loader(RawGraph(read_model(source))).run()


# The weight whose name tells a node's module path: which input, and what follows the path.
_WEIGHTS = {
    "Gemm": (1, ".weight"),
    "MatMul": (1, ".weight"),
    "QuantLSTMCell": (3, ".input_gate_params.input_weight.weight"),
}

_FURTHER_LAYER = re.compile(r"layers\.(?!0\.0$)\d+\.\d+$")


def _check_single(where: str, name: str) -> None:
    """GW-109 for the second layer or direction of one ``QuantLSTM``."""
    if _FURTHER_LAYER.search(name):
        raise GatewrightError(
            "GW-109",
            where=where,
            cause="it is a further layer or direction of a QuantLSTM; supported are num_layers=1 "
            "and bidirectional=False.",
            remedy="build the layer with num_layers=1 and bidirectional=False.",
        )


class _Loader:
    """Walks the file's nodes once, with a handler per op."""

    def __init__(self, graph: RawGraph) -> None:
        self._graph = graph
        self._builder = GraphBuilder(graph.input_shape)
        self._values: dict[str, Value] = {graph.input_name: self._builder.input}
        self._constants: dict[str, Constant] = {}
        self._names: dict[str, str] = {}
        self._calls: dict[tuple[str, str], int] = {}
        self._handlers: dict[str, Callable[[onnx.NodeProto], None]] = {
            "Add": self._add,
            "BipolarQuant": self._bipolar,
            "Flatten": self._flatten,
            "Gather": self._gather,
            "Gemm": self._gemm,
            "MatMul": self._matmul,
            "Quant": self._quant,
            "QuantLSTMCell": self._cell,
            "Relu": self._relu,
            "Transpose": self._transpose,
        }

    def run(self) -> onnx.ModelProto:
        # Brevitas writes parameters wherever torch met them, so constants come first.
        for node in self._graph.nodes:
            self._fold_parameter(node)
        for node in self._graph.nodes:
            if node.output[0] not in self._constants and node.output[0] not in self._values:
                self._handlers[node.op_type](node)
        return self._builder.finish(self._values[self._graph.output_name])

    # Constants

    def _fold_parameter(self, node: onnx.NodeProto) -> None:
        """``Quant``, ``BipolarQuant`` and ``Transpose`` on constants."""
        if node.op_type not in ("BipolarQuant", "Quant", "Transpose") or not node.input:
            return
        constant = self._constant(label(node), node.input[0])
        if constant is None:
            return
        if node.op_type == "Transpose":
            if attributes(node).get("perm", [1, 0]) != [1, 0] or constant.values.ndim != 2:
                raise unsupported(node, "only the transpose of a matrix is supported.")
            self._constants[node.output[0]] = constant.transposed()
            return
        if constant.quant is not None:
            raise unsupported(node, "a constant is quantized twice.")
        if node.op_type == "BipolarQuant":
            folded = read_bipolar(self._graph, node, constant.values)
        else:
            folded = Constant(constant.values, read_quant(self._graph, node))
        self._constants[node.output[0]] = folded

    def _constant(self, where: str, name: str) -> Constant | None:
        resolved = self._graph.resolve(name)
        if resolved in self._constants:
            return self._constants[resolved]
        if not self._graph.is_constant(resolved):
            return None
        return Constant(self._graph.floats(where, resolved), None)

    # Activations

    def _input(self, node: onnx.NodeProto, index: int = 0) -> Value:
        if index >= len(node.input):
            raise malformed(label(node), f"its input {index} is missing.")
        name = self._graph.resolve(node.input[index])
        if name not in self._values:
            raise unsupported(
                node, f"its input {name!r} has to be computed from the graph's input."
            )
        return self._values[name]

    def _name(self, node: onnx.NodeProto) -> str:
        """The name of a node, the same however often it is asked for."""
        key = node.output[0]
        if key not in self._names:
            # Names of weights are whole paths; torch's node names leave out ModuleDict.
            path = self._weight_path(node) or path_of_node(node.name) or ROOT
            count = self._calls.get((path, node.op_type), 0)
            self._calls[path, node.op_type] = count + 1
            self._names[key] = sanitize(path) + (f"_{count}" if count else "")
        return self._names[key]

    def _weight_path(self, node: onnx.NodeProto) -> str:
        """The module path in the name of a node's weight, or an empty string."""
        index, suffix = _WEIGHTS.get(node.op_type, (0, ""))
        if index >= len(node.input) or not suffix:
            return ""
        name = self._graph.resolve(node.input[index])
        producers = {n.output[0]: n for n in self._graph.nodes}
        while name in producers and name in self._constants:
            name = self._graph.resolve(producers[name].input[0])
        return name.removesuffix(suffix) if name.endswith(suffix) else ""

    def _quant(self, node: onnx.NodeProto) -> None:
        spec = act_spec(label(node), read_quant(self._graph, node))
        name = self._name(node)
        readers = self._graph.consumers(node.output[0])
        if readers and readers[0].op_type == "QuantLSTMCell":
            name = f"{self._name(readers[0])}.x_quant"
        self._values[node.output[0]] = emit.quantize(self._builder, name, self._input(node), spec)

    def _bipolar(self, node: onnx.NodeProto) -> None:
        raise unsupported(node, "only weights and biases can be binary, not activations.")

    def _relu(self, node: onnx.NodeProto) -> None:
        name = f"{self._name(node)}.relu"
        self._values[node.output[0]] = emit.relu(self._builder, name, self._input(node))

    def _cell(self, node: onnx.NodeProto) -> None:
        check_inputs(node)
        where = label(node)
        _check_single(where, self._name(node))
        constants = [self._constant(where, name) for name in node.input[3:15]]
        cell = read_cell(self._graph, node, constants)
        x = self._input(node)
        self._values[node.output[0]] = emit.lstm_cell(self._builder, self._name(node), x, cell)

    def _gather(self, node: onnx.NodeProto) -> None:
        x = self._input(node)
        axis = required(node, "axis", int) if node.attribute else 0
        if len(node.input) != 2:
            raise malformed(label(node), "Gather takes 2 inputs.")
        index = self._graph.constant(label(node), node.input[1])
        time = None if x.layout is None else x.layout.time_axis
        if axis < 0:
            axis += len(x.shape)
        if axis != time or index.ndim != 0 or int(index) not in (-1, x.shape[axis] - 1):
            raise unsupported(
                node, "only the last time step of a recurrent layer's output can be selected."
            )
        self._values[node.output[0]] = emit.select_last(self._builder, "last_step", x)

    def _flatten(self, node: onnx.NodeProto) -> None:
        if attributes(node).get("axis", 1) != 1:
            raise unsupported(node, "only Flatten from axis 1 on is supported.")
        name = sanitize(path_of_node(node.name) or "flatten")
        self._values[node.output[0]] = emit.flatten(self._builder, name, self._input(node))

    def _transpose(self, node: onnx.NodeProto) -> None:
        raise unsupported(node, "only weights can be transposed.")

    def _add(self, node: onnx.NodeProto) -> None:
        raise unsupported(node, "only the bias of a linear layer can be added.")

    # Linear layers

    def _gemm(self, node: onnx.NodeProto) -> None:
        options = {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 0} | attributes(node)
        if (options["alpha"], options["beta"], options["transA"]) != (1.0, 1.0, 0):
            raise unsupported(node, "only Gemm with alpha=1, beta=1, transA=0 is supported.")
        x = self._input(node)
        matrix = self._matrix(node)
        bias_name = node.input[2] if len(node.input) > 2 else ""
        self._linear(node, x, matrix if options["transB"] else matrix.transposed(), bias_name)

    def _matmul(self, node: onnx.NodeProto) -> None:
        x = self._input(node)
        matrix = self._matrix(node).transposed()
        readers = self._graph.consumers(node.output[0])
        bias_name, out = "", node.output[0]
        if len(readers) == 1 and readers[0].op_type == "Add" and len(readers[0].input) == 2:
            sides = [self._graph.resolve(name) for name in readers[0].input]
            other = sides[1 - sides.index(node.output[0])]
            if self._constant(label(readers[0]), other) is not None:
                bias_name, out = other, readers[0].output[0]
        self._linear(node, x, matrix, bias_name, out)

    def _matrix(self, node: onnx.NodeProto) -> Constant:
        if len(node.input) < 2:
            raise malformed(label(node), f"{node.op_type} takes 2 inputs or more.")
        constant = self._constant(label(node), node.input[1])
        if constant is None:
            raise unsupported(node, "its second input has to be a constant weight.")
        return constant

    def _linear(
        self, node: onnx.NodeProto, x: Value, matrix: Constant, bias_name: str, out: str = ""
    ) -> None:
        where = label(node)
        w = weight(where, matrix)
        b = None
        if bias_name:
            b = bias(where, self._constant(where, bias_name), w.values.shape[0])
        value = emit.linear(self._builder, self._name(node), x, LinearSpec(w, b))
        self._values[out or node.output[0]] = value
