"""Files that hung the compiler, filled the memory or crashed it, and their relatives."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Edit = Callable[[onnx.ModelProto], None]


def add_constant(model: onnx.ModelProto, name: str, values: Any) -> str:
    """A further initializer."""
    model.graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))
    return name


def node_of(model: onnx.ModelProto, op: str) -> onnx.NodeProto:
    """The first node of an op."""
    return next(node for node in model.graph.node if node.op_type == op)


def first(model: onnx.ModelProto, *nodes: onnx.NodeProto) -> None:
    """Put nodes before all others."""
    rest = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*nodes, *rest])


def last(model: onnx.ModelProto, *nodes: onnx.NodeProto) -> None:
    """Append nodes, and let the last one's value be the output."""
    model.graph.node.extend(nodes)
    model.graph.output[0].name = nodes[-1].output[0]


def bits(width: float) -> Edit:
    """The first quantizer of an activation has another bit width."""

    def edit(model: onnx.ModelProto) -> None:
        node_of(model, "Quant").input[3] = add_constant(model, "bits", np.float32(width))

    return edit


def state_bits(width: float) -> Edit:
    """The cell state has."""

    def edit(model: onnx.ModelProto) -> None:
        cell = node_of(model, "QuantLSTMCell")
        cell.input[15 + 3 + 2] = add_constant(model, "bits", np.float32(width))

    return edit


def sequence(*shape: int) -> Edit:
    """The example input has another shape."""

    def edit(model: onnx.ModelProto) -> None:
        dims = model.graph.input[0].type.tensor_type.shape.dim
        for dim, size in zip(dims, shape, strict=True):
            dim.dim_value = size

    return edit


def joined(times: int) -> Edit:
    """Features beside themselves, again and again: 2^times as many."""

    def edit(model: onnx.ModelProto) -> None:
        name = node_of(model, "Gather").output[0]
        for i in range(times):
            node = helper.make_node("Concat", [name, name], [f"twice_{i}"], axis=1)
            model.graph.node.append(node)
            name = node.output[0]
        model.graph.output[0].name = name

    return edit


def stacked_states(model: onnx.ModelProto) -> None:
    name = model.graph.output[1].name
    for i in range(26):
        model.graph.node.append(helper.make_node("Concat", [name, name], [f"s{i}"], axis=0))
        name = f"s{i}"
    model.graph.output[1].name = name


def no_name(model: onnx.ModelProto) -> None:
    """A Dropout gives "" what "" is."""
    first(model, helper.make_node("Dropout", [""], ["", model.graph.output[0].name + "_mask"]))
    model.graph.output.append(helper.make_empty_tensor_value_info(model.graph.node[0].output[1]))


def no_inputs(op: str) -> Edit:
    def edit(model: onnx.ModelProto) -> None:
        first(model, helper.make_node(op, [], ["nothing"]))
        node = next(n for n in model.graph.node if n.op_type == "Quant")
        node.input[0] = "nothing"

    return edit


def long_chain(op: str, count: int) -> Edit:
    """One after the other, in front of all."""

    def edit(model: onnx.ModelProto) -> None:
        x = model.graph.input[0].name
        reader = next(n for n in model.graph.node if x in n.input)
        chain = [helper.make_node(op, [f"a{i - 1}" if i else x], [f"a{i}"]) for i in range(count)]
        reader.input[list(reader.input).index(x)] = f"a{count - 1}"
        first(model, *chain)

    return edit


def many_layers(model: onnx.ModelProto) -> None:
    cell = node_of(model, "QuantLSTMCell")
    name = cell.output[0]
    for i in range(200):
        node = onnx.NodeProto()
        node.CopyFrom(cell)
        node.input[0], node.output[0], node.name = name, f"again_{i}", f"again_{i}"
        del node.output[1:]
        model.graph.node.append(node)
        name = node.output[0]
    model.graph.output[0].name = name


def nested(model: onnx.ModelProto) -> None:
    """An If within an If within an If."""
    graph = helper.make_graph([], "end", [], [])
    for i in range(20):
        node = helper.make_node("If", ["yes"], [f"if{i}"], then_branch=graph, else_branch=graph)
        graph = helper.make_graph([node], f"g{i}", [], [])
        if i > 12:
            break
    add_constant(model, "yes", np.bool_(True))
    model.graph.node.extend(graph.node)


def weight_of(model: onnx.ModelProto) -> TensorProto:
    """The weight of the first gate."""
    return next(t for t in model.graph.initializer if "input_weight.weight" in t.name)


def tensor_type(kind: int) -> Edit:
    def edit(model: onnx.ModelProto) -> None:
        weight_of(model).data_type = kind

    return edit


def shape_of_weight(*dims: int) -> Edit:
    def edit(model: onnx.ModelProto) -> None:
        weight_of(model).dims[:] = dims

    return edit


def external(location: str, **options: object) -> Edit:
    """The first weight is in a file beside."""

    def edit(model: onnx.ModelProto) -> None:
        tensor = weight_of(model)
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in {"location": location, **options}.items():
            tensor.external_data.add(key=key, value=str(value))

    return edit


def large_external(location: str, *dims: int) -> Edit:
    def edit(model: onnx.ModelProto) -> None:
        weight_of(model).dims[:] = dims
        external(location)(model)

    return edit


def not_utf8(model: onnx.ModelProto) -> None:
    model.graph.node[0].name = "not_text"


def dropout_in_training(model: onnx.ModelProto) -> None:
    gather = node_of(model, "Gather")
    ratio, train = add_constant(model, "r", np.float32(0.5)), add_constant(model, "t", np.bool_(1))
    node = helper.make_node("Dropout", [gather.input[0], ratio, train], ["dropped"])
    nodes = list(model.graph.node)
    nodes.insert(nodes.index(gather), node)
    gather.input[0] = "dropped"
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def unfolded(op: str, size: int) -> Edit:
    """An initial state that is computed from a few bytes."""

    def edit(model: onnx.ModelProto) -> None:
        shape = add_constant(model, "shape", np.array([size], np.int64))
        one = [add_constant(model, "one", np.zeros(1, np.float32))] if op == "Expand" else []
        first(model, helper.make_node(op, [*one, shape], ["large"]))
        node_of(model, "LSTM").input[5] = "large"

    return edit


def doubled(op: str, times: int) -> Edit:
    """A constant that grows with every node."""

    def edit(model: onnx.ModelProto) -> None:
        name = add_constant(model, "seed", np.zeros(4096, np.float32))
        nodes = []
        for i in range(times):
            nodes.append(helper.make_node(op, [name, name], [f"d{i}"], axis=0))
            name = f"d{i}"
        first(model, *nodes)
        node_of(model, "LSTM").input[5] = name

    return edit


def outer_sum(model: onnx.ModelProto) -> None:
    column = add_constant(model, "column", np.zeros((1 << 16, 1), np.float32))
    row = add_constant(model, "row", np.zeros((1, 1 << 16), np.float32))
    first(model, helper.make_node("Add", [column, row], ["large"]))
    node_of(model, "LSTM").input[5] = "large"


def many_gates(model: onnx.ModelProto) -> None:
    """The weights of the gates, 2^20 times below each other."""
    unsqueeze = next(
        n for n in model.graph.node if n.op_type == "Unsqueeze" and "Concat" in n.input[0]
    )
    name, nodes = unsqueeze.input[0], []
    for i in range(20):
        nodes.append(helper.make_node("Concat", [name, name], [f"gates{i}"], axis=0))
        name = f"gates{i}"
    rest = list(model.graph.node)
    at = rest.index(unsqueeze)
    unsqueeze.input[0] = name
    del model.graph.node[:]
    model.graph.node.extend([*rest[:at], *nodes, *rest[at:]])


def swapped_states(model: onnx.ModelProto) -> None:
    h, c = model.graph.output[1].name, model.graph.output[2].name
    model.graph.output[1].name, model.graph.output[2].name = c, h


def clipped_by_matrix(model: onnx.ModelProto) -> None:
    clip = node_of(model, "Clip")
    clip.input[1] = add_constant(model, "bounds", np.full((1000, 2, 3), -7, np.int8))


def beside(folder: Path) -> None:
    """What external data points to."""
    os.mkfifo(folder / "fifo.bin")
    (folder / "loop.bin").symlink_to("loop.bin")
    (folder / "device.bin").symlink_to("/dev/zero")
    (folder / "folder.bin").mkdir()
    (folder / "short.bin").write_bytes(bytes(8))
    for name, size in (("big.bin", 1 << 40), ("half.bin", 1 << 29)):
        with (folder / name).open("wb") as file:
            file.truncate(size)


def input_of_rank(rank: int) -> Edit:
    """The input has more dimensions than a number has digits."""

    def edit(model: onnx.ModelProto) -> None:
        shape = model.graph.input[0].type.tensor_type.shape
        for _ in range(rank):
            shape.dim.add().dim_value = 1 << 62

    return edit


def constant_of_rank(rank: int, location: TensorProto.DataLocation) -> Edit:
    """A constant has."""

    def edit(model: onnx.ModelProto) -> None:
        tensor = model.graph.initializer.add(name="deep", data_type=TensorProto.FLOAT)
        tensor.dims.extend([1 << 62] * rank)
        tensor.data_location = location

    return edit


def outer_bipolar(model: onnx.ModelProto) -> None:
    """A row of signs and a column of scales are a matrix of gigabytes."""
    signs = add_constant(model, "signs", np.ones((1, 60_000), np.float32))
    scales = add_constant(model, "scales", np.ones((60_000, 1), np.float32))
    weight = next(
        n for n in model.graph.node if n.op_type == "Quant" and n.input[0] in stored(model)
    )
    made = helper.make_node(
        "BipolarQuant", [signs, scales], list(weight.output), domain=weight.domain, name="outer"
    )
    weight.CopyFrom(made)


def stored(model: onnx.ModelProto) -> set[str]:
    """Names of initializers."""
    return {tensor.name for tensor in model.graph.initializer}


def empty_nodes(count: int) -> Edit:
    """Two bytes in the file are a hundred in memory."""

    def edit(model: onnx.ModelProto) -> None:
        model.graph.MergeFromString(b"\x0a\x00" * count)

    return edit


QONNX: dict[str, tuple[Edit, str]] = {
    "bits_17": (bits(17), "GW-107"),
    "bits_20": (bits(20), "GW-107"),
    "bits_31": (bits(31), "GW-107"),
    "bits_32": (bits(32), "GW-107"),
    "bits_nan": (bits(float("nan")), "GW-107"),
    "bits_1e30": (bits(1e30), "GW-107"),
    "cell_state_17": (state_bits(17), "GW-107"),
    "cell_state_24": (state_bits(24), "GW-107"),
    "cell_state_16": (state_bits(16), "build"),
    "features_2_26": (joined(25), "GW-208"),
    "features_2_14": (joined(12), "build"),
    "stacked_states": (joined(17), "GW-208"),
    "empty_alias": (no_name, "GW-207"),
    "identity_no_inputs": (no_inputs("Identity"), "GW-207"),
    "relu_no_inputs": (no_inputs("Relu"), "GW-207"),
    "dropout_no_inputs": (no_inputs("Dropout"), "GW-207"),
    "concat_no_inputs": (no_inputs("Concat"), "GW-207"),
    "identities": (long_chain("Identity", 10_000), "build"),
    "identities_too_many": (long_chain("Identity", 100_000), "GW-208"),
    "activations_too_many": (long_chain("Relu", 5_000), "GW-208"),
    "layers_too_many": (many_layers, "GW-208"),
    "nested": (nested, "GW-205"),
    "steps_8M": (sequence(1, 1 << 23, 3), "GW-106"),
    "steps_2_16": (sequence(1, 1 << 16, 3), "build"),
    "batch_8M": (sequence(1 << 23, 4, 3), "GW-106"),
    "batch_2M": (sequence(1 << 21, 4, 3), "build"),
    "type_unknown": (tensor_type(2**31 - 1), "GW-207"),
    "type_negative": (tensor_type(-1), "GW-207"),
    "type_string": (tensor_type(TensorProto.STRING), "GW-207"),
    "type_complex": (tensor_type(TensorProto.COMPLEX64), "GW-207"),
    "type_int4": (tensor_type(TensorProto.INT4), "GW-207"),
    "type_float16": (tensor_type(TensorProto.FLOAT16), "GW-207"),
    "dims_negative": (shape_of_weight(-1, 3), "GW-207"),
    "dims_huge": (shape_of_weight(1 << 40, 1 << 40), "GW-207"),
    "dims_none": (shape_of_weight(), "GW-207"),
    "dropout_in_training": (dropout_in_training, "GW-205"),
    "not_utf8": (not_utf8, "GW-203"),
    "external_fifo": (external("fifo.bin"), "GW-201"),
    "external_device": (external("device.bin"), "GW-206"),
    "external_folder": (external("folder.bin"), "GW-201"),
    "external_loop": (external("loop.bin"), "GW-206"),
    "external_missing": (external("missing.bin"), "GW-201"),
    "external_length_1TB": (external("short.bin", length=1 << 40), "GW-203"),
    "external_length_overflow": (external("short.bin", length="9" * 20), "GW-207"),
    "external_length_negative": (external("short.bin", length=-1), "GW-207"),
    "external_offset_overflow": (external("short.bin", offset="9" * 5000), "GW-207"),
    "external_offset_beyond": (external("short.bin", offset=1 << 40), "GW-203"),
    "external_sparse_1TB": (external("big.bin"), "GW-207"),
    "external_sparse_as_large": (large_external("big.bin", 1 << 19, 1 << 19), "GW-208"),
    "external_sparse_half": (large_external("half.bin", 1 << 13, 1 << 14), "GW-208"),
    "external_long_name": (external("a" * 100_000), "GW-201"),
    "external_short": (external("short.bin"), "GW-207"),
}
QONNX |= {
    "input_rank_300": (input_of_rank(300), "GW-208"),
    "input_rank_200000": (input_of_rank(200_000), "GW-208"),
    "constant_rank_300": (constant_of_rank(300, TensorProto.EXTERNAL), "GW-208"),
    "constant_rank_200000": (constant_of_rank(200_000, TensorProto.DEFAULT), "GW-208"),
    "outer_bipolar": (outer_bipolar, "GW-207"),
    "empty_nodes_2M": (empty_nodes(2_000_000), "GW-208"),
}
QCDQ: dict[str, tuple[Edit, str]] = {
    "expand_4GB": (unfolded("Expand", 1 << 30), "GW-208"),
    "constant_of_shape_4GB": (unfolded("ConstantOfShape", 1 << 30), "GW-208"),
    "constant_of_shape_negative": (unfolded("ConstantOfShape", -1), "GW-207"),
    "concat_4GB": (doubled("Concat", 18), "GW-208"),
    "add_16GB": (outer_sum, "GW-208"),
    "clip_broadcast": (clipped_by_matrix, "GW-207"),
    "gates_2_20": (many_gates, "GW-205"),
    "swapped_states": (swapped_states, "GW-207"),
    "state_stack_2_26": (stacked_states, "GW-208"),
    "no_inputs": (lambda m: first(m, helper.make_node("Identity", [], ["n"])), "build"),
    "steps_8M": (sequence(1 << 23, 1, 3), "GW-205"),
}


def write(
    folder: Path, path: Path, table: dict[str, tuple[Edit, str]]
) -> dict[str, tuple[Path, str]]:
    """Every edit of a file, as a file of its own; with the end that it must have."""
    folder.mkdir()
    beside(folder)
    found = {}
    for name, (edit, end) in table.items():
        model = onnx.load(path)
        edit(model)
        data = model.SerializeToString().replace(b"not_text", b"\xff\xfe\xfd_text")
        found[name] = folder / f"{name}.onnx", end
        found[name][0].write_bytes(data)
    return found
