"""Mutated files: what falls off a disk, an editor or somebody who means ill, drawn from a seed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

Rng = np.random.Generator
Mutate = Callable[[onnx.ModelProto, Rng], None]

NAMES = (
    "",
    "a" * 5000,
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\nul",
    "int",
    "module",
    "x",
    "y",
    "gw",
    "std::cout",
    "9lives",
    "quote\" 'quote",
    "a\0b",
    "line\nfeed",
    "\x1b[31mred",
    "Grüße, 世界",
    "\u202egnp",
    "a b\tc",
    "${HOME} $(id) `id`",
    "*/ #include <x>",
    "__init__",
    "lstm.layers.0.0",
    "::item",
)
OPS = ("Add", "Relu", "Quant", "QuantLSTMCell", "LSTM", "Identity", "Concat", "Softmax", "If", "")
DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "qonnx.custom_op.general", "evil", "a" * 300)
SIZES = (-1, 0, 1, 2, 3, 7, 1 << 16, 1 << 31, (1 << 63) - 1)
INTEGERS = (-(1 << 63), -2, -1, 0, 1, 2, 3, 17, 1 << 40)
FLOATS = (0.0, -1.0, float("nan"), float("inf"), 1e-30, 1e30, 0.5, 17.0, 33.0, 3.0)


def pick(rng: Rng, items: Any) -> Any:
    """One of them, or None if there are none."""
    items = list(items)
    return items[int(rng.integers(len(items)))] if items else None


def tensors_of(model: onnx.ModelProto) -> list[TensorProto]:
    """Initializers, and the values of Constant nodes."""
    found = list(model.graph.initializer)
    for node in model.graph.node:
        found += [a.t for a in node.attribute if a.type == AttributeProto.TENSOR]
    return found


def value_names(model: onnx.ModelProto) -> list[str]:
    """Whatever a node may read."""
    names = [i.name for i in model.graph.input] + [t.name for t in model.graph.initializer]
    return sorted({*names, *(o for n in model.graph.node for o in n.output)} - {""})


def _reorder(model: onnx.ModelProto, nodes: list[onnx.NodeProto]) -> None:
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copies)


# Nodes


def drop_node(model: onnx.ModelProto, rng: Rng) -> None:
    del model.graph.node[int(rng.integers(len(model.graph.node)))]


def double_node(model: onnx.ModelProto, rng: Rng) -> None:
    node = onnx.NodeProto()
    at = int(rng.integers(len(model.graph.node)))
    node.CopyFrom(model.graph.node[at])
    if rng.random() < 0.5:
        for i, name in enumerate(node.output):
            node.output[i] = f"{name}_twice"
    nodes = list(model.graph.node)
    _reorder(model, [*nodes[: at + 1], node, *nodes[at + 1 :]])


def swap_nodes(model: onnx.ModelProto, rng: Rng) -> None:
    nodes = list(model.graph.node)
    i, j = rng.integers(len(nodes), size=2)
    nodes[i], nodes[j] = nodes[j], nodes[i]
    _reorder(model, nodes)


def retype_node(model: onnx.ModelProto, rng: Rng) -> None:
    ops = {node.op_type for node in model.graph.node}
    pick(rng, model.graph.node).op_type = pick(rng, [*OPS, *sorted(ops)])


def move_domain(model: onnx.ModelProto, rng: Rng) -> None:
    pick(rng, model.graph.node).domain = pick(rng, DOMAINS)


def rename_node(model: onnx.ModelProto, rng: Rng) -> None:
    pick(rng, model.graph.node).name = pick(rng, NAMES)


# Edges


def drop_input(model: onnx.ModelProto, rng: Rng) -> None:
    node = pick(rng, [n for n in model.graph.node if n.input])
    if node is not None:
        del node.input[int(rng.integers(len(node.input)))]


def double_input(model: onnx.ModelProto, rng: Rng) -> None:
    node = pick(rng, [n for n in model.graph.node if n.input])
    if node is not None:
        node.input.append(pick(rng, node.input))


def redirect_input(model: onnx.ModelProto, rng: Rng) -> None:
    node = pick(rng, [n for n in model.graph.node if n.input])
    if node is not None:
        names = NAMES if rng.random() < 0.3 else value_names(model)
        node.input[int(rng.integers(len(node.input)))] = pick(rng, names)


def swap_inputs(model: onnx.ModelProto, rng: Rng) -> None:
    node = pick(rng, [n for n in model.graph.node if len(n.input) > 1])
    if node is not None:
        i, j = rng.integers(len(node.input), size=2)
        node.input[i], node.input[j] = node.input[j], node.input[i]


def no_inputs(model: onnx.ModelProto, rng: Rng) -> None:
    pick(rng, model.graph.node).ClearField("input")


def change_output(model: onnx.ModelProto, rng: Rng) -> None:
    node = pick(rng, model.graph.node)
    at = int(rng.integers(len(node.output)))
    match int(rng.integers(4)):
        case 0:
            del node.output[at]
        case 1:
            node.output.append(pick(rng, [*NAMES, *value_names(model)]))
        case 2:
            node.output[at] = pick(rng, [*NAMES, *value_names(model)])
        case _:
            node.output[at] = ""


def insert_alias(model: onnx.ModelProto, rng: Rng) -> None:
    """An Identity or Dropout before an input of a node: it changes nothing."""
    nodes = list(model.graph.node)
    at = int(rng.integers(len(nodes)))
    if not nodes[at].input:
        return
    i = int(rng.integers(len(nodes[at].input)))
    op = pick(rng, ("Identity", "Dropout"))
    alias = helper.make_node(op, [nodes[at].input[i]], ["an_alias"])
    nodes[at].input[i] = "an_alias"
    _reorder(model, [*nodes[:at], alias, *nodes[at:]])


# Attributes


def _attribute(model: onnx.ModelProto, rng: Rng) -> tuple[onnx.NodeProto, int] | None:
    node = pick(rng, [n for n in model.graph.node if n.attribute and n.op_type != "Constant"])
    return None if node is None else (node, int(rng.integers(len(node.attribute))))


def drop_attribute(model: onnx.ModelProto, rng: Rng) -> None:
    if found := _attribute(model, rng):
        del found[0].attribute[found[1]]


def double_attribute(model: onnx.ModelProto, rng: Rng) -> None:
    if found := _attribute(model, rng):
        found[0].attribute.append(found[0].attribute[found[1]])


def rename_attribute(model: onnx.ModelProto, rng: Rng) -> None:
    if found := _attribute(model, rng):
        node, at = found
        node.attribute[at].name = pick(rng, [*NAMES, "axis", "axes", "to", "value", "perm"])


def change_attribute(model: onnx.ModelProto, rng: Rng) -> None:
    if found := _attribute(model, rng):
        attribute = found[0].attribute[found[1]]
        match attribute.type:
            case AttributeProto.INT:
                attribute.i = pick(rng, INTEGERS)
            case AttributeProto.FLOAT:
                attribute.f = pick(rng, FLOATS)
            case AttributeProto.STRING:
                attribute.s = pick(rng, (b"", b"FLOOR", b"CEIL", b"ROUND", b"\xff", b"reverse"))
            case AttributeProto.INTS:
                attribute.ints[:] = [pick(rng, INTEGERS) for _ in range(int(rng.integers(3)))]


def retype_attribute(model: onnx.ModelProto, rng: Rng) -> None:
    if found := _attribute(model, rng):
        node, at = found
        name = node.attribute[at].name
        value = pick(rng, (1, 1.5, "text", [1, 2], [0.5], np.zeros(2)))
        if isinstance(value, np.ndarray):
            value = numpy_helper.from_array(value)
        node.attribute[at].CopyFrom(helper.make_attribute(name, value))
        if rng.random() < 0.3:
            node.attribute[at].type = int(rng.integers(15))  # type: ignore[assignment]


def add_subgraph(model: onnx.ModelProto, rng: Rng) -> None:
    graph = helper.make_graph(list(model.graph.node)[:2], "inner", [], [])
    pick(rng, model.graph.node).attribute.append(helper.make_attribute("body", graph))


# Constants


def drop_constant(model: onnx.ModelProto, rng: Rng) -> None:
    if model.graph.initializer:
        del model.graph.initializer[int(rng.integers(len(model.graph.initializer)))]


def double_constant(model: onnx.ModelProto, rng: Rng) -> None:
    if tensor := pick(rng, model.graph.initializer):
        model.graph.initializer.append(tensor)


def rename_constant(model: onnx.ModelProto, rng: Rng) -> None:
    if tensor := pick(rng, model.graph.initializer):
        tensor.name = pick(rng, [*NAMES, *value_names(model)])


def retype_constant(model: onnx.ModelProto, rng: Rng) -> None:
    pick(rng, tensors_of(model)).data_type = int(rng.choice([*range(-1, 30), 2**31 - 1]))


def cast_constant(model: onnx.ModelProto, rng: Rng) -> None:
    """The same numbers in another type."""
    tensor = pick(rng, tensors_of(model))
    kind = pick(rng, ("f2", "f4", "f8", "i1", "u1", "i4", "i8", "?"))
    with np.errstate(all="ignore"):
        values = numpy_helper.to_array(tensor).astype(kind)
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def reshape_constant(model: onnx.ModelProto, rng: Rng) -> None:
    tensor = pick(rng, tensors_of(model))
    match int(rng.integers(4)):
        case 0:
            tensor.dims.append(pick(rng, SIZES))
        case 1 if len(tensor.dims):
            tensor.dims[int(rng.integers(len(tensor.dims)))] = pick(rng, SIZES)
        case 2:
            tensor.dims[:] = tensor.dims[::-1]
        case _:
            values = numpy_helper.to_array(tensor).reshape(-1)
            keep = values[: int(rng.integers(values.size + 1))]
            tensor.CopyFrom(numpy_helper.from_array(keep.copy(), tensor.name))


def change_constant(model: onnx.ModelProto, rng: Rng) -> None:
    """Another number somewhere."""
    tensor = pick(rng, tensors_of(model))
    values = numpy_helper.to_array(tensor).copy()
    if not values.size:
        return
    at = int(rng.integers(values.size))
    with np.errstate(all="ignore"):
        if values.dtype.kind == "f":
            values.reshape(-1)[at] = pick(rng, (*FLOATS, 2.0, 4.0, 16.0, 24.0))
        else:
            values.reshape(-1)[at] = np.int64(pick(rng, (-9, -3, -1, 0, 1, 2, 5, 7, 100))).astype(
                values.dtype
            )
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def truncate_constant(model: onnx.ModelProto, rng: Rng) -> None:
    tensor = pick(rng, tensors_of(model))
    tensor.raw_data = tensor.raw_data[: int(rng.integers(len(tensor.raw_data) + 1))]


def second_form(model: onnx.ModelProto, rng: Rng) -> None:
    """Numbers in a second field beside the bytes."""
    tensor = pick(rng, tensors_of(model))
    if rng.random() < 0.5:
        tensor.float_data.extend([1.0] * int(rng.integers(1, 9)))
    else:
        tensor.int32_data.extend([1] * int(rng.integers(1, 9)))


# The graph


def change_shape(model: onnx.ModelProto, rng: Rng) -> None:
    info = pick(rng, [*model.graph.input, *model.graph.input[:1] * 6, *model.graph.output])
    dims = info.type.tensor_type.shape.dim
    match int(rng.integers(4)):
        case 0:
            dims.add().dim_value = pick(rng, SIZES)
        case 1 if len(dims):
            del dims[int(rng.integers(len(dims)))]
        case 2 if len(dims):
            dims[int(rng.integers(len(dims)))].dim_param = "N"
        case _ if len(dims):
            dims[int(rng.integers(len(dims)))].dim_value = pick(rng, SIZES)


def change_input(model: onnx.ModelProto, rng: Rng) -> None:
    infos = model.graph.input if rng.random() < 0.6 else model.graph.output
    at = int(rng.integers(len(infos)))
    match int(rng.integers(5)):
        case 0:
            del infos[at]
        case 1:
            infos.append(infos[at])
        case 2:
            infos[at].name = pick(rng, [*NAMES, *value_names(model)])
        case 3:
            infos[at].type.tensor_type.elem_type = int(rng.integers(-1, 30))
        case _:
            infos[at].ClearField("type")


def swap_outputs(model: onnx.ModelProto, rng: Rng) -> None:
    outputs = model.graph.output
    i, j = rng.integers(len(outputs), size=2)
    outputs[i].name, outputs[j].name = outputs[j].name, outputs[i].name


def change_version(model: onnx.ModelProto, rng: Rng) -> None:
    match int(rng.integers(4)):
        case 0:
            pick(rng, model.opset_import).version = int(
                rng.choice([-1, 0, 1, 6, 7, 11, 12, 13, 99])
            )
        case 1:
            del model.opset_import[int(rng.integers(len(model.opset_import)))]
        case 2:
            pick(rng, model.opset_import).domain = pick(rng, DOMAINS)
        case _:
            model.ir_version = int(rng.choice([0, 1, 3, 99, 2**40]))


def hostile_name(model: onnx.ModelProto, rng: Rng) -> None:
    """Another name for a value, everywhere: the same model."""
    old, new = pick(rng, value_names(model)), pick(rng, NAMES)
    graph = model.graph
    for thing in [*graph.input, *graph.output, *graph.initializer, *graph.value_info]:
        thing.name = new if thing.name == old else thing.name
    for node in graph.node:
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                names[i] = new if name == old else name


def add_function(model: onnx.ModelProto, rng: Rng) -> None:
    node = pick(rng, model.graph.node)
    opsets = [helper.make_opsetid("", 20)]
    body = [helper.make_node("Identity", ["a"], ["b"])]
    domain = pick(rng, (node.domain or "custom", "custom"))
    model.functions.append(helper.make_function(domain, node.op_type, ["a"], ["b"], body, opsets))


def external(model: onnx.ModelProto, rng: Rng) -> None:
    tensor = pick(rng, tensors_of(model))
    size = len(tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entries = {"location": pick(rng, LOCATIONS)}
    if rng.random() < 0.5:
        entries["length"] = str(pick(rng, (size, size + 1, 0, -1, 1 << 40, "9" * 30, "x")))
    if rng.random() < 0.5:
        entries["offset"] = str(pick(rng, (0, 4, -4, 1 << 40, "9" * 30, "")))
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)


LOCATIONS = (
    "data.bin",
    "data.bin",
    "folder/../data.bin",
    "../data.bin",
    "/dev/zero",
    "/etc/passwd",
    "fifo.bin",
    "loop.bin",
    "zero.bin",
    "folder",
    "missing.bin",
    "sparse.bin",
    "",
    ".",
    "a\0b",
    "a" * 300,
)


def beside(folder: Path) -> None:
    """What ``LOCATIONS`` name."""
    (folder / "data.bin").write_bytes(np.full(64, 0.25, np.float32).tobytes())
    (folder / "folder").mkdir()
    os.mkfifo(folder / "fifo.bin")
    (folder / "loop.bin").symlink_to("loop.bin")
    (folder / "zero.bin").symlink_to("/dev/zero")
    with (folder / "sparse.bin").open("wb") as file:
        file.truncate(1 << 40)


MUTATIONS: tuple[Mutate, ...] = (
    drop_node,
    double_node,
    swap_nodes,
    retype_node,
    move_domain,
    rename_node,
    drop_input,
    double_input,
    redirect_input,
    swap_inputs,
    no_inputs,
    change_output,
    insert_alias,
    drop_attribute,
    double_attribute,
    rename_attribute,
    change_attribute,
    retype_attribute,
    add_subgraph,
    drop_constant,
    double_constant,
    rename_constant,
    retype_constant,
    cast_constant,
    reshape_constant,
    change_constant,
    truncate_constant,
    second_form,
    change_shape,
    change_input,
    swap_outputs,
    change_version,
    hostile_name,
    add_function,
    external,
)


def truncated(data: bytes, rng: Rng) -> bytes:
    """A file that ends early."""
    return data[: int(rng.integers(len(data)))]


def flipped(data: bytes, rng: Rng) -> bytes:
    """A few bytes of another value."""
    changed = bytearray(data)
    for at in rng.integers(len(data), size=int(rng.integers(1, 5))):
        changed[at] = int(rng.integers(256))
    return bytes(changed)


@dataclass(frozen=True)
class Mutant:
    """A mutated file.

    Attributes:
        name: Of what was done to it.
        path: Where it is.
    """

    name: str
    path: Path


def mutants(folder: Path, base: Path, count: int, seed: int) -> list[Mutant]:
    """So many mutations of a file, each kind in turn; a third of the later ones twice over.

    Args:
        folder: Is made, and holds what external data points to.
        base: A sound file.
        count: How many.
        seed: The same one gives the same files.
    """
    folder.mkdir()
    beside(folder)
    data, found = base.read_bytes(), []
    kinds = [*MUTATIONS, truncated, flipped, flipped]
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        kind: Any = kinds[number % len(kinds)]
        name = f"{number:05}_{kind.__name__}"
        if kind in (truncated, flipped):
            mutated = kind(data, rng)
        else:
            model = onnx.ModelProto.FromString(data)
            kind(model, rng)
            if number >= 2 * len(kinds) and rng.random() < 1 / 3:
                second = pick(rng, MUTATIONS)
                name += f"_{second.__name__}"
                # What is broken already cannot always be broken again.
                with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
                    second(model, rng)
            mutated = model.SerializeToString()
        path = folder / f"{name}.onnx"
        path.write_bytes(mutated)
        found.append(Mutant(name, path))
    return found
