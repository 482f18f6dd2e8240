"""Rewrites a cleaned ONNX graph as a traced graph."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from gatewright.files.limits import CELLS as MOST_CELLS
from gatewright.files.limits import OPERATIONS
from gatewright.frontend import emit
from gatewright.frontend.builder import GraphBuilder
from gatewright.frontend.naming import ROOT, path_of_node, sanitize
from gatewright.frontend.onnx.cell import (
    Constant,
    bias,
    check_inputs,
    read_bipolar,
    read_cell,
    read_quant,
    weight,
)
from gatewright.frontend.onnx.graph import (
    RawGraph,
    attributes,
    label,
    malformed,
    required,
    unsupported,
)
from gatewright.frontend.onnx.head import check_argmax, check_over_time, read_batch_norm
from gatewright.frontend.onnx.read import read_model
from gatewright.frontend.spec import (
    CellSpec,
    Layout,
    LinearSpec,
    QuantSpec,
    States,
    Value,
    act_spec,
)
from gatewright.ir.traced.vocabulary import CELLS, LSTM_CELL, RNN_CELL


def load_model(source: str | os.PathLike[str] | onnx.ModelProto) -> onnx.ModelProto:
    """See ``gatewright.frontend.load``."""
    model = read_model(source)
    return _Loader(RawGraph(model)).run()


# The weight whose name tells a node's module path: which input, and what follows the path.
_WEIGHTS = {
    "BatchNormalization": (3, ".running_mean"),
    "Gemm": (1, ".weight"),
    "MatMul": (1, ".weight"),
    # Recurrent weights are the cell's own; the two directions may share the others.
    LSTM_CELL.op: (7, ".input_gate_params.hidden_weight.weight"),
    RNN_CELL.op: (3, ".gate_params.hidden_weight.weight"),
}

_CALLS = {"ReduceMax": "max", "ReduceMean": "mean"}


class _Loader:
    """Walks the file's nodes once, with a handler per op."""

    def __init__(self, graph: RawGraph) -> None:
        self._graph = graph
        (name, shape), *states = graph.inputs
        self._builder = GraphBuilder(shape)
        self._values: dict[str, Value] = {name: self._builder.input}
        for state, state_shape in states:
            self._values[state] = self._builder.state_input(sanitize(state), state_shape)
        self._stacks: dict[str, States] = {}
        self._finals: dict[str, States] = {}
        self._constants: dict[str, Constant] = {}
        self._names: dict[str, str] = {}
        self._calls: dict[tuple[str, str], int] = {}
        self._quantized: list[tuple[Value, QuantSpec, Value]] = []
        self._handlers: dict[str, Callable[[onnx.NodeProto], None]] = {
            **dict.fromkeys(CELLS, self._cell),
            "Add": self._add,
            "ArgMax": self._argmax,
            "BatchNormalization": self._batch_norm,
            "BipolarQuant": self._bipolar,
            "Concat": self._concat,
            "Flatten": self._flatten,
            "Gather": self._gather,
            "Gemm": self._gemm,
            "MatMul": self._matmul,
            "Quant": self._quant,
            "ReduceMax": self._over_time,
            "ReduceMean": self._over_time,
            "Relu": self._activation,
            "Sigmoid": self._activation,
            "Squeeze": self._squeeze,
            "Tanh": self._activation,
            "Transpose": self._transpose,
            "Unsqueeze": self._unsqueeze,
        }

    def run(self) -> onnx.ModelProto:
        # Brevitas writes parameters wherever torch met them, so constants come first.
        for node in self._graph.nodes:
            self._fold_parameter(node)
        rest = [node for node in self._graph.nodes if node.output[0] not in self._constants]
        OPERATIONS.check("the graph", len(rest))
        for node in rest:
            if node.output[0] not in self._values:
                self._handlers[node.op_type](node)
        return self._builder.finish([self._output(name) for name in self._graph.outputs])

    def _output(self, name: str) -> tuple[str, Value]:
        if name in self._stacks:
            stack = self._stacks[name]
            wanted = f"{stack.which}_n"
            return wanted, emit.stack(self._builder, wanted, stack.items)
        if name not in self._values:
            raise malformed(f"output {name}", "it is not computed from the graph's input.")
        return "y", self._values[name]

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
            quant = read_quant(self._graph, node, constant.values.shape)
            folded = Constant(constant.values, quant)
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
        producers = self._graph.producers
        while name in producers and name in self._constants:
            name = self._graph.resolve(producers[name].input[0])
        return name.removesuffix(suffix) if name.endswith(suffix) else ""

    def _quant(self, node: onnx.NodeProto) -> None:
        readers = self._graph.consumers(node.output[0])
        name = node.output[0]
        if readers and all(name in self._state_inputs(reader) for reader in readers):
            return  # the cell quantizes its initial states
        x = self._input(node)
        spec = act_spec(label(node), read_quant(self._graph, node, x.shape))
        # Both directions quantize one input with one quantizer.
        for known, other, value in self._quantized:
            if known is x and other.same_as(spec):
                self._values[name] = value
                return
        wanted = self._name(node)
        if readers and readers[0].op_type in CELLS:
            wanted = f"{self._name(readers[0])}.x_quant"
        value = self._values[name] = emit.quantize(self._builder, wanted, x, spec)
        self._quantized.append((x, spec, value))

    def _state_inputs(self, node: onnx.NodeProto) -> list[str]:
        """The initial states that a node reads."""
        if node.op_type not in CELLS:
            return []
        return [self._graph.resolve(n) for n in node.input[1 : CELLS[node.op_type].first_weight]]

    def _bipolar(self, node: onnx.NodeProto) -> None:
        raise unsupported(node, "only weights and biases can be binary, not activations.")

    def _activation(self, node: onnx.NodeProto) -> None:
        name, op = f"{self._name(node)}.{node.op_type.lower()}", node.op_type
        self._values[node.output[0]] = emit.activation(self._builder, name, op, self._input(node))

    def _batch_norm(self, node: onnx.NodeProto) -> None:
        x, spec = self._input(node), read_batch_norm(self._graph, node)
        self._values[node.output[0]] = emit.batch_norm(self._builder, self._name(node), x, spec)

    def _over_time(self, node: onnx.NodeProto) -> None:
        x = self._input(node)
        check_over_time(self._graph, node, x)
        name = f"{_CALLS[node.op_type]}_over_time"
        self._values[node.output[0]] = emit.over_time(self._builder, name, node.op_type, x)

    def _argmax(self, node: onnx.NodeProto) -> None:
        x = self._input(node)
        check_argmax(node, x)
        self._values[node.output[0]] = emit.argmax(self._builder, "argmax", x)

    # Recurrent layers

    def _cell(self, node: onnx.NodeProto) -> None:
        check_inputs(node)
        form, where = CELLS[node.op_type], label(node)
        weights = node.input[form.first_weight : form.first_quantizer]
        cell = read_cell(self._graph, node, [self._constant(where, name) for name in weights])
        name, x = self._name(node), self._input(node)
        emit.check_sequence(name, x, cell.input_size, cell.batch_first)
        batch = x.shape[Layout(cell.batch_first).batch_axis]
        initial = [self._initial(node, cell, i, batch) for i in range(len(form.states))]
        out, *finals = emit.cell(self._builder, name, x, cell, initial)
        self._values[node.output[0]] = out
        for output, final, which in zip(node.output[1:], finals, form.states, strict=False):
            if output:
                self._values[output] = final
                self._finals[output] = States(name, (final,), which)

    def _initial(
        self, node: onnx.NodeProto, cell: CellSpec, index: int, batch: int
    ) -> Value | None:
        """The float state a cell begins with; None for zeros."""
        where, name = label(node), self._graph.resolve(node.input[1 + index])
        expected = cell.quantizers[cell.form.state_quantizers[index]]
        constant = self._constant(where, name)
        if constant is not None:
            if constant.quant is None and not constant.values.any():
                return None
            quant, values = constant.quant, np.array(constant.values, order="C")
            if values.ndim != 2 or values.shape[0] not in (1, batch):
                raise malformed(where, f"a state of it has shape {list(values.shape)}.")
            if np.any(values != values[:1]):
                raise unsupported(node, "its constant state differs from sequence to sequence.")
            name = f"{self._name(node)}.state"  # one row may stand for every sequence
            name = self._builder.repeated(name, values[:1], batch)
            value = Value(name, (batch, values.shape[1]))
        else:
            quantizer = self._graph.producers.get(name)
            if quantizer is None or quantizer.op_type != "Quant":
                raise unsupported(node, "its initial state comes from no quantizer.")
            value = self._input(quantizer)
            quant = act_spec(label(quantizer), read_quant(self._graph, quantizer, value.shape))
        if quant is None or not expected.same_as(quant):
            raise unsupported(node, "its initial state has another quantizer than its states.")
        return value

    def _concat(self, node: onnx.NodeProto) -> None:
        axis = required(node, "axis", int)
        names = [self._graph.resolve(name) for name in node.input]
        if axis == 0 and all(name in self._stacks for name in names):
            stacks = [self._stacks[name] for name in names]
            items = tuple(item for stack in stacks for item in stack.items)
            MOST_CELLS.check(label(node), len(items))
            self._stacks[node.output[0]] = replace(stacks[0], items=items)
            return
        parts = [self._input(node, i) for i in range(len(names))]
        if axis not in (-1, len(parts[0].shape) - 1):
            raise unsupported(node, "only features, the last axis, can be joined.")
        first = self._graph.producers.get(names[0])
        path = self._name(first).rpartition(".") if first and first.op_type in CELLS else None
        name = path[0] if path and path[2] == "0" else "cat"
        self._values[node.output[0]] = emit.concat(self._builder, name, parts)

    def _axes(self, node: onnx.NodeProto) -> list[int]:
        if len(node.input) != 2:
            raise malformed(label(node), f"{node.op_type} takes 2 inputs.")
        return [int(a) for a in self._graph.integers(label(node), node.input[1]).ravel()]

    def _unsqueeze(self, node: onnx.NodeProto) -> None:
        """A final state [B, H] as [1, B, H]."""
        item = self._finals.get(self._graph.resolve(node.input[0]))
        if item is None or self._axes(node) != [0]:
            raise unsupported(node, "only the final states of a layer can be given an axis.")
        self._stacks[node.output[0]] = item

    def _squeeze(self, node: onnx.NodeProto) -> None:
        stack = self._stacks.get(self._graph.resolve(node.input[0]))
        if stack is None or self._axes(node) != [0] or len(stack.items) != 1:
            raise unsupported(node, "only axis 0 of a single final state can be dropped.")
        self._values[node.output[0]] = stack.items[0]

    def _gather(self, node: onnx.NodeProto) -> None:
        axis = required(node, "axis", int) if node.attribute else 0
        if len(node.input) != 2:
            raise malformed(label(node), "Gather takes 2 inputs.")
        index = self._graph.integers(label(node), node.input[1])
        stack = self._stacks.get(self._graph.resolve(node.input[0]))
        if stack is not None:
            self._values[node.output[0]] = self._stack_item(node, stack, axis, index)
            return
        x = self._input(node)
        if x.stack and axis == 0 and index.ndim == 0:
            name = f"{x.name}.item"
            item = emit.state_item(self._builder, name, x, int(index))
            self._values[node.output[0]] = item
            return
        time = None if x.layout is None else x.layout.time_axis
        if axis < 0:
            axis += len(x.shape)
        if axis != time or index.ndim != 0 or not emit.is_last(x, int(index)):
            raise unsupported(
                node, "only the last time step of a recurrent layer's output can be selected."
            )
        self._values[node.output[0]] = emit.select_last(self._builder, "last_step", x, int(index))

    def _stack_item(
        self, node: onnx.NodeProto, stack: States, axis: int, index: npt.NDArray[Any]
    ) -> Value:
        count = len(stack.items)
        if axis != 0 or index.ndim != 0 or not -count <= int(index) < count:
            raise unsupported(node, f"one of {count} final states can be selected.")
        return stack.items[int(index)]

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
        if len(x.shape) != 2:
            raise malformed(label(node), f"its input has shape {list(x.shape)}, and is no matrix.")
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
