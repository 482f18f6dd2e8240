"""The integer graph in plain ONNX ops, floats in and floats out, for onnxruntime alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from gatewright.ir.graph import Graph, Node
from gatewright.ir.lowering.lower import IntegerModel
from gatewright.ir.onnx_io import INT, IR_VERSION, OPSET, OWN_NAMES, build_graph
from gatewright.ir.ops.lookup import wrapped_table
from gatewright.ir.quantizer import InputBoundary, OutputBoundary, Quantizer, Scales
from gatewright.ir.standard_names import check_names, codes_name, in_full, step_name, value_name
from gatewright.ir.streamable import going_on
from gatewright.ir.types import IntArray, IntType
from gatewright.ir.window_onnx import go_on

# A MultiThreshold over fewer words than this becomes one table.
TABLE_WORDS = 2**16
NEVER = 2**62

OPS = frozenset(
    {
        *("Abs", "Add", "ArgMax", "Cast", "Ceil", "Clip", "Concat", "Constant", "Div", "Expand"),
        *("Flatten", "Floor", "Gather", "GreaterOrEqual", "Identity", "MatMul", "Mul", "Pad"),
        *("ReduceMax", "ReduceSum", "Reshape", "Round", "Scan", "Shape", "Sign", "Slice"),
        *("Squeeze", "Sub"),
        *("Transpose", "Unsqueeze", "Where", *OWN_NAMES),
    }
)
"""All that it is written in: no op here runs for ever."""

_ROUNDING = {"ROUND": "Round", "FLOOR": "Floor", "CEIL": "Ceil"}


def check_ops(model: onnx.ModelProto) -> None:
    """Refuse what ``to_standard`` does not write.

    Raises:
        ValueError: With the first op of another kind.
    """
    if model.functions:
        raise ValueError("it holds functions of its own")
    _check_ops(model.graph)


def _check_ops(graph: onnx.GraphProto) -> None:
    for node in graph.node:
        if node.domain or node.op_type not in OPS:
            raise ValueError(f"it holds the op {node.domain}{node.op_type}")
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _check_ops(attribute.g)


def to_standard(model: IntegerModel) -> onnx.ModelProto:
    """Write an integer model in standard ops only.

    Inputs are the model's arguments in the user's layout, float32, or int64 where they are looked
    up. Outputs: those of the model, float32; for each one ``<name>.codes`` int64 (the output
    quantizer's codes, or the accumulator of an unquantized layer); then ``<layer>.h`` and
    ``<layer>.c`` int64 [B, T, H], centered.
    """
    graph = model.graph
    core = build_graph(graph, emit_plain_threshold)
    del core.quantization_annotation[:]
    in_full(core, graph)
    builder = _Boundary(graph)
    for source in model.inputs:
        builder.encode(model.arguments[source.argument].name, source)
    builder.nodes.extend(core.node)
    outputs = []
    for output in model.outputs:
        builder.decode(output)
        shape, kind = _user_shape(graph, output), INT if output.index else TensorProto.FLOAT
        outputs.append(helper.make_tensor_value_info(output.name, kind, shape))
        outputs.append(helper.make_tensor_value_info(codes_name(output), INT, shape))
    for name in (s for node in graph.scans() for s in stacked_states(node)):
        outputs.append(helper.make_tensor_value_info(name, INT, graph[name].shape))
    proto = helper.make_graph(
        builder.nodes,
        "gatewright_standard",
        [
            helper.make_tensor_value_info(a.name, INT if a.rows else TensorProto.FLOAT, a.shape)
            for a in model.arguments
        ],
        outputs,
        list(core.initializer),
    )
    made = helper.make_model(
        proto,
        producer_name="gatewright",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    check_ops(made)  # so that none is written that is not read
    check_names(made.graph)
    return made


def stacked_states(node: Node) -> tuple[str, ...]:
    """The outputs of a Scan that hold its states of every step."""
    return node.outputs[int(node.attrs["states"]) :]


def _user_shape(graph: Graph, output: OutputBoundary) -> tuple[int | str, ...]:
    shape = graph[output.tensors[0]].shape
    if output.stacked:
        return (len(output.tensors), *shape)
    shape = (shape[1], shape[0], shape[2]) if output.time_major else shape
    shape = (shape[0], shape[2], shape[1]) if output.channels_first else shape
    return shape[:-1] if output.index else shape


def with_taps(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph with every value inside its recurrent layers as a further output.

    Args:
        model: As ``to_standard`` made it; it is not changed.

    Returns:
        A graph with additional outputs ``<layer>/<tensor>``, [B, T, ...].
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    for node in result.graph.node:
        if node.op_type == "Scan":
            _tap_scan(node, result.graph)
    return result


def with_kept(model: onnx.ModelProto, graph: Graph) -> onnx.ModelProto:
    """The same graph with the states that its layers begin with as inputs instead.

    Args:
        model: As ``to_standard`` made it; it is not changed.
        graph: What it was made of.

    Returns:
        A graph with further inputs ``<layer>/h`` and ``<layer>/c``, int64 [B, H], centered, and
        ``<node>/past``, int64 [B, P, F], of windows over time.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    layers = {node.name: node for node in result.graph.node if node.op_type == "Scan"}
    for scan in graph.needed():
        if scan.body is None:
            continue
        for i, state in enumerate(scan.states):
            shape = scan.body[scan.body.inputs[i]].shape
            result.graph.input.append(helper.make_tensor_value_info(state, INT, shape))
            layers[scan.name].input[i] = state
    for window in going_on(graph):
        go_on(window, graph, result.graph)
    return result


def with_values(model: onnx.ModelProto, graph: Graph, names: Iterable[str]) -> onnx.ModelProto:
    """The same graph with some of its integers as further outputs.

    Args:
        model: As ``to_standard`` made it; it is not changed.
        graph: What it was made of.
        names: Tensors of that.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    there = {output.name for output in model.graph.output}
    for name in dict.fromkeys(names):
        called = value_name(graph, name)
        if called not in there:
            shape = graph[name].shape
            result.graph.output.append(helper.make_tensor_value_info(called, INT, shape))
    return result


def _tap_scan(node: onnx.NodeProto, graph: onnx.GraphProto) -> None:
    attributes = {a.name: a for a in node.attribute}
    body = attributes["body"].g
    (stacked,) = (o for o in graph.output if o.name == node.output[len(body.output) - 1])
    steps = stacked.type.tensor_type.shape.dim[1].dim_param
    within = step_name(node.name, "")
    for value in list(body.value_info):
        body.output.append(value)
        node.output.append(f"{node.name}/{value.name.removeprefix(within)}")
        shape = ("B", steps, value.type.tensor_type.shape.dim[-1].dim_value)
        graph.output.append(helper.make_tensor_value_info(node.output[-1], INT, shape))
        attributes["scan_output_axes"].ints.append(1)
        direction = attributes["scan_input_directions"].ints[0]
        attributes["scan_output_directions"].ints.append(direction)
    del body.value_info[:]


class _Boundary:
    """Nodes at the float ends of the graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[onnx.NodeProto] = []

    def constant(self, name: str, value: npt.NDArray[Any]) -> str:
        tensor = numpy_helper.from_array(value, name)
        self.nodes.append(helper.make_node("Constant", [], [name], value=tensor))
        return name

    def apply(self, op: str, inputs: list[str], output: str, **attrs: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], **attrs))
        return output

    def encode(self, argument: str, source: InputBoundary) -> None:
        """binary32 division and rounding, as ``Quantizer.quantize_float32``."""
        if source.rows:
            self._number(argument, source)
            return
        q, tensor = source.quantizer, value_name(self.graph, source.tensor)
        pre = f"{tensor}::"
        scale = self.constant(f"{pre}scale", np.array(float(q.scales[0]), dtype=np.float32))
        zero = self.constant(f"{pre}zero", np.array(q.zero_point, dtype=np.float32))
        if source.index is not None:
            index = self.constant(f"{pre}index", np.array(source.index, dtype=np.int64))
            argument = self.apply("Gather", [argument, index], f"{pre}item", axis=0)
        v = self.apply("Div", [argument, scale], f"{pre}scaled")
        v = self.apply("Add", [v, zero], f"{pre}shifted")
        v = self._round(q, v, pre)
        low = self.constant(f"{pre}low", np.array(q.code_min, dtype=np.float32))
        high = self.constant(f"{pre}high", np.array(q.code_max, dtype=np.float32))
        v = self.apply("Clip", [v, low, high], f"{pre}clipped")
        v = self.apply("Cast", [v], f"{pre}integer", to=INT)
        centre = self.constant(f"{pre}centre", np.array(q.zero_point, dtype=np.int64))
        if source.time_major or source.channels_first:
            v = self.apply("Transpose", [v], f"{pre}layout", perm=_perm(source))
        self.apply("Sub", [v, centre], tensor)

    def _number(self, argument: str, source: InputBoundary) -> None:
        """Integers [B, T] or [T, B] as [B, T, 1]."""
        tensor = value_name(self.graph, source.tensor)
        pre = f"{tensor}::"
        if source.time_major:
            argument = self.apply("Transpose", [argument], f"{pre}layout", perm=[1, 0])
        axis = self.constant(f"{pre}axis", np.array([2], dtype=np.int64))
        self.apply("Unsqueeze", [argument, axis], tensor)

    def _round(self, q: Quantizer, v: str, pre: str) -> str:
        if q.rounding in _ROUNDING:
            return self.apply(_ROUNDING[q.rounding], [v], f"{pre}rounded")
        magnitude = self.apply("Floor", [self.apply("Abs", [v], f"{pre}abs")], f"{pre}floor")
        sign = self.apply("Sign", [v], f"{pre}sign")
        return self.apply("Mul", [magnitude, sign], f"{pre}rounded")

    def decode(self, out: OutputBoundary) -> None:
        """binary64 scale and offset, as ``OutputBoundary.decode``."""
        pre = f"{out.name}::"
        tensors = [value_name(self.graph, tensor) for tensor in out.tensors]
        n = tensors[0]
        if out.stacked:
            axis = self.constant(f"{pre}axis", np.array([0], dtype=np.int64))
            parts = [
                self.apply("Unsqueeze", [tensor, axis], f"{pre}item{i}")
                for i, tensor in enumerate(tensors)
            ]
            n = self.apply("Concat", parts, f"{pre}stack", axis=0)
        if out.time_major:
            n = self.apply("Transpose", [n], f"{pre}layout", perm=[1, 0, 2])
        if out.index:
            axis = self.constant(f"{pre}axis", np.array([-1], dtype=np.int64))
            n = self.apply("Squeeze", [n, axis], codes_name(out))
            self.apply("Identity", [n], out.name)
            return
        zero = self.constant(f"{pre}zero", np.array(out.zero_point, dtype=np.int64))
        codes = f"{pre}codes" if out.channels_first else codes_name(out)
        self.apply("Add", [n, zero], codes)
        v = self.apply("Cast", [n], f"{pre}float", to=TensorProto.DOUBLE)
        v = self.apply("Mul", [v, self.constant(f"{pre}scale", _floats(out.scales))], f"{pre}wide")
        offset = self.constant(f"{pre}offset", _floats(out.offsets))
        v = self.apply("Add", [v, offset], f"{pre}sum")
        if out.channels_first:  # scales and offsets run along the last axis until here
            self.apply("Transpose", [codes], codes_name(out), perm=_perm(out))
            v = self.apply("Transpose", [v], f"{pre}layout", perm=_perm(out))
        self.apply("Cast", [v], out.name, to=TensorProto.FLOAT)


def _perm(boundary: InputBoundary | OutputBoundary) -> list[int]:
    """From the user's layout to [B, T, F], and back."""
    return [0, 2, 1] if boundary.channels_first else [1, 0, 2]


def _floats(values: Scales) -> npt.NDArray[np.float64]:
    return np.array([float(v) for v in values], dtype=np.float64)


def emit_plain_threshold(node: Node, graph: Graph) -> list[onnx.NodeProto]:
    """MultiThreshold as one table, or as a binary search over its thresholds."""
    x, thresholds = graph[node.inputs[0]], graph[node.inputs[1]].value
    assert thresholds is not None
    bias = int(node.attrs["out_bias"])
    if len(thresholds) == 1 and 2**x.type.bits <= TABLE_WORDS:
        return _as_table(node, x.type, thresholds[0], bias)
    return _as_search(node, thresholds, bias)


def _constant(name: str, value: IntArray) -> onnx.NodeProto:
    tensor = numpy_helper.from_array(np.asarray(value, dtype=np.int64), name)
    return helper.make_node("Constant", [], [name], value=tensor)


def _as_table(node: Node, domain: IntType, row: IntArray, bias: int) -> list[onnx.NodeProto]:
    n = np.arange(domain.lo, domain.hi + 1)
    table = wrapped_table(np.searchsorted(row, n, side="right") + bias, domain)
    name = f"{node.outputs[0]}::table"
    return [
        _constant(name, table),
        helper.make_node("Gather", [name, node.inputs[0]], node.outputs, name=node.name, axis=0),
    ]


def _as_search(node: Node, thresholds: IntArray, bias: int) -> list[onnx.NodeProto]:
    """One comparison a bit: a candidate count is kept where its threshold is reached."""
    rows, count = thresholds.shape
    depth = int(count).bit_length()
    padded = np.full((rows, 2**depth), NEVER, dtype=np.int64)
    padded[:, 1 : count + 1] = thresholds
    base = np.arange(rows, dtype=np.int64) * 2**depth
    out, x = node.outputs[0], node.inputs[0]
    nodes = [_constant(f"{out}::rows", padded.ravel()), _constant(f"{out}::0", base)]
    for level in range(depth):
        found, step = f"{out}::{level}", f"{out}::step{level}"
        candidate, bound, reached = (f"{out}::{k}{level}" for k in ("try", "bound", "reached"))
        following = f"{out}::{level + 1}"
        nodes += [
            _constant(step, np.array(2 ** (depth - 1 - level))),
            helper.make_node("Add", [found, step], [candidate]),
            helper.make_node("Gather", [f"{out}::rows", candidate], [bound], axis=0),
            helper.make_node("GreaterOrEqual", [x, bound], [reached]),
            helper.make_node("Where", [reached, candidate, found], [following]),
        ]
    shift = f"{out}::shift"
    nodes += [
        _constant(shift, base - bias),
        helper.make_node("Sub", [f"{out}::{depth}", shift], [out], name=node.name),
    ]
    return nodes
