"""Cells read back from their inputs and attributes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import onnx

from gatewright.errors import GatewrightError
from gatewright.ir.functions import SIGMOID, TANH, Function
from gatewright.ir.quantizer import Quantizer, Scales
from gatewright.ir.traced.operands import Operand, QuantizedConstant, TracedGraph
from gatewright.ir.traced.vocabulary import CELLS, CellForm, narrow_attribute
from gatewright.ir.types import IntArray

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
class CellSpec:
    """Everything a cell computes with, as integers and exact rationals.

    Attributes:
        name: Path of the layer.
        form: Which cell it is.
        gates: By gate name, in the order of the form's gates; a coupled forget gate has none.
        quantizers: By the names of the form's quantizers.
        batch_first: Layout of the sequence: [B, T, I] or [T, B, I].
        reverse: Whether time runs backwards.
        cifg: Whether the forget gate is one less the input gate.
        nonlinearity: ``tanh`` or ``relu`` of an RNN; ``tanh`` in an LSTM.
    """

    name: str
    form: CellForm
    gates: dict[str, GateParams]
    quantizers: dict[str, Quantizer]
    batch_first: bool
    reverse: bool
    cifg: bool
    nonlinearity: str

    @property
    def input_size(self) -> int:
        """I."""
        return int(next(iter(self.gates.values())).w.shape[0])

    @property
    def hidden_size(self) -> int:
        """H."""
        return int(next(iter(self.gates.values())).u.shape[0])

    def state_quantizer(self, state: str) -> Quantizer:
        """The quantizer of a state, ``h`` or ``c``."""
        return self.quantizers[self.form.state_quantizers[self.form.states.index(state)]]

    def gate_quantizer(self, gate: str) -> tuple[Function, Quantizer]:
        """The function and the quantizer of an LSTM gate's output."""
        function = TANH if gate == "cell" else SIGMOID
        return function, self.quantizers[f"{gate}_{function.name}"]

    @property
    def coupled_one(self) -> int:
        """The integer of 1.0, from which a coupled forget gate is taken; it may saturate.

        A constant is quantized in binary32, as torch does: 1 / (1 / 255) is 255 there.
        """
        one = np.ones(1, dtype=np.float32)
        return int(self.quantizers["input_sigmoid"].quantize_float32(one)[0])


def read_cell(traced: TracedGraph, node: onnx.NodeProto) -> CellSpec:
    """Read a cell node.

    Raises:
        GatewrightError: GW-207 for a malformed node.
    """
    form = CELLS[node.op_type]
    if len(node.input) != form.inputs:
        raise _malformed(node, f"{len(node.input)} inputs instead of {form.inputs}")
    attrs = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    quantizers = {
        name: _quantizer(traced, node, attrs, name, form.first_quantizer + 3 * i)
        for i, name in enumerate(form.quantizers)
    }
    cifg = bool(attrs.get("cifg", 0))
    unit = quantizers["output"].scales[0]
    gates = {
        gate: _gate(traced, node, form, i, unit)
        for i, gate in enumerate(form.gates)
        if not (cifg and gate == "forget")
    }
    return CellSpec(
        name=node.name,
        form=form,
        gates=gates,
        quantizers=quantizers,
        batch_first=bool(attrs.get("batch_first", 0)),
        reverse=bool(attrs.get("reverse_input", 0)),
        cifg=cifg,
        nonlinearity=attrs.get("nonlinearity", b"tanh").decode(),
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


def _gate(
    traced: TracedGraph, node: onnx.NodeProto, form: CellForm, index: int, unit: Fraction
) -> GateParams:
    first, count = form.first_weight + index, len(form.gates)
    w, u, bias = (traced.constant(node.input[first + i * count]) for i in range(3))
    if not (isinstance(w, QuantizedConstant) and isinstance(u, QuantizedConstant)):
        raise GatewrightError(
            "GW-301",
            where=f"{node.name} ({form.gates[index]} gate)",
            cause="a weight matrix comes from no quantizer.",
            remedy="Give the layer a weight_quant.",
        )
    if bias is None or w.scales != u.scales or w.values.shape[0] != u.values.shape[0]:
        gate = form.gates[index]
        raise _malformed(node, f"the {gate} gate's weights and bias do not fit together")
    scales = tuple(s * unit for s in w.scales)
    integers, residues = split_bias(bias, scales, u.values.shape[0])
    return GateParams(w.values.T, u.values.T, scales, integers, residues)


def split_bias(bias: Operand, scales: Scales, channels: int) -> tuple[IntArray, Scales]:
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


def _malformed(node: onnx.NodeProto, fault: str) -> GatewrightError:
    return GatewrightError(
        "GW-207", where=node.name, cause=f"{fault}.", remedy="Export the model again with Brevitas."
    )
