"""Names and positions of a traced graph, as Brevitas and QONNX write them."""

from __future__ import annotations

from dataclasses import dataclass

QONNX_DOMAIN = "qonnx.custom_op.general"
BREVITAS_DOMAIN = "onnx.brevitas"
"""What older exports call the same, and qonnx takes for it."""


@dataclass(frozen=True)
class CellForm:
    """The layout of a cell node's inputs.

    They are x, the states, then W, U and b of every gate (all W first, then all U, then all b),
    then scale, zero point and bit width of every quantizer.

    Attributes:
        op: The ONNX op.
        gates: In the order of the weight inputs.
        states: In the order of their inputs, and of the outputs after the sequence.
        quantizers: In the order of their scale inputs.
        state_quantizers: The quantizer of each state.
        option: The attribute that no other cell has.
    """

    op: str
    gates: tuple[str, ...]
    states: tuple[str, ...]
    quantizers: tuple[str, ...]
    state_quantizers: tuple[str, ...]
    option: str

    @property
    def first_weight(self) -> int:
        """Position of the first W."""
        return 1 + len(self.states)

    @property
    def first_quantizer(self) -> int:
        """Position of the first scale."""
        return self.first_weight + 3 * len(self.gates)

    @property
    def inputs(self) -> int:
        """How many inputs the node has."""
        return self.first_quantizer + 3 * len(self.quantizers)

    def parameters(self, gate: str) -> str:
        """Where Brevitas keeps the weights of a gate; an RNN's only gate has no name."""
        return f"{gate}_gate_params" if len(self.gates) > 1 else f"{gate}_params"

    @property
    def attributes(self) -> frozenset[str]:
        """The names of its attributes."""
        names = {"batch_first", "reverse_input", self.option}
        for quantizer in self.quantizers:
            names |= {f"{quantizer}_signed", f"{quantizer}_rounding_mode"}
            names.add(narrow_attribute(quantizer))
        return frozenset(names)


LSTM_CELL = CellForm(
    "QuantLSTMCell",
    gates=("input", "forget", "cell", "output"),
    states=("h", "c"),
    quantizers=(
        "output",
        "cell_state",
        "input_acc",
        "forget_acc",
        "cell_acc",
        "output_acc",
        "input_sigmoid",
        "forget_sigmoid",
        "cell_tanh",
        "output_sigmoid",
        "hidden_state_tanh",
    ),
    state_quantizers=("output", "cell_state"),
    option="cifg",
)
"""As Brevitas exports it."""

RNN_CELL = CellForm(
    "QuantRNNCell",
    gates=("gate",),
    states=("h",),
    quantizers=("output", "gate_acc"),
    state_quantizers=("output",),
    option="nonlinearity",
)
"""Brevitas cannot export its RNN; this is what it would look like."""

CELLS = {form.op: form for form in (LSTM_CELL, RNN_CELL)}


def narrow_attribute(quantizer: str) -> str:
    """The cell attribute that holds ``narrow``; Brevitas spells one of them differently."""
    return f"{quantizer}_narrow_range" if quantizer == "output_sigmoid" else f"{quantizer}_narrow"


_QONNX_ROUNDING = {"ROUND_TO_ZERO": "DOWN"}
_BREVITAS_ROUNDING = {"DOWN": "ROUND_TO_ZERO", "HALF_EVEN": "ROUND"}


def qonnx_rounding(mode: str) -> str:
    """The name qonnx executes a rounding mode of Brevitas under, in ``Quant`` nodes."""
    return _QONNX_ROUNDING.get(mode, mode)


def brevitas_rounding(mode: str) -> str:
    """The name Brevitas has for a rounding mode of a ``Quant`` node."""
    return _BREVITAS_ROUNDING.get(mode.upper(), mode.upper())
