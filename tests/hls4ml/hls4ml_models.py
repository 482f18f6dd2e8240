"""Models around recurrent layers, with power-of-two scales where they meet layers of hls4ml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
from brevitas.quant import (
    Int8ActPerTensorFixedPoint,
    Int8ActPerTensorFloat,
    Int8WeightPerTensorFixedPoint,
    Int8WeightPerTensorFloat,
    Uint8ActPerTensorFloat,
)
from torch import nn

T, I, H = 6, 3, 5  # noqa: E741 - the field's names
SEQUENCES = 64

Forward = Callable[[Any, torch.Tensor], torch.Tensor]

LSTM = {
    "io_quant": Int8ActPerTensorFixedPoint,
    "weight_quant": Int8WeightPerTensorFloat,
    "gate_acc_quant": Int8ActPerTensorFloat,
    "sigmoid_quant": Uint8ActPerTensorFloat,
    "tanh_quant": Int8ActPerTensorFloat,
    "cell_state_quant": Int8ActPerTensorFloat,
}
"""Inside, scales are what calibration made them."""
RNN = {name: LSTM[name] for name in ("io_quant", "weight_quant", "gate_acc_quant")}
KINDS = {"lstm": (qnn.QuantLSTM, LSTM), "rnn": (qnn.QuantRNN, RNN)}
LAST: dict[str, Forward] = {
    "all": lambda m, x: m.rnn(x)[0],
    "last": lambda m, x: m.rnn(x)[0][:, -1],
}


def widths(kind: str, bits: int) -> dict[str, int]:
    """Every quantizer of a layer at the same width."""
    return {name.replace("_quant", "_bit_width"): bits for name in KINDS[kind][1]}


def layer(kind: str, bits: int = 8, **options: Any) -> nn.Module:
    cls, quantizers = KINDS[kind]
    return cls(
        options.pop("inputs", I),
        options.pop("hidden", H),
        batch_first=True,
        **{**quantizers, **widths(kind, bits), **options},
    )


def linear(inputs: int, outputs: int, **options: Any) -> nn.Module:
    quant = {"weight_quant": Int8WeightPerTensorFixedPoint, "bias": True, **options}
    return qnn.QuantLinear(inputs, outputs, **quant)


class Model(nn.Module):
    """Modules by name, and what a function of (self, input) makes of them."""

    def __init__(self, forward: Forward, **modules: nn.Module) -> None:
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)
        self._forward = forward

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._forward(self, x)


def calibrated(model: nn.Module, shape: tuple[int, ...] = (T, I)) -> nn.Module:
    """In eval mode; what its quantizers have seen is what ``sequences`` gives, by and large."""
    model.train()
    with torch.no_grad():
        for seed in range(3):
            model(torch.from_numpy(sequences(8, seed, shape)))
    return model.eval()


def sequences(count: int, seed: int, shape: tuple[int, ...] = (T, I)) -> np.ndarray:
    """Random sequences; a few values lie far outside of any range, a few on ties."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1.0, (count, *shape))
    x = np.where(rng.random(x.shape) < 0.02, 10 * x, x)
    return np.where(rng.random(x.shape) < 0.1, np.round(x * 256) / 256, x).astype(np.float32)
