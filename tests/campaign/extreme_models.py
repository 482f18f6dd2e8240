"""Seeded models at the ends of what float32 and the quantizers can do: dead, tiny, huge, saturated.

Every quantizer draws its own bits, rounding and zero point. After calibration its scale is moved by
a power of ten, so that what reaches it is far below its first code, or far above its last.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
from brevitas import quant
from brevitas.inject.enum import FloatToIntImplType, RestrictValueType
from torch import Tensor, nn

ROUNDINGS = ("ROUND", "FLOOR", "CEIL", "ROUND_TO_ZERO")
WEIGHT_EXPONENTS = (0, 0, 0, -1, -3, -5, -7, -9, -12, -18, -30, 1, 2, 4, 6)
SCALE_EXPONENTS = (-1, -1, 1, 1, -2, 2, -3, 3, -4, 4, -6, 6, -9, 9, -12, 12, -20, -28, -36)
SMALLEST = (1e-10, 1e-20, 1e-37, 1e-40)
"""Of the range of a quantizer. Of 16 bits, its scale is then about the smallest float."""
MOVED = (0.0, 0.0, 0.15, 0.3, 0.6)
"""Shares of a model's quantizers whose scale is moved."""
INPUT_SCALES = (1e-4, 0.03, 1.0, 30.0)
SEQUENCES = 24

HEADS = (
    "none",
    "none",
    "codes",
    "linear",
    "linear",
    "quantized",
    "relu",
    "sigmoid",
    "tanh",
    "hard_tanh",
    "hardsigmoid",
    "norm",
    "mean",
    "max",
    "flatten",
    "both",
    "argmax",
)


class Draw:
    """Draws of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed, self._random = seed, random.Random(f"extreme-{seed}")
        self.integer_biases = self.chance(0.4)
        """Their scale is a product of two, which must not underflow: no scale is tiny then."""

    def of(self, choices: Any) -> Any:
        """One of several."""
        return self._random.choice(choices)

    def chance(self, share: float) -> bool:
        """True in that share of cases."""
        return self._random.random() < share

    def bits(self) -> int:
        """2 to 16, the ends more often."""
        return int(self.of((2, 3, 4, 5, 6, 7, 8, 8, 9, 10, 11, 12, 13, 14, 15, 16, 16)))

    def bias(self) -> str:
        """A kind of bias."""
        return str(self.of(("int", "int", "none") if self.integer_biases else ("float", "none")))

    def near(self, exponents: tuple[int, ...]) -> float:
        """A number about a power of ten."""
        exponent = max(self.of(exponents), -12 if self.integer_biases else -40)
        return float(10.0**exponent * self._random.uniform(1, 9.99))

    def smallest(self) -> float:
        """The least range of a quantizer."""
        return float(self.of(SMALLEST[:1] if self.integer_biases else SMALLEST))

    def activation(self, prefix: str = "", kind: str = "signed") -> dict[str, Any]:
        """Options of one activation quantizer, under a prefix as Brevitas spells it."""
        quantizers = {
            "signed": quant.Int8ActPerTensorFloat,
            "unsigned": quant.Uint8ActPerTensorFloat,
            "shifted": quant.ShiftedUint8ActPerTensorFloat,
        }
        if self.chance(0.25):
            kind = "shifted"
        options = {
            "bit_width": self.bits(),
            "float_to_int_impl_type": FloatToIntImplType[self.of(ROUNDINGS)],
            "scaling_min_val": self.smallest(),
        }
        if kind != "shifted" and self.chance(0.3):
            options["restrict_scaling_type"] = RestrictValueType.POWER_OF_TWO
            options["scaling_min_val"] = 2.0**-40
        return {"quant": quantizers[kind], **{prefix + k: v for k, v in options.items()}}

    def weight(self, channels: bool = True) -> dict[str, Any]:
        """Options of a weight quantizer, perhaps of one scale a channel."""
        channel = channels and self.chance(0.4)
        options: dict[str, Any] = {
            "weight_quant": quant.Int8WeightPerTensorFloat,
            "weight_scaling_per_output_channel": channel,
            "weight_bit_width": self.of((2, 3, 4, 8, 8, 8, 12, 16)),
            "weight_scaling_min_val": self.smallest(),
        }
        if self.chance(0.2):
            options["weight_quant"] = (
                quant.ShiftedUint8WeightPerChannelFloat
                if channel
                else quant.ShiftedUint8WeightPerTensorFloat
            )
        elif self.chance(0.3):
            options["weight_restrict_scaling_type"] = RestrictValueType.POWER_OF_TWO
            options["weight_scaling_min_val"] = 2.0**-60
        return options


def named(options: dict[str, Any], name: str, prefix: str | None = None) -> dict[str, Any]:
    """Options of an activation quantizer, as a layer with several of them takes them."""
    prefix = name if prefix is None else prefix
    return {
        f"{name}_quant" if key == "quant" else f"{prefix}_{key}": value
        for key, value in options.items()
    }


def recurrent(draw: Draw, inputs: int, hidden: int, layers: int, both: bool) -> Any:
    """A QuantLSTM or a QuantRNN."""
    lstm = draw.chance(0.7)
    bias = draw.bias()
    options = {
        "batch_first": True,
        "num_layers": layers,
        "bidirectional": both,
        "bias": bias != "none",
        "bias_quant": quant.Int32Bias if bias == "int" else None,
        **draw.weight(),
        **named(draw.activation(), "io"),
    }
    if not lstm:
        options |= named(draw.activation(), "gate_acc", "gate_acc_quant")
        return qnn.QuantRNN(inputs, hidden, nonlinearity=draw.of(("tanh", "relu")), **options)
    options |= named(draw.activation(), "gate_acc")
    options |= named(draw.activation(kind="unsigned"), "sigmoid")
    options |= named(draw.activation(), "tanh") | named(draw.activation(), "cell_state")
    options["coupled_input_forget_gates"] = draw.chance(0.2)
    return qnn.QuantLSTM(inputs, hidden, **options)


def linear(draw: Draw, inputs: int, outputs: int, *, channels: bool = True, **options: Any) -> Any:
    """A QuantLinear."""
    bias = draw.bias()
    if bias == "int" or draw.chance(0.2):  # an integer bias needs to know the scale of the input
        options |= named(draw.activation(), "input")
    return qnn.QuantLinear(
        inputs,
        outputs,
        bias=bias != "none",
        bias_quant=quant.Int32Bias if bias == "int" else None,
        **draw.weight(channels),
        **options,
    )


ACTIVATIONS = {
    "relu": (qnn.QuantReLU, "unsigned"),
    "sigmoid": (qnn.QuantSigmoid, "unsigned"),
    "tanh": (qnn.QuantTanh, "signed"),
    "codes": (qnn.QuantIdentity, "signed"),
}


def activation(draw: Draw, kind: str) -> Any:
    """An activation with its quantizer."""
    if kind == "hard_tanh":
        limit = draw.near((-3, -1, 0))
        return qnn.QuantHardTanh(min_val=-limit, max_val=limit, bit_width=draw.bits())
    if kind == "hardsigmoid":  # Brevitas has no layer of it
        return nn.Sequential(nn.Hardsigmoid(), activation(draw, "codes"))
    layer, sign = ACTIVATIONS[kind]
    options = draw.activation(kind=sign)
    return layer(act_quant=options.pop("quant"), **options)


class ExtremeModel(nn.Module):
    """A recurrent layer, perhaps another behind it, and a head."""

    def __init__(self, draw: Draw) -> None:
        super().__init__()
        self.inputs, self.hidden, self.steps = draw.of((1, 2, 3, 4)), draw.of((1, 2, 3)), 3
        layers, both = draw.of((1, 1, 1, 2)), draw.chance(0.2)
        self.rnn = recurrent(draw, self.inputs, self.hidden, layers, both)
        self.states = layers == 1 and not both and draw.chance(0.2)
        self.kind = draw.of(HEADS)
        width = self.hidden * (2 if both else 1)
        self.between = activation(draw, draw.of(("codes", "relu"))) if draw.chance(0.2) else None
        features = width * self.steps if self.kind == "flatten" else width
        output = draw.activation()
        self.fc = linear(
            draw,
            features,
            3,
            channels=self.kind != "argmax",  # which compares integers of one scale
            **(named(output, "output") if self.kind == "quantized" else {}),
        )
        self.norm = nn.BatchNorm1d(3)
        self.act = activation(
            draw, self.kind if self.kind in (*ACTIVATIONS, "hard_tanh", "hardsigmoid") else "codes"
        )
        self.last = linear(draw, 3, 2)

    def forward(self, x: Tensor, h: Tensor | None = None, c: Tensor | None = None) -> Any:
        """Branches depend on the draw only."""
        given = [state for state in (h, c) if state is not None]
        out = self.rnn(x, *given)[0]
        if self.between is not None:
            out = self.between(out)
        if self.kind == "none":
            return out
        if self.kind == "flatten":
            return self.fc(torch.flatten(out, 1))
        if self.kind == "mean":
            return self.act(out.mean(dim=1))
        if self.kind == "max":
            return self.act(torch.amax(out, dim=1))
        y = self.fc(out[:, -1])
        if self.kind in ("linear", "quantized"):
            return y
        if self.kind == "argmax":
            return y.argmax(dim=-1)
        if self.kind == "norm":
            y = self.norm(y)
        z = self.act(y)
        if self.kind == "both":
            return y, z
        return self.last(z)


def ranges(model: nn.Module) -> Iterator[Tensor]:
    """What calibration gave the quantizers of activations for a range."""
    for name, module in model.named_modules():
        if name.endswith("scaling_impl") and hasattr(module, "buffer"):
            yield module.buffer


def make(draw: Draw) -> ExtremeModel:
    """The model, calibrated on inputs of some scale and then moved, in eval mode."""
    torch.manual_seed(draw.seed)
    model = ExtremeModel(draw)
    with torch.no_grad():
        most = draw.near(WEIGHT_EXPONENTS)
        for name, parameter in model.named_parameters():
            if parameter.ndim >= 2:
                parameter.mul_(most if draw.chance(0.7) else draw.near(WEIGHT_EXPONENTS))
                if draw.chance(0.1):
                    parameter[0] = 0
            elif name.endswith("bias") and draw.chance(0.5):
                parameter.mul_(draw.near((-9, -4, -1, 1, 3)))
            elif name == "norm.weight":
                parameter.copy_(torch.randn(3) * draw.near((-3, -1, 0, 2)))
        model.train()
        reach = draw.near((-3, -1, 0, 0, 2))
        for _ in range(2):
            model(*arguments(model, reach * torch.ones(8, 1, 1)))
        model.eval()
        share = draw.of(MOVED)
        for range_ in ranges(model):
            if draw.chance(share):
                range_.mul_(draw.near(SCALE_EXPONENTS))
    model.reach = reach
    return model


def arguments(model: ExtremeModel, reach: Tensor) -> tuple[Tensor, ...]:
    """Random sequences, and states if it takes any, as large as reach [B, 1, 1] says."""
    batch = reach.shape[0]
    x = torch.randn(batch, model.steps, model.inputs) * reach
    count = (2 if isinstance(model.rnn, qnn.QuantLSTM) else 1) if model.states else 0
    return x, *(torch.randn(1, batch, model.hidden) * reach[:, 0] for _ in range(count))


def inputs(model: ExtremeModel) -> tuple[np.ndarray, ...]:
    """Arguments of several scales, below and above those of the calibration."""
    scales = torch.tensor(INPUT_SCALES).repeat(SEQUENCES // len(INPUT_SCALES))
    return tuple(a.numpy() for a in arguments(model, model.reach * scales[:, None, None]))
