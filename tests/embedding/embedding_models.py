"""Models that look integers up, as people write them, calibrated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from brevitas import quant
from torch import Tensor, nn

N, H, T = 11, 4, 6


class Net(nn.Module):
    """Modules, and what a function of (self, x) makes of them."""

    def __init__(self, forward: Callable[[Any, Tensor], Any], **modules: nn.Module) -> None:
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


@dataclass(frozen=True)
class Case:
    """A model.

    Attributes:
        make: Builds it.
        rows: How many integers it takes.
        time_major: Whether its input is [T, B].
    """

    make: Callable[[], Net]
    rows: int = N
    time_major: bool = False

    def inputs(self, sequences: int, steps: int = T, seed: int = 0) -> np.ndarray:
        """Random sequences in the layout of the model, the first and the last row among them."""
        x = np.random.default_rng(seed).integers(0, self.rows, (sequences, steps))
        x.flat[0], x.flat[-1] = 0, self.rows - 1
        return np.ascontiguousarray(x.T) if self.time_major else x


def lstm(inputs: int, **options: Any) -> nn.Module:
    return qnn.QuantLSTM(inputs, H, **{"batch_first": True, **options})


def scores(**options: Any) -> nn.Module:
    return qnn.QuantLinear(H, 3, bias=True, **options)


def padded() -> nn.Module:
    """Rows of 4 bits, that of index 0 all zeros."""
    return qnn.QuantEmbedding(N, 5, padding_idx=0, weight_bit_width=4)


CASES: dict[str, Case] = {
    "every_step": Case(
        lambda: Net(
            lambda m, x: m.fc(m.lstm(m.emb(x))[0]),
            emb=qnn.QuantEmbedding(N, 5),
            lstm=lstm(5),
            fc=scores(),
        )
    ),
    "last_step_of_both_directions": Case(
        lambda: Net(
            lambda m, x: m.fc(m.lstm(m.quant(m.emb(x.long())))[0][:, -1]),
            emb=padded(),
            quant=qnn.QuantIdentity(bit_width=6),
            lstm=lstm(5, bidirectional=True, num_layers=2),
            fc=qnn.QuantLinear(2 * H, 3, bias=True),
        )
    ),
    "time_major": Case(
        lambda: Net(
            lambda m, x: m.lstm(m.emb(x))[0],
            emb=qnn.QuantEmbedding(16, 3),
            lstm=qnn.QuantRNN(3, H, nonlinearity="relu"),
        ),
        rows=16,
        time_major=True,
    ),
    "turned_round": Case(
        lambda: Net(
            lambda m, x: m.lstm(m.emb(x.view(x.size(0), -1).t().contiguous()))[0],
            emb=qnn.QuantEmbedding(N, 3),
            lstm=qnn.QuantLSTM(3, H),
        )
    ),
    "one_hot": Case(
        lambda: Net(lambda m, x: m.lstm(F.one_hot(x, N).float())[0], lstm=lstm(N)),
    ),
    "one_hot_of_a_linear_layer": Case(
        lambda: Net(
            lambda m, x: m.fc(m.lstm(m.act(m.inp(F.one_hot(x, N).to(torch.float32))))[0]),
            inp=qnn.QuantLinear(N, 6, bias=True, weight_quant=quant.Int8WeightPerChannelFloat),
            act=qnn.QuantReLU(),
            lstm=lstm(6),
            fc=scores(),
        )
    ),
    "two_tables": Case(
        lambda: Net(
            lambda m, x: m.lstm(torch.cat([m.quant(m.emb(x)), m.quant(m.other(x))], -1))[0],
            emb=qnn.QuantEmbedding(N, 3),
            other=qnn.QuantEmbedding(7, 2),
            quant=qnn.QuantIdentity(),
            lstm=lstm(5),
        ),
        rows=7,
    ),
    "a_scale_that_a_bias_needs": Case(
        lambda: Net(
            lambda m, x: m.lstm(m.act(m.inp(m.emb(x))))[0],
            emb=qnn.QuantEmbedding(N, 5, return_quant_tensor=True),
            inp=qnn.QuantLinear(5, 6, bias=True, bias_quant=quant.Int32Bias),
            act=qnn.QuantTanh(),
            lstm=lstm(6),
        )
    ),
    "windows": Case(
        lambda: Net(
            lambda m, x: m.lstm(m.act(m.conv(m.emb(x).transpose(1, 2))).transpose(1, 2))[0],
            emb=qnn.QuantEmbedding(N, 4),
            conv=qnn.QuantConv1d(4, 5, 3, padding=1, bias=True),
            act=qnn.QuantReLU(),
            lstm=lstm(5),
        )
    ),
}


def make(case: Case) -> Net:
    """The model, its scales collected from data."""
    torch.manual_seed(0)
    model = case.make().train()
    with torch.no_grad():
        for seed in range(4):
            model(torch.from_numpy(case.inputs(32, seed=seed)))
    return model.eval()
