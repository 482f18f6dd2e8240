"""Which axis of a traced sequence is which: B of sequences, T of time steps, F of features."""

from __future__ import annotations

import onnx

from gatewright.errors import GatewrightError
from gatewright.ir.functions import BY_OP
from gatewright.ir.traced.vocabulary import CELLS

BATCH_FIRST, TIME_MAJOR, CHANNELS_FIRST = "BTF", "TBF", "BFT"
WINDOWED = frozenset({"AveragePool", "Conv", "MaxPool"})
"""Ops over time, which torch and ONNX give sequences [B, F, T]."""
_OF_SEVERAL = frozenset({"Add", "Concat", "Mul", "Sub"})
"""Ops of tensors that have the same axes."""
_SAME = _OF_SEVERAL | {
    *("Abs", "BatchNormalization", "Div", "Identity", "LeakyRelu", "MatMul", "Neg", "Quant"),
    *("Relu", "Slice"),
}
"""Ops whose result has the axes of what they are given."""


def permuted(axes: str, perm: list[int]) -> str:
    """The axes of a transposed tensor."""
    return "".join(axes[p] for p in perm)


def is_time_major(node: onnx.NodeProto) -> bool:
    """Whether a cell takes [T, B, F]."""
    return not next(a.i for a in node.attribute if a.name == "batch_first")


def layouts(graph: onnx.GraphProto) -> dict[str, str]:
    """The axes of each sequence of a traced graph that a layer tells, forwards and backwards.

    Those of integers that are looked up have no F.

    Raises:
        GatewrightError: GW-109 where two layers tell otherwise.
    """
    found: dict[str, str] = {}
    for node in graph.node:
        axes = _told(node)
        if axes is not None:
            _set(found, node, node.input[0], axes)
            _set(found, node, node.output[0], axes)
    known = -1
    while known != len(found):
        known = len(found)
        for node in (*graph.node, *reversed(graph.node)):
            _pass(found, node)
    for node in looked_up(graph):
        axes = found.get(node.output[0], _default(graph))
        _set(found, node, node.input[1], axes.replace("F", ""))
    return found


def looked_up(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The nodes that look up rows of a table by an input of the graph."""
    given = {value.name for value in graph.input}
    return [node for node in graph.node if node.op_type == "Gather" and node.input[1] in given]


def sequence_inputs(graph: onnx.GraphProto) -> frozenset[int]:
    """Which inputs of a traced graph are sequences: the first, and others that are no states.

    States are [B, H], or [N, B, H] of which one is selected first.
    """
    selected = {
        node.input[0]
        for node in graph.node
        if node.op_type == "Gather" and any(a.name == "axis" and a.i == 0 for a in node.attribute)
    }
    first, *others = ([d.dim_value for d in v.type.tensor_type.shape.dim] for v in graph.input)
    alike = {i for i, shape in enumerate(others, 1) if len(shape) == 3 and shape[:2] == first[:2]}
    return frozenset({0} | {i for i in alike if graph.input[i].name not in selected})


def sequence_axes(graph: onnx.GraphProto) -> str:
    """Those of the graph's first input; of recurrent layers, where no layer tells otherwise."""
    return layouts(graph).get(graph.input[0].name, _default(graph))


def argument_axes(graph: onnx.GraphProto) -> tuple[str, ...]:
    """Those of each input of a traced graph; N counts layers and directions, H their states."""
    known, sequences = layouts(graph), sequence_inputs(graph)
    return tuple(
        known.get(value.name, _default(graph))
        if i in sequences
        else "NBH"[-len(value.type.tensor_type.shape.dim) :]
        for i, value in enumerate(graph.input)
    )


def _default(graph: onnx.GraphProto) -> str:
    cells = [node for node in graph.node if node.op_type in CELLS]
    return TIME_MAJOR if cells and is_time_major(cells[0]) else BATCH_FIRST


def _told(node: onnx.NodeProto) -> str | None:
    if node.op_type in CELLS:
        return TIME_MAJOR if is_time_major(node) else BATCH_FIRST
    return CHANNELS_FIRST if node.op_type in WINDOWED else None


def _pass(found: dict[str, str], node: onnx.NodeProto) -> None:
    """From what a node reads to what it gives, and back."""
    perm = [0, 1, 2]
    if node.op_type == "Transpose":
        perm = list(node.attribute[0].ints)
    elif node.op_type not in _SAME and node.op_type not in BY_OP:
        return
    back = [perm.index(axis) for axis in range(len(perm))]
    for name in node.input if node.op_type in _OF_SEVERAL else node.input[:1]:
        if name in found:
            _set(found, node, node.output[0], permuted(found[name], perm))
    if node.output[0] in found:
        names = node.input if node.op_type == "Concat" else node.input[:1]
        for name in names:
            _set(found, node, name, permuted(found[node.output[0]], back))


def _set(found: dict[str, str], node: onnx.NodeProto, name: str, axes: str) -> None:
    if found.setdefault(name, axes) != axes:
        shown = [f"[{', '.join(a)}]" for a in (axes, found[name])]
        raise GatewrightError(
            "GW-109",
            where=node.name,
            cause=f"it takes a sequence as {shown[0]} that is {shown[1]} elsewhere.",
            remedy="Turn it round between the two: x.transpose(1, 2) between [B, T, F] and "
            "[B, F, T]; and use the same batch_first in all recurrent layers.",
        )
