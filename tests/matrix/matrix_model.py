"""Builds the model of a row: each value of each axis has its one branch here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
from brevitas import config, quant
from brevitas.inject.enum import FloatToIntImplType, RestrictValueType
from brevitas.quant.binary import SignedBinaryWeightPerTensorConst
from brevitas.quant.ternary import SignedTernaryWeightPerTensorConst
from matrix_axes import Row
from torch import Tensor, nn

CALIBRATION_STEPS = 5

ACTIVATIONS = ("io", "gate_acc", "sigmoid", "tanh", "cell_state")
BIASES = {
    "none": quant.Int32Bias,
    "float": None,
    "int8": quant.Int8Bias,
    "int16": quant.Int16Bias,
    "int24": quant.Int24Bias,
    "int32": quant.Int32Bias,
}
CONSTANT_WEIGHTS = {
    "binary": SignedBinaryWeightPerTensorConst,
    "ternary": SignedTernaryWeightPerTensorConst,
}
FEATURES: dict[str, Callable[[Any, Tensor, Tensor, int], Tensor]] = {
    "every_step": lambda m, out, h, time: out,
    "last_step": lambda m, out, h, time: out[:, -1] if time == 1 else out[-1],
    "mean": lambda m, out, h, time: m.requantize(out.mean(dim=time)),
    "max": lambda m, out, h, time: out.max(dim=time).values,
    "flatten": lambda m, out, h, time: m.flatten(out),
    "last_state": lambda m, out, h, time: h[-1],
    "both_states": lambda m, out, h, time: torch.cat((h[-2], h[-1]), dim=1),
}
CLASSES = 3


def hidden_size(row: Row, number: int) -> int:
    """H: small, but of every size. Lists of 2**16 thresholds a unit are kept few."""
    wide = 16 in row.values()
    return 3 + number % (3 if wide else 7)


def input_size(number: int) -> int:
    """I."""
    return 2 + number % 5


def is_lstm(row: Row) -> bool:
    return bool(row["layer"] == "lstm")


def states(row: Row) -> int:
    """How many initial states the model takes: Brevitas reads hx[2 * layer + direction]."""
    directions = 2 if row["bidirectional"] else 1
    return 2 * (int(row["layers"]) - 1) + directions


def _activations(row: Row) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name in ACTIVATIONS if is_lstm(row) else ACTIVATIONS[:2]:
        unsigned = name == "sigmoid"
        if row["zero_points"]:
            quantizer = quant.ShiftedUint8ActPerTensorFloat
        elif unsigned:
            quantizer = quant.Uint8ActPerTensorFloat
        else:
            quantizer = quant.Int8ActPerTensorFloat
        options[f"{name}_quant"] = quantizer
        # This one prefix is spelled in another way for QuantRNN.
        prefix = f"{name}_quant" if name == "gate_acc" and not is_lstm(row) else name
        options[f"{prefix}_bit_width"] = row[f"{name}_bits"]
        options[f"{prefix}_float_to_int_impl_type"] = FloatToIntImplType[row["rounding"]]
        if row["scales"] == "power_of_two":
            options[f"{prefix}_restrict_scaling_type"] = RestrictValueType.POWER_OF_TWO
    return options


def _weights(row: Row) -> dict[str, Any]:
    options: dict[str, Any] = {
        "weight_scaling_per_output_channel": row["weight_scales"] == "per_channel"
    }
    if row["weights"] in CONSTANT_WEIGHTS:
        return {"weight_quant": CONSTANT_WEIGHTS[row["weights"]], **options}
    options["weight_bit_width"] = int(row["weights"])
    if row["scales"] == "power_of_two":
        options["weight_restrict_scaling_type"] = RestrictValueType.POWER_OF_TWO
    if row["weight_form"] == "zero_point":
        if row["weight_scales"] == "per_channel":
            return {"weight_quant": quant.ShiftedUint8WeightPerChannelFloat, **options}
        return {"weight_quant": quant.ShiftedUint8WeightPerTensorFloat, **options}
    options["weight_narrow_range"] = row["weight_form"] == "narrow"
    return {"weight_quant": quant.Int8WeightPerTensorFloat, **options}


def _recurrent(row: Row, inputs: int, hidden: int) -> nn.Module:
    options = {
        "num_layers": row["layers"],
        "bidirectional": row["bidirectional"],
        "batch_first": row["batch_first"],
        "bias": row["bias"] != "none",
        "bias_quant": BIASES[row["bias"]],
        "shared_input_hidden_weights": row["shared_input_hidden"],
        "return_quant_tensor": row["returns"] == "quant_tensor",
        **_weights(row),
        **_activations(row),
    }
    if not is_lstm(row):
        return qnn.QuantRNN(
            inputs, hidden, nonlinearity=row["layer"].removeprefix("rnn_"), **options
        )
    return qnn.QuantLSTM(
        inputs,
        hidden,
        coupled_input_forget_gates=row["cifg"],
        cat_output_cell_states=row["cat_cell_states"],
        shared_cell_state_quant=row["shared_cell_state_quant"],
        shared_intra_layer_weight_quant=row["shared_weight_quant"],
        shared_intra_layer_gate_acc_quant=row["shared_gate_acc_quant"],
        **options,
    )


def _head(kind: str, features: int) -> nn.Sequential:
    linear = qnn.QuantLinear(features, 5, bias=True)
    classes = qnn.QuantLinear(5, CLASSES, bias=True)
    heads: dict[str, Callable[[], tuple[nn.Module, ...]]] = {
        "nothing": lambda: (),
        "linear": lambda: (linear,),
        "linears": lambda: (
            qnn.QuantLinear(features, 5, bias=True, output_quant=quant.Int8ActPerTensorFloat),
            qnn.QuantLinear(5, 4, bias=False, output_quant=quant.Int8ActPerTensorFloat),
            qnn.QuantLinear(4, CLASSES, bias=True, weight_bit_width=4),
        ),
        "relu": lambda: (linear, qnn.QuantReLU(bit_width=6), nn.Dropout(0.1), classes),
        "sigmoid": lambda: (linear, qnn.QuantSigmoid(bit_width=6), classes),
        "tanh": lambda: (linear, qnn.QuantTanh(), classes),
        "hard_tanh": lambda: (
            linear,
            qnn.QuantHardTanh(min_val=-0.5, max_val=0.5, bit_width=5),
            classes,
        ),
        "batch_norm": lambda: (nn.BatchNorm1d(features), qnn.QuantIdentity(), linear),
        "argmax": lambda: (linear,),
    }
    return nn.Sequential(*heads[kind]())


class MatrixModel(nn.Module):
    """What a row describes.

    Args:
        row: The row.
        number: Its number, from which come the sizes.
        steps: T, which counts only for a head that flattens time.
    """

    def __init__(self, row: Row, number: int, steps: int) -> None:
        super().__init__()
        self.row, self.time = row, 1 if row["batch_first"] else 0
        hidden = hidden_size(row, number)
        self.identity = qnn.QuantIdentity() if row["before"] == "identity" else None
        self.rnn = _recurrent(row, input_size(number), hidden)
        self.requantize = qnn.QuantIdentity()
        self.flatten = nn.Flatten()
        width = hidden * (2 if row["bidirectional"] else 1)
        features = {
            "flatten": width * steps,
            "last_state": hidden,
            "both_states": 2 * hidden,
        }.get(row["feature"], width)
        self.head = _head(row["head"], features)
        constant = torch.randn(2, states(row), 1, hidden)
        self.h0, self.c0 = nn.Parameter(constant[0]), nn.Parameter(constant[1])

    def forward(self, x: Tensor, hx: Tensor | None = None, cx: Tensor | None = None) -> Any:
        """Branches depend on the row only."""
        if self.identity is not None:
            x = self.identity(x)
        given: dict[str, tuple[Any, ...]] = {
            "zero": (),
            "hx": (hx,),
            "hx_cx": (hx, cx),
            "constant": (self.h0, self.c0) if is_lstm(self.row) else (self.h0,),
        }
        out, final = self.rnn(x, *given[self.row["state"]])
        h = final[0] if is_lstm(self.row) else final
        if self.row["returns"] == "quant_tensor":
            out, h = out.value, h.value
        y = self.head(FEATURES[self.row["feature"]](self, out, h, self.time))
        if self.row["head"] == "argmax":
            y = y.argmax(dim=-1)
        return (y, final) if self.row["returns"] == "states" else y


def arguments(row: Row, number: int, sequences: int, steps: int, seed: int) -> tuple[Tensor, ...]:
    """Random sequences, a few values far outside the quantizers' range, and states if taken."""
    rng = np.random.default_rng([number, seed])
    x = rng.normal(0, 1.5, (sequences, steps, input_size(number)))
    x = np.where(rng.random(x.shape) < 0.02, x * 10, x).astype(np.float32)
    if not row["batch_first"]:
        x = np.ascontiguousarray(np.swapaxes(x, 0, 1))
    count = {"hx": 1, "hx_cx": 2}.get(row["state"], 0)
    shape = (count, states(row), sequences, hidden_size(row, number))
    given = rng.normal(0, 0.7, shape).astype(np.float32)
    return tuple(torch.from_numpy(array) for array in (x, *given))


def _load_float_state_dict(model: MatrixModel, row: Row, number: int) -> None:
    """Weights of the float layer of torch.nn, by its own names."""
    kind = nn.LSTM if is_lstm(row) else nn.RNN
    layer = kind(
        input_size(number),
        hidden_size(row, number),
        num_layers=row["layers"],
        bidirectional=row["bidirectional"],
        bias=row["bias"] != "none",
    )
    before = config.IGNORE_MISSING_KEYS
    config.IGNORE_MISSING_KEYS = True  # a float layer has no scales
    try:
        model.rnn.load_state_dict(layer.state_dict())
    finally:
        config.IGNORE_MISSING_KEYS = before


def make(row: Row, number: int, steps: int) -> MatrixModel:
    """The calibrated model of a row, in eval mode."""
    torch.manual_seed(number)
    model = MatrixModel(row, number, steps)
    if row["origin"] == "float_state_dict":
        _load_float_state_dict(model, row, number)
    model.train()
    length = steps if row["feature"] == "flatten" else CALIBRATION_STEPS
    with torch.no_grad():
        for i in range(3):
            model(*arguments(row, number, 8, length, seed=1000 + i))
    return model.eval()
