"""Seeded random models over the whole range that Gatewright promises to compile."""

from __future__ import annotations

import random
from dataclasses import dataclass

import brevitas.nn as qnn
import numpy as np
import torch
from brevitas import quant
from torch import Tensor, nn

SCALES = ("float", "per_channel", "fixed_point", "fixed_point_per_channel")
HEADS = (
    "bare",
    "last",
    "linear",
    "linear_all_steps",
    "mlp",
    "identity",
    "flatten",
    "output_quant",
    "hardsigmoid",
)
BIASES = ("int32", "int8", "float", "none")
WEIGHTS = {
    "float": quant.Int8WeightPerTensorFloat,
    "per_channel": quant.Int8WeightPerChannelFloat,
    "fixed_point": quant.Int8WeightPerTensorFixedPoint,
    "fixed_point_per_channel": quant.Int8WeightPerTensorFixedPoint,
}
BIAS_QUANTS = {
    "int32": quant.Int32Bias,
    "int8": quant.Int8BiasPerTensorFloatInternalScaling,
    "float": None,
    "none": quant.Int32Bias,
}


@dataclass(frozen=True)
class Spec:
    """One random model."""

    seed: int
    I: int  # noqa: E741 - the field's name for the number of inputs
    H: int
    T: int
    B: int
    bits: tuple[int, ...]  # weight, io, gate_acc, sigmoid, tanh, cell_state, head
    scales: str
    bias: str
    head: str
    batch_first: bool
    amplitude: float

    @staticmethod
    def draw(seed: int) -> Spec:
        """The model of a seed."""
        rng = random.Random(seed)
        head = HEADS[seed % len(HEADS)]
        return Spec(
            seed=seed,
            I=rng.randint(1, 40),
            H=rng.randint(1, 64),
            T=rng.randint(1, 40),
            B=rng.randint(1, 16),
            bits=tuple(rng.randint(2, 8) for _ in range(7)),
            scales=SCALES[(seed // len(HEADS)) % len(SCALES)],
            bias=rng.choice(BIASES),
            head=head,
            batch_first=head == "flatten" or rng.random() < 0.5,
            amplitude=10 ** rng.uniform(-1, 1),
        )

    def shape(self, sequences: int) -> tuple[int, int, int]:
        """Input shape in the model's layout."""
        first, second = (sequences, self.T) if self.batch_first else (self.T, sequences)
        return first, second, self.I

    def inputs(self, sequences: int, seed: int = 0) -> np.ndarray:
        """Random inputs, a few of them far outside the quantizer's range."""
        rng = np.random.default_rng([self.seed, seed])
        x = rng.normal(0, self.amplitude, self.shape(sequences))
        return np.where(rng.random(x.shape) < 0.02, x * 10, x).astype(np.float32)


class RandomModel(nn.Module):
    """An LSTM and one of the supported heads."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        weight, io, acc, sigmoid, tanh, cell, head = spec.bits
        fixed = spec.scales.startswith("fixed")
        act = quant.Int8ActPerTensorFixedPoint if fixed else quant.Int8ActPerTensorFloat
        unsigned = quant.Uint8ActPerTensorFixedPoint if fixed else quant.Uint8ActPerTensorFloat
        self.lstm = qnn.QuantLSTM(
            spec.I,
            spec.H,
            batch_first=spec.batch_first,
            bias=spec.bias != "none",
            weight_quant=WEIGHTS[spec.scales],
            bias_quant=BIAS_QUANTS[spec.bias],
            io_quant=act,
            gate_acc_quant=act,
            sigmoid_quant=unsigned,
            tanh_quant=act,
            cell_state_quant=act,
            weight_bit_width=weight,
            weight_scaling_per_output_channel=spec.scales.endswith("per_channel"),
            io_bit_width=io,
            gate_acc_bit_width=acc,
            sigmoid_bit_width=sigmoid,
            tanh_bit_width=tanh,
            cell_state_bit_width=cell,
        )
        linear = {
            "weight_quant": WEIGHTS[spec.scales],
            "weight_bit_width": head,
            "weight_scaling_per_output_channel": spec.scales.endswith("per_channel"),
        }
        features = spec.H * spec.T if spec.head == "flatten" else spec.H
        self.identity = qnn.QuantIdentity(act, bit_width=io) if spec.head == "identity" else None
        self.flatten = nn.Flatten()
        self.dropout = nn.Dropout(0.1)
        output = {"output_quant": act, "output_bit_width": head}
        self.fc1 = qnn.QuantLinear(
            features, 7, bias=True, **linear, **(output if spec.head == "output_quant" else {})
        )
        self.relu = qnn.QuantReLU(unsigned, bit_width=head, return_quant_tensor=True)
        self.hardsigmoid = nn.Hardsigmoid()
        self.quantized = qnn.QuantIdentity(act, bit_width=head, return_quant_tensor=True)
        self.fc2 = qnn.QuantLinear(7, 3, bias=True, bias_quant=quant.Int32Bias, **linear)

    def forward(self, x: Tensor) -> Tensor:
        """Branches depend on the spec only."""
        head = self.spec.head
        if self.identity is not None:
            x = self.identity(x)
        out, _ = self.lstm(x)
        if head == "bare":
            return out
        if head == "linear_all_steps":
            return self.fc1(out)
        if head == "flatten":
            return self.fc1(self.flatten(out))
        out = out[:, -1] if self.spec.batch_first else out[-1]
        if head == "last":
            return out
        if head == "mlp":
            return self.fc2(self.dropout(self.relu(self.fc1(out))))
        if head == "hardsigmoid":
            return self.fc2(self.quantized(self.hardsigmoid(self.fc1(out))))
        return self.fc1(out)


def make(spec: Spec) -> RandomModel:
    """The calibrated model, in eval mode."""
    torch.manual_seed(spec.seed)
    model = RandomModel(spec)
    model.train()
    with torch.no_grad():
        for i in range(3):
            model(torch.from_numpy(spec.inputs(8, seed=1000 + i)))
    return model.eval()
