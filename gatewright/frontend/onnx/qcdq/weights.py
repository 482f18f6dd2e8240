"""Reads the weights of an LSTM, from their codes to the matrices of its gates."""

from __future__ import annotations

import numpy as np
import onnx

from gatewright.frontend.onnx.graph import attributes, label, malformed, unsupported
from gatewright.frontend.onnx.qcdq.known import Known
from gatewright.frontend.onnx.qcdq.layers import GATES
from gatewright.frontend.onnx.qcdq.matrix import QuantizedMatrix


def dequantize(known: Known, node: onnx.NodeProto) -> None:
    """``DequantizeLinear`` of a matrix of int8 or uint8."""
    codes, scale = known.constant(node, 0), known.constant(node, 1)
    zero_points = known.constant(node, 2) if known.name(node, 2) else np.zeros(1, codes.dtype)
    if codes.ndim != 2 or codes.dtype not in (np.int8, np.uint8):
        raise unsupported(node, "only int8 and uint8 matrices can be dequantized.")
    if scale.dtype != np.float32 or not np.all(np.isfinite(scale)) or np.any(scale <= 0):
        raise malformed(label(node), "its scale is not a positive float32 number.")
    if scale.size > 1 and (attributes(node).get("axis", 1) != 0 or scale.shape != codes.shape[:1]):
        raise unsupported(node, "its scale has to be one number, or one a row.")
    if zero_points.dtype != codes.dtype:
        raise malformed(label(node), "its zero point has another type than its codes.")
    if np.unique(zero_points).size != 1:
        raise unsupported(node, "its zero points differ between rows.")
    limits = np.iinfo(codes.dtype)
    matrix = QuantizedMatrix(
        codes,
        scale.reshape(()) if scale.size == 1 else scale.reshape(-1, 1),
        int(zero_points.reshape(-1)[0]),
        known.clipped.get(known.name(node, 0), (int(limits.min), int(limits.max))),
    )
    if not matrix.whole or matrix.bits < 2:
        raise unsupported(node, f"its codes lie in {matrix.range}, no range of 2 bits or more.")
    known.weights[node.output[0]] = [matrix]


def stack(known: Known, node: onnx.NodeProto) -> None:
    """Gates below each other, and the axis of directions in front."""
    if known.axis(node) != 0:
        raise unsupported(node, "weights of gates are only stacked along axis 0.")
    names = known.names(node)
    parts = names if node.op_type == "Concat" else names[:1]
    if not all(known.weights.get(name) for name in parts):
        raise unsupported(node, "some of its inputs are weights and some are not.")
    found = [matrix for name in parts for matrix in known.weights[name]]
    if len(found) > len(GATES):
        raise unsupported(node, f"it stacks {len(found)} weights, of {len(GATES)} gates.")
    known.weights[node.output[0]] = found


def gate_matrices(
    known: Known, node: onnx.NodeProto, index: int, hidden: int, columns: int
) -> list[QuantizedMatrix]:
    """A weight of an ``LSTM``, cut into its four gates.

    Args:
        known: What is known.
        node: The ``LSTM``.
        index: The weight's input.
        hidden: H, the rows of a gate.
        columns: Of the weight.

    Raises:
        GatewrightError: GW-205 or GW-207 for any other shape or type.
    """
    parts = known.weights.get(known.name(node, index))
    if parts is None:
        values = known.constant(node, index)
        if values.ndim != 3 or values.shape[0] != 1 or values.dtype != np.float32:
            raise unsupported(node, "its weights have to be float32 [1, 4*H, columns].")
        parts = [QuantizedMatrix(values[0])]
    cut = [
        part.rows(first, hidden)
        for part in parts
        for first in range(0, max(len(part.codes), 1), hidden)
    ]
    if [part.codes.shape for part in cut] != [(hidden, columns)] * len(GATES):
        raise malformed(label(node), f"its input {index} is no weight [1, 4*H, columns].")
    return cut
