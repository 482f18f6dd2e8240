"""Folds quantizers and transposes of constants, wherever in the file they stand."""

from __future__ import annotations

from collections.abc import Callable

import onnx

from gatewright.frontend.onnx.graph import RawGraph, attributes, label, unsupported
from gatewright.frontend.onnx.qonnx.cell import Constant, read_bipolar, read_quant
from gatewright.frontend.onnx.qonnx.registry import Reading


def fold(ctx: Reading, node: onnx.NodeProto) -> None:
    """Enter what a node makes of a constant; nothing where it is of another kind."""
    folds = _FOLDS.get(node.op_type)
    if folds is None or not node.input:
        return
    constant = ctx.constant(label(node), node.input[0])
    if constant is not None:
        ctx.constants[node.output[0]] = folds(ctx.graph, node, constant)


def _transposed(graph: RawGraph, node: onnx.NodeProto, constant: Constant) -> Constant:
    if attributes(node).get("perm", [1, 0]) != [1, 0] or constant.values.ndim != 2:
        raise unsupported(node, "only the transpose of a matrix is supported.")
    return constant.transposed()


def _quantized(graph: RawGraph, node: onnx.NodeProto, constant: Constant) -> Constant:
    _check_once(node, constant)
    return Constant(constant.values, read_quant(graph, node, constant.values.shape))


def _binary(graph: RawGraph, node: onnx.NodeProto, constant: Constant) -> Constant:
    _check_once(node, constant)
    return read_bipolar(graph, node, constant.values)


def _check_once(node: onnx.NodeProto, constant: Constant) -> None:
    if constant.quant is not None:
        raise unsupported(node, "a constant is quantized twice.")


_FOLDS: dict[str, Callable[[RawGraph, onnx.NodeProto, Constant], Constant]] = {
    "BipolarQuant": _binary,
    "Quant": _quantized,
    "Transpose": _transposed,
}
