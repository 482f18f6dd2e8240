"""The axes of the matrix: every option of a recurrent model, and which of them exclude each other.

An axis is one choice, its values are all there is to choose from; None stands for "this layer has
no such option". ``matrix_model.py`` gives every value its meaning, in one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]

RNNS = ("rnn_tanh", "rnn_relu")
BITS = (8, 2, 4, 12, 16)
LSTM_ONLY: dict[str, tuple[Any, ...]] = {
    "cifg": (False, True),
    "cat_cell_states": (True, False),
    "shared_cell_state_quant": (True, False),
    "shared_weight_quant": (False, True),
    "shared_gate_acc_quant": (False, True),
    "sigmoid_bits": BITS,
    "tanh_bits": BITS,
    "cell_state_bits": BITS,
}

AXES: dict[str, tuple[Any, ...]] = {
    "layer": ("lstm", *RNNS),
    "layers": (1, 2, 3, 4),
    "bidirectional": (False, True),
    "batch_first": (True, False),
    **{axis: (*values, None) for axis, values in LSTM_ONLY.items()},
    "shared_input_hidden": (False, True),
    "state": ("zero", "hx", "hx_cx", "constant"),
    "returns": ("output", "states", "quant_tensor"),
    "weights": ("8", "4", "2", "ternary", "binary"),
    "weight_scales": ("per_tensor", "per_channel"),
    "weight_form": ("narrow", "wide", "zero_point"),
    "io_bits": BITS,
    "gate_acc_bits": BITS,
    "scales": ("float", "power_of_two"),
    "zero_points": (False, True),
    "rounding": ("ROUND", "FLOOR", "CEIL", "ROUND_TO_ZERO"),
    "bias": ("int32", "none", "float", "int8", "int16", "int24"),
    "origin": ("brevitas", "float_state_dict", "jit"),
    "before": ("nothing", "identity"),
    "feature": ("every_step", "last_step", "mean", "max", "flatten", "last_state", "both_states"),
    "head": (
        *("nothing", "linear", "linears", "relu", "sigmoid", "tanh", "hard_tanh"),
        *("batch_norm", "argmax"),
    ),
}


@dataclass(frozen=True)
class Rule:
    """A combination that cannot be built, and why; one value of each named axis makes it."""

    reason: str
    forbids: dict[str, tuple[Any, ...]]

    def broken_by(self, row: Row) -> bool:
        """Whether a row, complete or not, already holds the combination."""
        return all(axis in row and row[axis] in values for axis, values in self.forbids.items())


RULES = (
    *(
        Rule(f"a QuantRNN has no {axis}", {"layer": RNNS, axis: values})
        for axis, values in LSTM_ONLY.items()
    ),
    *(
        Rule(f"every QuantLSTM has {axis}", {"layer": ("lstm",), axis: (None,)})
        for axis in LSTM_ONLY
    ),
    Rule("a QuantRNN has no cell state", {"layer": RNNS, "state": ("hx_cx",)}),
    Rule(
        "Brevitas joins cell states only if they share their quantizer",
        {"cat_cell_states": (True,), "shared_cell_state_quant": (False,)},
    ),
    Rule(
        "the two directions share weights, so there have to be two",
        {"shared_input_hidden": (True,), "bidirectional": (False,)},
    ),
    Rule(
        "h[-2] needs two final states",
        {"feature": ("both_states",), "layers": (1,), "bidirectional": (False,)},
    ),
    Rule(
        "nn.Flatten keeps the first axis, which has to be the batch",
        {"feature": ("flatten",), "batch_first": (False,)},
    ),
    Rule(
        "BatchNorm1d takes the second axis for the channels, which of [B, T, H] is time",
        {"feature": ("every_step",), "head": ("batch_norm",)},
    ),
    Rule(
        "binary and ternary quantizers have a form of their own",
        {"weights": ("ternary", "binary"), "weight_form": ("wide", "zero_point")},
    ),
    Rule(
        "a float nn.LSTM has a forget gate of its own",
        {"origin": ("float_state_dict",), "cifg": (True,)},
    ),
)


def broken(row: Row) -> list[Rule]:
    """The rules that a row breaks."""
    return [rule for rule in RULES if rule.broken_by(row)]
