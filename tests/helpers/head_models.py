"""Calibrated models with one head each: what may stand behind a recurrent layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
from brevitas import quant
from torch import Tensor, nn

I, H, T = 3, 6, 5  # noqa: E741 - the field's names

Forward = Callable[["Head", Tensor], Tensor]


class Head(nn.Module):
    """A QuantLSTM and what a function of (self, its output) makes of it."""

    def __init__(self, forward: Forward, batch_first: bool = True, **modules: nn.Module) -> None:
        super().__init__()
        self.lstm = qnn.QuantLSTM(I, H, batch_first=batch_first)
        for name, module in modules.items():
            self.add_module(name, module)
        self._forward = forward

    def forward(self, x: Tensor) -> Tensor:
        out, _ = self.lstm(x)
        return self._forward(self, out)


def inputs(sequences: int, batch_first: bool = True, seed: int = 0, steps: int = T) -> np.ndarray:
    """Random sequences in the layout of the model."""
    x = np.random.default_rng(seed).normal(0, 1.5, (sequences, steps, I)).astype(np.float32)
    return x if batch_first else np.ascontiguousarray(np.swapaxes(x, 0, 1))


def linear(inputs: int = H, outputs: int = 5, **options: Any) -> nn.Module:
    """A QuantLinear with a float bias."""
    return qnn.QuantLinear(inputs, outputs, bias=True, **options)


def steep(**options: Any) -> nn.Module:
    """A QuantLinear whose sums go beyond 3 and -3."""
    layer = linear(**options)
    with torch.no_grad():
        layer.weight.mul_(12)
        layer.bias.mul_(4)
    return layer


def batch_norm(features: int, affine: bool = True, eps: float = 1e-5) -> nn.Module:
    """A BatchNorm1d with weights of either sign, one 0, one with a perfect square inside."""
    norm = nn.BatchNorm1d(features, affine=affine, eps=eps)
    if affine:
        with torch.no_grad():
            norm.weight.uniform_(-1.5, 1.5)
            norm.bias.uniform_(-0.5, 0.5)
            norm.weight[0], norm.weight[1] = 0.0, -0.75
    return norm


class Shifted(quant.ShiftedUint8ActPerTensorFloat):
    """An activation quantizer with a zero point."""


def last(m: Head, out: Tensor) -> Tensor:
    return out[:, -1]


PER_CHANNEL = {"weight_quant": quant.Int8WeightPerChannelFloat}
INTEGER_BIAS = {"bias_quant": quant.Int32Bias, "input_quant": quant.Int8ActPerTensorFloat}

HEADS: dict[str, Callable[[], Head]] = {
    "sigmoid_of_codes": lambda: Head(lambda m, o: m.act(o[:, -1]), act=qnn.QuantSigmoid()),
    "tanh_of_every_step": lambda: Head(lambda m, o: m.act(o), act=qnn.QuantTanh(bit_width=6)),
    "sigmoid_of_a_sum": lambda: Head(
        lambda m, o: m.act(m.fc(o[:, -1])), fc=linear(), act=qnn.QuantSigmoid()
    ),
    "tanh_of_channels": lambda: Head(
        lambda m, o: m.act(m.fc(o)), fc=linear(**PER_CHANNEL), act=qnn.QuantTanh()
    ),
    "tanh_with_zero_point": lambda: Head(
        lambda m, o: m.act(m.fc(o[:, -1])), fc=linear(), act=qnn.QuantTanh(Shifted)
    ),
    "sigmoid_with_input_quantizer": lambda: Head(
        lambda m, o: m.fc2(m.act(m.fc(o[:, -1]))),
        fc=linear(),
        act=qnn.QuantSigmoid(input_quant=quant.Int8ActPerTensorFloat, return_quant_tensor=True),
        fc2=qnn.QuantLinear(5, 3, bias=True, bias_quant=quant.Int32Bias),
    ),
    "hardsigmoid_of_codes": lambda: Head(
        lambda m, o: m.out(m.act(o[:, -1])), act=nn.Hardsigmoid(), out=qnn.QuantIdentity()
    ),
    "hardsigmoid_of_a_sum": lambda: Head(
        lambda m, o: m.out(m.act(m.fc(o[:, -1]))),
        fc=steep(),
        act=nn.Hardsigmoid(),
        out=qnn.QuantIdentity(quant.Uint8ActPerTensorFloat),
    ),
    "hardsigmoid_of_channels": lambda: Head(
        lambda m, o: m.out(m.act(m.fc(o))),
        batch_first=False,
        fc=steep(**PER_CHANNEL),
        act=nn.Hardsigmoid(),
        out=qnn.QuantIdentity(Shifted),
    ),
    "hardsigmoid_between": lambda: Head(
        lambda m, o: m.fc2(m.out(m.act(m.fc(o[:, -1])))),
        fc=steep(output_quant=quant.Int8ActPerTensorFloat, return_quant_tensor=True),
        act=nn.Hardsigmoid(),
        out=qnn.QuantIdentity(bit_width=6, return_quant_tensor=True),
        fc2=qnn.QuantLinear(5, 3, bias=True, bias_quant=quant.Int32Bias),
    ),
    "hard_tanh": lambda: Head(
        lambda m, o: m.act(m.fc(o[:, -1])),
        fc=linear(),
        act=qnn.QuantHardTanh(min_val=-0.25, max_val=0.25, bit_width=5),
    ),
    "batch_norm_of_codes": lambda: Head(
        lambda m, o: m.act(m.norm(o[:, -1])), norm=batch_norm(H), act=qnn.QuantIdentity()
    ),
    "batch_norm_of_a_sum": lambda: Head(
        lambda m, o: m.act(m.norm(m.fc(o[:, -1]))),
        fc=linear(**PER_CHANNEL),
        norm=batch_norm(5, eps=0.25),
        act=qnn.QuantReLU(bit_width=6),
    ),
    "batch_norm_then_tanh": lambda: Head(
        lambda m, o: m.act(m.norm(m.fc(o[:, -1]))),
        fc=linear(),
        norm=batch_norm(5, affine=False),
        act=qnn.QuantTanh(),
    ),
    "batch_norm_last": lambda: Head(lambda m, o: m.norm(o[:, -1]), norm=batch_norm(H)),
    "mean": lambda: Head(
        lambda m, o: m.fc(m.act(o.mean(dim=1))), act=qnn.QuantIdentity(), fc=linear()
    ),
    "mean_time_major": lambda: Head(
        lambda m, o: m.act(torch.mean(o, 0)), batch_first=False, act=qnn.QuantIdentity(bit_width=6)
    ),
    "mean_of_sums": lambda: Head(
        lambda m, o: m.act(m.norm(m.fc(o).mean(1))),
        fc=linear(),
        norm=batch_norm(5),
        act=qnn.QuantSigmoid(),
    ),
    "mean_last": lambda: Head(lambda m, o: o.mean(dim=1)),
    "max": lambda: Head(lambda m, o: m.fc(o.max(dim=1).values), fc=linear()),
    "max_time_major": lambda: Head(
        lambda m, o: m.fc(torch.max(o, dim=0)[0]), batch_first=False, fc=linear()
    ),
    "max_of_sums": lambda: Head(
        lambda m, o: m.act(torch.amax(m.fc(o), dim=1)), fc=linear(), act=qnn.QuantTanh()
    ),
    "argmax_of_codes": lambda: Head(
        lambda m, o: m.act(m.fc(o[:, -1])).argmax(dim=-1),
        fc=linear(),
        act=qnn.QuantIdentity(bit_width=3),
    ),
    "argmax_of_sums": lambda: Head(
        lambda m, o: torch.argmax(m.fc(o[:, -1]), 1), fc=linear(**INTEGER_BIAS)
    ),
    "argmax_of_every_step": lambda: Head(
        lambda m, o: m.act(m.fc(o)).argmax(-1),
        batch_first=False,
        fc=linear(),
        act=qnn.QuantTanh(bit_width=4),
    ),
    "linear_layers": lambda: Head(
        lambda m, o: m.c(m.b(m.a(o[:, -1]))),
        a=linear(H, 7, output_quant=quant.Int8ActPerTensorFloat),
        b=linear(7, 6, output_quant=quant.Int8ActPerTensorFloat, **PER_CHANNEL),
        c=linear(6, 4),
    ),
}


def make(name: str, seed: int = 0) -> Head:
    """The calibrated model of a head, in eval mode."""
    return calibrated(HEADS[name], seed)


def calibrated(build: Callable[[], Head], seed: int = 0) -> Head:
    """The model that a function builds, calibrated, in eval mode."""
    torch.manual_seed(seed)
    model = build().train()
    batch_first = bool(model.lstm.layers[0][0].cell.batch_first)
    with torch.no_grad():
        for i in range(3):
            model(torch.from_numpy(inputs(16, batch_first, seed=100 + i)))
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.running_var[2] = 0.5 - module.eps  # a root that may be rational
    return model.eval()
