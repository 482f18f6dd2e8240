"""Models with windows over time, as people write them, calibrated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
from brevitas import quant
from torch import Tensor, nn

C, F, H, T = 3, 5, 4, 11
IO = {"input_quant": quant.Int8ActPerTensorFloat}


class Shifted(quant.ShiftedUint8ActPerTensorFloat):
    """An activation quantizer with a zero point."""


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
        axes: Those of its input: ``BTF``, ``TBF`` or ``BFT``.
        least: The shortest sequence that it takes.
        fixed: Whether it takes no other length than the example's.
    """

    make: Callable[[], Net]
    axes: str = "BTF"
    least: int = 1
    fixed: bool = False

    def inputs(self, sequences: int, steps: int = T, seed: int = 0) -> np.ndarray:
        """Random sequences in the layout of the model."""
        x = np.random.default_rng(seed).normal(0, 1.5, (sequences, steps, C)).astype(np.float32)
        return np.ascontiguousarray(x.transpose(["BTF".index(axis) for axis in self.axes]))


def conv(inputs: int = C, outputs: int = F, kernel: int = 3, **options: Any) -> nn.Module:
    return qnn.QuantConv1d(inputs, outputs, kernel, **{"bias": True, **IO, **options})


def lstm(inputs: int = F, **options: Any) -> nn.Module:
    return qnn.QuantLSTM(inputs, H, **{"batch_first": True, **options})


def front(m: Any, x: Tensor) -> Tensor:
    """Behind a convolution in front of a layer: every step."""
    return m.lstm(m.act(m.conv(x.transpose(1, 2))).transpose(1, 2))[0]


def before(**options: Any) -> Net:
    """A convolution in front of a layer."""
    return Net(
        lambda m, x: m.fc(front(m, x)),
        conv=conv(**options),
        act=qnn.QuantReLU(bit_width=6),
        lstm=lstm(options.get("outputs", F)),
        fc=qnn.QuantLinear(H, 2, bias=True),
    )


CASES: dict[str, Case] = {
    "plain": Case(before, least=3),
    "padding": Case(lambda: before(padding=1)),
    "same": Case(lambda: before(kernel=4, padding="same", dilation=2)),
    "stride": Case(lambda: before(stride=2), least=3),
    "stride_and_padding": Case(lambda: before(kernel=5, stride=3, padding=2)),
    "dilation": Case(lambda: before(dilation=3, padding=2), least=3),
    "groups": Case(
        lambda: before(outputs=6, groups=3, weight_quant=quant.Int8WeightPerChannelFloat, padding=1)
    ),
    "pointwise": Case(lambda: before(kernel=1)),
    "no_bias_last_step": Case(
        lambda: Net(
            lambda m, x: m.fc(front(m, x)[:, -1]),
            conv=conv(bias=False, padding=1, output_quant=quant.Int8ActPerTensorFloat),
            act=nn.Identity(),
            lstm=lstm(),
            fc=qnn.QuantLinear(H, 2, bias=True, bias_quant=quant.Int32Bias, **IO),
        )
    ),
    "zero_point": Case(lambda: before(padding=2, kernel=3, stride=2, input_quant=Shifted)),
    "channels_first_input": Case(
        lambda: Net(
            lambda m, x: m.fc(m.lstm(m.act(m.conv(m.quant(x))).permute(0, 2, 1))[0][:, -1]),
            quant=qnn.QuantIdentity(Shifted, return_quant_tensor=True),
            conv=conv(input_quant=None, padding=1, bias_quant=quant.Int32Bias),
            act=qnn.QuantReLU(),
            lstm=lstm(),
            fc=qnn.QuantLinear(H, 2, bias=True),
        ),
        "BFT",
    ),
    "time_major": Case(
        lambda: Net(
            lambda m, x: m.lstm(m.act(m.conv(x.permute(1, 2, 0))).permute(2, 0, 1))[0],
            conv=conv(stride=2, padding=1),
            act=qnn.QuantTanh(),
            lstm=lstm(batch_first=False),
        ),
        "TBF",
    ),
    "channels_first_time_major": Case(
        lambda: Net(
            lambda m, x: m.lstm(m.act(m.conv(x)).permute(2, 0, 1)),
            conv=conv(),
            act=qnn.QuantTanh(bit_width=5),
            lstm=lstm(batch_first=False),
        ),
        "BFT",
        least=3,
    ),
    "behind": Case(
        lambda: Net(
            lambda m, x: m.act(m.conv(m.lstm(x)[0].transpose(1, 2))).transpose(1, 2),
            lstm=lstm(C),
            conv=conv(H, 3, padding=1, **{"input_quant": None}),
            act=qnn.QuantTanh(),
        )
    ),
    "behind_channels_first": Case(
        lambda: Net(
            lambda m, x: m.conv(m.lstm(x)[0].transpose(1, 2)),
            lstm=lstm(C),
            conv=conv(H, 3, stride=2, weight_quant=quant.Int8WeightPerChannelFloat),
        ),
        least=3,
    ),
    "quantized_channels_first": Case(
        lambda: Net(
            lambda m, x: m.lstm(m.act(m.conv(m.quant(x.transpose(1, 2)))).transpose(1, 2))[0],
            quant=qnn.QuantIdentity(bit_width=6),
            conv=conv(kernel=2, padding=1, input_quant=None),
            act=qnn.QuantReLU(bit_width=6),
            lstm=lstm(),
        )
    ),
    "causal": Case(
        lambda: Net(
            lambda m, x: m.lstm(m.act(m.conv(nn.functional.pad(x.mT, (4, 0)))).mT)[0],
            conv=conv(dilation=2, input_quant=Shifted),
            act=qnn.QuantReLU(bit_width=6),
            lstm=lstm(),
        )
    ),
    "padded_on_one_side": Case(
        lambda: Net(
            lambda m, x: m.lstm(m.act(m.conv(m.pad(m.quant(x).transpose(1, 2)))).mT)[0],
            quant=qnn.QuantIdentity(bit_width=6),
            pad=nn.ConstantPad1d((0, 2), 0.0),
            conv=conv(kernel=4, stride=2, padding=1, input_quant=None),
            act=qnn.QuantReLU(bit_width=6),
            lstm=lstm(),
        )
    ),
    "both_directions": Case(
        lambda: before_two_directions(),
        least=3,
    ),
    "two_in_a_row": Case(
        lambda: Net(
            lambda m, x: m.lstm(m.b(m.conv2(m.a(m.conv(x.mT)))).mT)[0],
            conv=conv(kernel=3, stride=2, padding=1),
            a=qnn.QuantReLU(bit_width=5),
            conv2=conv(F, 4, kernel=2, stride=2, **{"input_quant": None}),
            b=qnn.QuantReLU(bit_width=5),
            lstm=lstm(4),
        ),
        least=3,
    ),
    "batch_norm": Case(
        lambda: Net(
            lambda m, x: m.lstm(m.act(m.norm(m.conv(x.transpose(1, 2)))).transpose(1, 2))[0],
            conv=conv(padding=1),
            norm=norm(F),
            act=qnn.QuantReLU(bit_width=6),
            lstm=lstm(),
        )
    ),
    "max_pool": Case(
        lambda: Net(
            lambda m, x: m.lstm(m.pool(m.act(m.conv(x.transpose(1, 2)))).transpose(1, 2))[0],
            conv=conv(padding=1),
            act=qnn.QuantTanh(),
            pool=nn.MaxPool1d(3, stride=2, padding=1),
            lstm=lstm(),
        )
    ),
    "average_pool": Case(
        lambda: Net(
            lambda m, x: m.lstm(m.pool(m.act(m.conv(x.transpose(1, 2)))).transpose(1, 2))[0],
            conv=conv(padding=1),
            act=qnn.QuantTanh(Shifted),
            pool=nn.AvgPool1d(3, 2, 1),
            lstm=lstm(),
        )
    ),
    "pools_behind": Case(
        lambda: Net(
            lambda m, x: m.fc(m.largest(m.average(m.lstm(x)[0].mT)).mT[:, -1]),
            lstm=lstm(C),
            average=nn.AvgPool1d(2),
            largest=nn.MaxPool1d(2, return_indices=False),
            fc=qnn.QuantLinear(H, 2, bias=True, **IO),
        ),
        least=4,
    ),
    "mean_of_windows": Case(
        lambda: Net(
            lambda m, x: m.out(front(m, x).mean(dim=1)),
            conv=conv(stride=2),
            act=qnn.QuantReLU(bit_width=6),
            lstm=lstm(),
            out=qnn.QuantIdentity(),
        ),
        fixed=True,
        least=3,
    ),
    "flattened": Case(
        lambda: Net(
            lambda m, x: m.fc(front(m, x).flatten(1)),
            conv=conv(stride=2, kernel=2),
            act=qnn.QuantReLU(bit_width=6),
            lstm=lstm(),
            fc=qnn.QuantLinear(5 * H, 2, bias=True),
        ),
        fixed=True,
        least=2,
    ),
}


def before_two_directions() -> Net:
    return Net(
        lambda m, x: m.fc(front(m, x)),
        conv=conv(stride=2),
        act=qnn.QuantReLU(bit_width=6),
        lstm=lstm(bidirectional=True, shared_input_hidden_weights=False),
        fc=qnn.QuantLinear(2 * H, 2, bias=True),
    )


def norm(features: int) -> nn.Module:
    """A BatchNorm1d with weights of either sign, one 0."""
    module = nn.BatchNorm1d(features)
    with torch.no_grad():
        module.weight.uniform_(-1.5, 1.5)
        module.bias.uniform_(-0.5, 0.5)
        module.weight[0] = 0.0
    return module


def make(case: Case, seed: int = 0) -> Net:
    """Its model, calibrated, in eval mode."""
    torch.manual_seed(seed)
    model = case.make().train()
    with torch.no_grad():
        for i in range(3):
            model(torch.from_numpy(case.inputs(16, seed=100 + i)))
    return model.eval()
