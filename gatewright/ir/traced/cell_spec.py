"""``QuantLSTMCell`` read back from its 48 inputs and its attributes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import onnx

from gatewright.errors import GatewrightError
from gatewright.ir.quantizer import Quantizer, Scales
from gatewright.ir.traced.operands import Constant, QuantizedConstant, TracedGraph
from gatewright.ir.traced.vocabulary import (
    CELL_INPUTS,
    CELL_QUANTIZERS,
    FIRST_QUANTIZER_INPUT,
    GATES,
    narrow_attribute,
)
from gatewright.ir.types import IntArray

# Positions among the node's inputs.
_X, _H, _C = 0, 1, 2
_WEIGHTS, _RECURRENT, _BIASES = 3, 7, 11

MAX_INTEGER_BIAS = 2**24


@dataclass(frozen=True)
class GateParams:
    """One gate's accumulator ``n = x @ w + h @ u + bias``, worth ``n * scale + residue``.

    Attributes:
        w: Centered integers [I, H].
        u: Centered integers [H, H].
        scales: Value of one unit, one or one a hidden unit.
        bias: Integer part of the bias on that grid, [H].
        residues: What the bias has beyond its integer part, one or one a hidden unit.
    """

    w: IntArray
    u: IntArray
    scales: Scales
    bias: IntArray
    residues: Scales


@dataclass(frozen=True)
class LstmCellSpec:
    """Everything an LSTM cell computes with, as integers and exact rationals.

    Attributes:
        name: Path of the layer.
        gates: By gate name, in the order of ``GATES``.
        quantizers: By the names of ``CELL_QUANTIZERS``.
        batch_first: Layout of the sequence: [B, T, I] or [T, B, I].
        reverse: Whether time runs backwards.
    """

    name: str
    gates: dict[str, GateParams]
    quantizers: dict[str, Quantizer]
    batch_first: bool
    reverse: bool

    @property
    def input_size(self) -> int:
        """I."""
        return int(self.gates["input"].w.shape[0])

    @property
    def hidden_size(self) -> int:
        """H."""
        return int(self.gates["input"].u.shape[0])

    def gate_quantizer(self, gate: str) -> tuple[str, Quantizer]:
        """The function and the quantizer of a gate's output."""
        function = "tanh" if gate == "cell" else "sigmoid"
        return function, self.quantizers[f"{gate}_{function}"]


def read_cell(traced: TracedGraph, node: onnx.NodeProto) -> LstmCellSpec:
    """Read a ``QuantLSTMCell`` node.

    Raises:
        GatewrightError: GW-207 for a malformed node, GW-109 for an option not supported.
    """
    if len(node.input) != CELL_INPUTS:
        raise _malformed(node, f"{len(node.input)} inputs instead of {CELL_INPUTS}")
    attrs = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    _check_options(traced, node, attrs)
    quantizers = {
        name: _quantizer(traced, node, attrs, name, FIRST_QUANTIZER_INPUT + 3 * i)
        for i, name in enumerate(CELL_QUANTIZERS)
    }
    unit = quantizers["output"].scales[0]
    gates = {gate: _gate(traced, node, i, unit) for i, gate in enumerate(GATES)}
    return LstmCellSpec(
        name=node.name,
        gates=gates,
        quantizers=quantizers,
        batch_first=bool(attrs.get("batch_first", 0)),
        reverse=bool(attrs.get("reverse_input", 0)),
    )


def input_quantizer(traced: TracedGraph, node: onnx.NodeProto) -> Quantizer:
    """The quantizer whose grid the sequence input of a cell lies on.

    Raises:
        GatewrightError: GW-301 where the input comes from no quantizer.
    """
    producer = traced.producers.get(node.input[_X])
    if producer is not None and producer.op_type == "Quant":
        return traced.quantizer(producer)
    raise GatewrightError(
        "GW-301",
        where=node.name,
        cause="its input comes from no quantizer.",
        remedy="Give the layer an io_quant, or put a QuantIdentity before it.",
    )


def _check_options(traced: TracedGraph, node: onnx.NodeProto, attrs: dict[str, Any]) -> None:
    for option in ("cifg", "reverse_input"):
        if attrs.get(option):
            raise GatewrightError(
                "GW-109",
                where=node.name,
                cause=f"{option} is set.",
                remedy="Use one QuantLSTM layer in one direction, with separate gates.",
            )
    for state in (_H, _C):
        value = traced.constant(node.input[state])
        if value is None or np.any(np.asarray(value) != 0):
            raise GatewrightError(
                "GW-109",
                where=node.name,
                cause="an initial state is given.",
                remedy="Call the layer without hx and cx: the state starts at zero.",
            )


def _quantizer(
    traced: TracedGraph, node: onnx.NodeProto, attrs: dict[str, Any], name: str, first: int
) -> Quantizer:
    try:
        return traced.read_quantizer(
            node,
            tuple(node.input[first : first + 3]),
            signed=bool(attrs[f"{name}_signed"]),
            narrow=bool(attrs[narrow_attribute(name)]),
            rounding=attrs[f"{name}_rounding_mode"].decode(),
        )
    except KeyError as error:
        raise _malformed(node, f"attribute {error} is missing") from error


def _gate(traced: TracedGraph, node: onnx.NodeProto, index: int, unit: Fraction) -> GateParams:
    w = traced.constant(node.input[_WEIGHTS + index])
    u = traced.constant(node.input[_RECURRENT + index])
    bias = traced.constant(node.input[_BIASES + index])
    if not (isinstance(w, QuantizedConstant) and isinstance(u, QuantizedConstant)):
        raise GatewrightError(
            "GW-301",
            where=f"{node.name} ({GATES[index]} gate)",
            cause="a weight matrix comes from no quantizer.",
            remedy="Give the layer a weight_quant.",
        )
    if bias is None or w.scales != u.scales or w.values.shape[0] != u.values.shape[0]:
        raise _malformed(node, f"the {GATES[index]} gate's weights and bias do not fit together")
    scales = tuple(s * unit for s in w.scales)
    integers, residues = split_bias(bias, scales, u.values.shape[0])
    return GateParams(w.values.T, u.values.T, scales, integers, residues)


def split_bias(bias: Constant, scales: Scales, channels: int) -> tuple[IntArray, Scales]:
    """Split a bias into integers on the accumulator's grid and what remains.

    A quantized bias lies on that grid up to the rounding of its own float32 scale. A float bias is
    left whole, for the thresholds to absorb; so is one far beyond what the products reach, as where
    the weights of a channel are nearly zero, because it would widen the sums of every channel.

    Args:
        bias: Constant [channels] or [1] or scalar.
        scales: Value of one accumulator unit, one or one a channel.
        channels: Number of channels.

    Returns:
        Integers [channels], and the remainders (one where all are zero).
    """
    integers = np.zeros(channels, dtype=np.int64)
    residues = [Fraction(0)] * channels
    for c in range(channels):
        if isinstance(bias, QuantizedConstant):
            real = bias.real(c)
            grid = scales[c % len(scales)]
            whole = round(real / grid)
            integers[c] = whole if abs(whole) <= MAX_INTEGER_BIAS else 0
            residues[c] = real - int(integers[c]) * grid
        else:
            flat = np.ravel(bias)
            residues[c] = Fraction(float(flat[c % flat.size]))
    return integers, tuple(residues) if any(residues) else (Fraction(0),)


def _malformed(node: onnx.NodeProto, cause: str) -> GatewrightError:
    return GatewrightError(
        "GW-207", where=node.name, cause=f"{cause}.", remedy="Export the model again with Brevitas."
    )
