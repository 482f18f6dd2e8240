"""Small cells made without torch: random weights on scales of choice."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from gatewright.ir.quantizer import Quantizer
from gatewright.ir.traced.cell_spec import CellSpec, GateParams
from gatewright.ir.traced.vocabulary import LSTM_CELL, RNN_CELL, CellForm

INPUTS, HIDDEN = 3, 5


def cell(
    scale: Fraction = Fraction(1),
    seed: int = 0,
    form: CellForm = LSTM_CELL,
    *,
    cifg: bool = False,
    nonlinearity: str = "tanh",
    inputs: int = INPUTS,
    hidden: int = HIDDEN,
    signed: bool = True,
) -> CellSpec:
    """A cell whose scales are all ``scale`` times a power of two.

    Args:
        scale: Of everything.
        seed: Of the weights.
        form: LSTM or RNN.
        cifg: Whether the forget gate is coupled to the input gate.
        nonlinearity: Of an RNN.
        inputs: I.
        hidden: H.
        signed: Whether the hidden state may be negative.
    """
    rng = np.random.default_rng(seed)
    quantizers = {
        name: Quantizer(
            (scale / (8 if name.endswith("acc") else 128),), 0, 8, signed or name != "output", False
        )
        for name in form.quantizers
    }
    unit = scale * scale / 2**14
    gates = {
        gate: GateParams(
            rng.integers(-127, 128, (inputs, hidden)),
            rng.integers(-127, 128, (hidden, hidden)),
            (unit,),
            rng.integers(-500, 500, hidden),
            (Fraction(0),),
        )
        for gate in form.gates
        if not (cifg and gate == "forget")
    }
    return CellSpec("layer", form, gates, quantizers, True, False, cifg, nonlinearity)


KINDS: dict[str, CellSpec] = {
    "lstm": cell(),
    "cifg": cell(cifg=True),
    "rnn_tanh": cell(form=RNN_CELL),
    "rnn_relu": cell(form=RNN_CELL, nonlinearity="relu"),
}
