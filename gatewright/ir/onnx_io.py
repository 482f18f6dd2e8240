"""The integer graph as ONNX: ``2_integer.onnx`` with qonnx's MultiThreshold, and back.

Containers are INT64; each tensor carries its range as a qonnx datatype annotation.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from gatewright.ir import ops
from gatewright.ir.boundary_json import (
    arguments_from_json,
    boundary_to_json,
    inputs_from_json,
    outputs_from_json,
)
from gatewright.ir.graph import Graph, Node, Op, Tensor
from gatewright.ir.lowering.lower import IntegerModel
from gatewright.ir.selection_onnx import emit_last, emit_steps, read_selection
from gatewright.ir.standard_names import check_names
from gatewright.ir.traced.vocabulary import QONNX_DOMAIN
from gatewright.ir.types import IntType
from gatewright.ir.window_onnx import (
    emit_groups,
    emit_window,
    is_groups,
    is_window,
    read_groups,
    read_window,
)

OPSET = 20
IR_VERSION = 9
INT = TensorProto.INT64
RANGE = "gatewright_range"  # an annotation of a graph's input: its exact range

Emit = Callable[[Node, Graph], list[onnx.NodeProto]]


def to_onnx(model: IntegerModel) -> onnx.ModelProto:
    """Write an integer model as ONNX with integer input and output.

    Its MultiThreshold nodes are qonnx's; all other nodes are standard.
    """
    proto = make_model(build_graph(model.graph, emit_multithreshold))
    check_names(proto.graph)
    props = {"gatewright.boundary": json.dumps(boundary_to_json(model), sort_keys=True)}
    helper.set_model_props(proto, props)
    return proto


def step_model(body: Graph, batch: int) -> onnx.ModelProto:
    """One time step on its own, with static shapes, for ``qonnx.core.onnx_exec``.

    Args:
        body: The body of a Scan.
        batch: B, which qonnx wants to know.
    """
    graph = build_graph(body, emit_multithreshold)
    for value in (*graph.input, *graph.value_info, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = batch
    casts = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Cast"}
    for name, source in casts.items():
        graph.value_info.append(
            helper.make_tensor_value_info(source, TensorProto.DOUBLE, (batch, body[name].shape[1]))
        )
    return make_model(graph)


def make_model(graph: onnx.GraphProto) -> onnx.ModelProto:
    """A model of our opsets around a graph."""
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(QONNX_DOMAIN, 1)]
    return helper.make_model(
        graph, producer_name="gatewright", opset_imports=opsets, ir_version=IR_VERSION
    )


def build_graph(graph: Graph, emit_threshold: Emit) -> onnx.GraphProto:
    """A GraphProto of the whole integer graph.

    Args:
        graph: The graph, or the body of a Scan.
        emit_threshold: How MultiThreshold is written.
    """
    nodes = [proto for node in graph.nodes for proto in emit_node(node, graph, emit_threshold)]
    used = {i for node in nodes for i in node.input}
    outputs = _distinct(graph.outputs, nodes)
    proto = helper.make_graph(
        nodes,
        graph.name,
        [_value_info(graph[i], i) for i in graph.inputs],
        [_value_info(graph[source], name) for source, name in outputs],
        [
            numpy_helper.from_array(value, name)
            for name, value in graph.constants().items()
            if name in used
        ],
    )
    _annotate(proto, graph)
    return proto


def _distinct(outputs: list[str], nodes: list[onnx.NodeProto]) -> list[tuple[str, str]]:
    """PairsKernel (tensor, output name); ONNX wants each output once, so repeats become copies."""
    pairs: list[tuple[str, str]] = []
    for name in outputs:
        count = sum(source == name for source, _ in pairs)
        unique = name if not count else f"{name}::copy{count}"
        if count:
            nodes.append(helper.make_node("Identity", [name], [unique]))
        pairs.append((name, unique))
    return pairs


def _annotate(proto: onnx.GraphProto, graph: Graph) -> None:
    for tensor in sorted(graph.tensors.values(), key=lambda t: t.value is None):
        annotation = proto.quantization_annotation.add()
        annotation.tensor_name = tensor.name
        entry = annotation.quant_parameter_tensor_names.add()
        entry.key, entry.value = "finn_datatype", tensor.type.qonnx_name
        if tensor.name in graph.inputs:
            # A datatype is wider than the range, and a table has no entries for the difference.
            entry = annotation.quant_parameter_tensor_names.add()
            entry.key, entry.value = RANGE, f"{tensor.type.lo}:{tensor.type.hi}"
        if tensor.value is None and tensor.name not in graph.inputs + graph.outputs:
            proto.value_info.append(_value_info(tensor, tensor.name))


def _value_info(tensor: Tensor, name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, INT, tensor.shape)


def emit_node(node: Node, graph: Graph, emit_threshold: Emit) -> list[onnx.NodeProto]:
    """One integer op as ONNX nodes."""
    if node.op == ops.MULTITHRESHOLD:
        return emit_threshold(node, graph)
    return _EMITTERS.get(node.op, _emit_same)(node, graph, emit_threshold)


def _emit_same(node: Node, graph: Graph, emit_threshold: Emit) -> list[onnx.NodeProto]:
    return [helper.make_node(node.op.name, node.inputs, node.outputs, name=node.name)]


def _emit_lookup(node: Node, graph: Graph, emit_threshold: Emit) -> list[onnx.NodeProto]:
    x, table = node.inputs
    return [helper.make_node("Gather", [table, x], node.outputs, name=node.name, axis=0)]


def _emit_embedding(node: Node, graph: Graph, emit_threshold: Emit) -> list[onnx.NodeProto]:
    (x, table), pre = node.inputs, node.outputs[0]
    axes = numpy_helper.from_array(np.array([-1], dtype=np.int64), f"{pre}::axes")
    return [
        helper.make_node("Constant", [], [f"{pre}::axes"], value=axes),
        helper.make_node("Squeeze", [x, f"{pre}::axes"], [f"{pre}::rows"]),
        helper.make_node("Gather", [table, f"{pre}::rows"], [pre], name=node.name, axis=0),
    ]


def _emit_concat(node: Node, graph: Graph, emit_threshold: Emit) -> list[onnx.NodeProto]:
    return [helper.make_node("Concat", node.inputs, node.outputs, name=node.name, axis=-1)]


def _emit_over_time(node: Node, graph: Graph, emit_threshold: Emit) -> list[onnx.NodeProto]:
    axes = f"{node.name}::axes"
    time = numpy_helper.from_array(np.array([1], dtype=np.int64), axes)
    inputs = [*node.inputs, axes]
    return [
        helper.make_node("Constant", [], [axes], value=time),
        helper.make_node(node.op.name, inputs, node.outputs, name=node.name, keepdims=0),
    ]


def _emit_argmax(node: Node, graph: Graph, emit_threshold: Emit) -> list[onnx.NodeProto]:
    return [
        helper.make_node("ArgMax", node.inputs, node.outputs, name=node.name, axis=-1, keepdims=1)
    ]


def _emit_flatten(node: Node, graph: Graph, emit_threshold: Emit) -> list[onnx.NodeProto]:
    return [helper.make_node("Flatten", node.inputs, node.outputs, name=node.name, axis=1)]


def _emit_initial(node: Node, graph: Graph, emit_threshold: Emit) -> list[onnx.NodeProto]:
    state, x = node.inputs
    pre = node.outputs[0]
    hidden = graph[state].shape[0]
    size = numpy_helper.from_array(np.array([hidden], dtype=np.int64), f"{pre}::hidden")
    return [
        helper.make_node("Shape", [x], [f"{pre}::batch"], start=0, end=1),
        helper.make_node("Constant", [], [f"{pre}::hidden"], value=size),
        helper.make_node("Concat", [f"{pre}::batch", f"{pre}::hidden"], [f"{pre}::shape"], axis=0),
        helper.make_node("Expand", [state, f"{pre}::shape"], node.outputs, name=node.name),
    ]


def _emit_scan(node: Node, graph: Graph, emit_threshold: Emit) -> list[onnx.NodeProto]:
    assert node.body is not None
    stacked = len(node.outputs) - int(node.attrs["states"])
    direction = int(bool(node.attrs.get("reverse")))
    return [
        helper.make_node(
            "Scan",
            node.inputs,
            node.outputs,
            name=node.name,
            body=build_graph(node.body, emit_threshold),
            num_scan_inputs=1,
            scan_input_axes=[1],
            scan_output_axes=[1] * stacked,
            scan_input_directions=[direction],
            scan_output_directions=[direction] * stacked,
        )
    ]


_EMITTERS: dict[Op, Callable[[Node, Graph, Emit], list[onnx.NodeProto]]] = {
    ops.ARGMAX: _emit_argmax,
    ops.CONCAT: _emit_concat,
    ops.EMBEDDING: _emit_embedding,
    ops.FLATTEN: _emit_flatten,
    ops.GROUP_MAX: lambda node, graph, emit: emit_groups(node),
    ops.GROUP_SUM: lambda node, graph, emit: emit_groups(node),
    ops.INITIAL_STATE: _emit_initial,
    ops.LOOKUP: _emit_lookup,
    ops.REDUCE_MAX: _emit_over_time,
    ops.REDUCE_SUM: _emit_over_time,
    ops.SCAN: _emit_scan,
    ops.SELECT_LAST: lambda node, graph, emit: emit_last(node, graph),
    ops.SELECT_STEPS: lambda node, graph, emit: emit_steps(node, graph),
    ops.WINDOW: lambda node, graph, emit: emit_window(node),
}

OWN_NAMES = frozenset(
    op.name for op in ops.BY_NAME.values() if op not in (*_EMITTERS, ops.MULTITHRESHOLD)
)
"""Of ops that are written as the ONNX op of their name."""


def emit_multithreshold(node: Node, graph: Graph) -> list[onnx.NodeProto]:
    """qonnx's MultiThreshold, which computes in floats, and a cast back."""
    raw = f"{node.outputs[0]}::float"
    layout = "NC" if len(graph[node.inputs[0]].shape) == 2 else "NWC"
    return [
        helper.make_node(
            "MultiThreshold",
            node.inputs,
            [raw],
            name=node.name,
            domain=QONNX_DOMAIN,
            out_dtype=graph[node.outputs[0]].type.qonnx_name,
            out_bias=float(node.attrs["out_bias"]),
            data_layout=layout,
        ),
        helper.make_node("Cast", [raw], node.outputs, to=INT),
    ]


def from_onnx(proto: onnx.ModelProto) -> IntegerModel:
    """Read back what ``to_onnx`` wrote; ranges are inferred anew."""
    props = {p.key: json.loads(p.value) for p in proto.metadata_props}
    boundary = props["gatewright.boundary"]
    graph = Graph(proto.graph.name)
    graph.one_length = boundary["steps"] if boundary.get("one_length") else None
    inputs = inputs_from_json(boundary)
    for source, value in zip(inputs, proto.graph.input, strict=True):
        graph.add_input(source.tensor, source.type, _shape(value))
    _read_nodes(proto.graph, graph, steps=boundary["steps"])
    return IntegerModel(
        graph,
        arguments_from_json(boundary),
        inputs,
        outputs_from_json(boundary),
        boundary["steps"],
        boundary["fixed_steps"],
        channels_first=frozenset(boundary.get("channels_first", ())),
        swapped=frozenset(boundary.get("swapped", ())),
    )


def _shape(value: onnx.ValueInfoProto) -> tuple[int | str, ...]:
    return tuple(d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim)


def _read_nodes(proto: onnx.GraphProto, graph: Graph, steps: int) -> None:
    for initializer in proto.initializer:
        graph.add_constant(initializer.name, numpy_helper.to_array(initializer).astype(np.int64))
    renamed: dict[str, str] = {}
    sources: dict[str, onnx.NodeProto] = {}
    for node in proto.node:
        sources |= dict.fromkeys(node.output, node)
        if node.op_type == "Identity":
            renamed[node.output[0]] = node.input[0]
        elif not _is_helper(node):
            _read_node(node, graph, sources, steps)
    graph.outputs = [renamed.get(o.name, o.name) for o in proto.output]


_HELPERS = frozenset({"Cast", "Constant", "Pad", "Reshape", "Shape", "Squeeze"})


def _is_helper(node: onnx.NodeProto) -> bool:
    """Whether a node only serves another, which is read with it."""
    if node.op_type == "Slice":
        return "::step" in node.output[0]  # of a window
    return node.op_type in _HELPERS or (
        node.op_type == "Concat" and node.output[0].endswith("::shape")
    )


def _read_node(
    node: onnx.NodeProto, graph: Graph, sources: dict[str, onnx.NodeProto], steps: int
) -> None:
    attrs = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    inputs, outputs = list(node.input), list(node.output)
    match node.op_type:
        case "MultiThreshold":
            outputs = [outputs[0].removesuffix("::float")]
            graph.add(
                ops.MULTITHRESHOLD, inputs, outputs, name=node.name, out_bias=int(attrs["out_bias"])
            )
        case "Gather" if inputs[1].endswith("::rows"):
            rows = sources[inputs[1]].input[0]
            graph.add(ops.EMBEDDING, [rows, inputs[0]], outputs, name=node.name)
        case "Gather" if attrs["axis"] == 0:
            graph.add(ops.LOOKUP, inputs[::-1], outputs, name=node.name)
        case "Gather" | "Slice":
            read_selection(node, graph, sources, steps)
        case "Flatten":
            graph.add(ops.FLATTEN, inputs, outputs, name=node.name, steps=steps)
        case "Concat" if is_window(node):
            read_window(node, graph, sources)
        case "ReduceMax" | "ReduceSum" if is_groups(node):
            read_groups(node, graph, sources)
        case "ReduceMax":
            graph.add(ops.REDUCE_MAX, inputs[:1], outputs, name=node.name)
        case "ReduceSum":
            graph.add(ops.REDUCE_SUM, inputs[:1], outputs, name=node.name, steps=steps)
        case "Expand":
            batch = sources[sources[inputs[1]].input[0]]
            graph.add(ops.INITIAL_STATE, [inputs[0], batch.input[0]], outputs, name=node.name)
        case "Scan":
            _read_scan(node, attrs, graph)
        case _:
            graph.add(ops.BY_NAME[node.op_type], inputs, outputs, name=node.name)


def _read_scan(node: onnx.NodeProto, attrs: dict[str, Any], graph: Graph) -> None:
    proto = attrs["body"]
    annotated = {
        a.tensor_name: entry.value
        for a in proto.quantization_annotation
        for entry in a.quant_parameter_tensor_names
        if entry.key == RANGE
    }
    states = len(proto.input) - 1
    body = Graph(proto.name)
    for i, value in enumerate(proto.input):
        sequence = graph[node.input[states]].type
        type_ = sequence if i == states else _annotated_range(annotated[value.name])
        body.add_input(value.name, type_, _shape(value))
    _read_nodes(proto, body, steps=0)
    graph.add(
        ops.SCAN,
        list(node.input),
        list(node.output),
        name=node.name,
        body=body,
        states=states,
        reverse=bool(attrs["scan_input_directions"][0]),
    )


def _annotated_range(text: str) -> IntType:
    low, _, high = text.partition(":")
    return IntType(int(low), int(high))
