"""Convolutions over time as FINN takes them: of two dimensions, the second one of them 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper
from qonnx.transformation.base import Transformation

_SWAP = (0, 2, 1)
"""Between [N, C, T] and [N, T, C]."""
_TO_NCHW, _TO_NHWC = (0, 3, 1, 2), (0, 2, 3, 1)
_LISTS = {"kernel_shape": (1,), "strides": (1,), "dilations": (1,)}
"""What a dimension of 1 adds to attributes of a ``Conv``, but for its pads."""


class LowerConv1d(Transformation):  # type: ignore[misc]
    """Makes of each ``Conv`` over [N, C, T] one over [N, C, T, 1].

    FINN lowers no other, and its ``Change3DTo4DTensors`` leaves a graph as it is that has a node
    which it does not know. Between the convolutions sequences are [N, T, C], as recurrent and dense
    layers have them; rounding and ``Relu`` between two of them are turned with them.
    """

    def apply(self, model: Any) -> tuple[Any, bool]:
        """Replace them all."""
        found = [n for n in model.get_nodes_by_op_type("Conv") if _is_over_time(model, n)]
        for conv in found:
            _replace(model, conv)
        for change in (_turn_with, _cancel) if found else ():
            for node in list(model.graph.node):
                change(model, node)
        return model, False


def _is_over_time(model: Any, conv: onnx.NodeProto) -> bool:
    return len(model.get_tensor_shape(conv.input[0])) == len(_SWAP)


def _replace(model: Any, conv: onnx.NodeProto) -> None:
    """Nodes around it that take a sequence apart into an image, and back."""
    before, after = conv.input[0], conv.output[0]
    n, channels, steps = model.get_tensor_shape(before)
    _, outputs, left = model.get_tensor_shape(after)
    _widen(model, conv)
    rows, image = [n, steps, 1, channels], [n, channels, steps, 1]
    front = [_transpose(model, before, _SWAP, [n, steps, channels])]
    front.append(_reshape(model, front[-1].output[0], rows))
    front.append(_transpose(model, front[-1].output[0], _TO_NCHW, image))
    conv.input[0] = front[-1].output[0]
    conv.output[0] = _tensor(model, [n, outputs, left, 1])
    behind = [_transpose(model, conv.output[0], _TO_NHWC, [n, left, 1, outputs])]
    behind.append(_reshape(model, behind[-1].output[0], [n, left, outputs]))
    if len(conv.input) > 2:
        summed = _tensor(model, [n, left, outputs])
        behind.append(helper.make_node("Add", [behind[-1].output[0], conv.input.pop()], [summed]))
    behind.append(helper.make_node("Transpose", behind[-1].output, [after], perm=_SWAP))
    at = list(model.graph.node).index(conv)
    for i, made in enumerate(front):
        model.graph.node.insert(at + i, made)
    for i, made in enumerate(behind, at + len(front) + 1):
        model.graph.node.insert(i, made)


def _widen(model: Any, conv: onnx.NodeProto) -> None:
    """A dimension of 1 behind the others, of the kernel and of what its quantizer has."""
    quant = model.find_producer(conv.input[1])
    for name in [conv.input[1]] if quant is None else quant.input:
        value = model.get_initializer(name)
        if value.ndim == len(_SWAP):
            model.set_initializer(name, value[..., None])
    if quant is not None:
        model.set_tensor_shape(conv.input[1], [*model.get_tensor_shape(conv.input[1]), 1])
    for attribute in conv.attribute:
        if attribute.name == "pads":
            begin, end = attribute.ints
            attribute.ints[:] = [begin, 0, end, 0]
        attribute.ints.extend(_LISTS.get(attribute.name, ()))


def _turn_with(model: Any, node: onnx.NodeProto) -> None:
    """Put a node that sees each value alone before the transposition that it follows."""
    source = model.find_producer(node.input[0])
    if not _is_alone(model, node) or source is None or not _swaps(source):
        return
    if len(model.find_consumers(source.output[0])) > 1:
        return
    raw, turned, result = source.input[0], source.output[0], node.output[0]
    model.set_tensor_shape(turned, model.get_tensor_shape(raw))
    node.input[0], node.output[0] = raw, turned
    source.input[0], source.output[0] = turned, result
    model.graph.node.remove(source)
    model.graph.node.insert(list(model.graph.node).index(node) + 1, source)


def _cancel(model: Any, node: onnx.NodeProto) -> None:
    """Leave out a transposition that turns back what another one has turned."""
    first = model.find_producer(node.input[0])
    if first is None or not (_swaps(first) and _swaps(node)):
        return
    raw, result = first.input[0], node.output[0]
    source = model.find_producer(raw)
    if source is None or raw in [value.name for value in model.graph.output]:
        return
    model.graph.node.remove(node)
    if not model.find_consumers(first.output[0]):
        model.graph.node.remove(first)
    for user in model.find_consumers(raw):
        user.input[list(user.input).index(raw)] = result
    source.output[list(source.output).index(raw)] = result


def _is_alone(model: Any, node: onnx.NodeProto) -> bool:
    constants = [model.get_initializer(name) for name in node.input[1:]]
    scalars = all(value is not None and value.size == 1 for value in constants)
    return node.op_type in ("Relu", "Quant") and scalars


def _swaps(node: onnx.NodeProto) -> bool:
    perm = {a.name: tuple(a.ints) for a in node.attribute}.get("perm")
    return node.op_type == "Transpose" and perm == _SWAP


def _tensor(model: Any, shape: list[int]) -> str:
    name = str(model.make_new_valueinfo_name())
    model.graph.value_info.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    return name


def _transpose(model: Any, source: str, perm: tuple[int, ...], shape: list[int]) -> onnx.NodeProto:
    return helper.make_node("Transpose", [source], [_tensor(model, shape)], perm=perm)


def _reshape(model: Any, source: str, shape: list[int]) -> onnx.NodeProto:
    name, result = str(model.make_new_valueinfo_name()), _tensor(model, shape)
    model.set_initializer(name, np.array(shape, dtype=np.int64))
    return helper.make_node("Reshape", [source, name], [result])
