"""Models that once broke something, and corners near them; each stays bit-exact for good."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
from brevitas import quant
from brevitas.inject.enum import FloatToIntImplType
from commit_choice import drawn
from torch import Tensor, nn

import gatewright

pytestmark = pytest.mark.compiles

SHIFTED = quant.ShiftedUint8ActPerTensorFloat
ACTIVATIONS = ("io", "gate_acc", "sigmoid", "tanh", "cell_state")


class Network(nn.Module):
    """One LSTM, its last step, a head."""

    def __init__(self, *head: nn.Module, inputs: int = 4, hidden: int = 5, **options: object):
        super().__init__()
        self.lstm = qnn.QuantLSTM(inputs, hidden, batch_first=True, **options)
        self.head = nn.Sequential(*head)

    def forward(self, x: Tensor) -> Tensor:
        out, _ = self.lstm(x)
        return self.head(out[:, -1])


class Stacked(nn.Module):
    """Two layers as two modules."""

    def __init__(self) -> None:
        super().__init__()
        self.lower = qnn.QuantLSTM(4, 5, batch_first=True)
        self.upper = qnn.QuantLSTM(5, 3, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.upper(self.lower(x)[0])[0]


def rounding(mode: str) -> nn.Module:
    kind = FloatToIntImplType[mode.upper()]
    return Network(**{f"{name}_float_to_int_impl_type": kind for name in ACTIVATIONS})


def every_zero_point() -> nn.Module:
    return Network(
        qnn.QuantLinear(5, 3, bias=True),
        qnn.QuantIdentity(SHIFTED),
        qnn.QuantLinear(3, 2, bias=True),
        qnn.QuantReLU(SHIFTED),
        **{f"{name}_quant": SHIFTED for name in ACTIVATIONS},
    )


PER_CHANNEL = quant.Int8WeightPerChannelFloat


class DeadUnits(Network):
    """Per-channel weights whose rows shrink, as pruning and dead units leave them."""

    def __init__(self, factors: list[float], **options: object) -> None:
        super().__init__(
            qnn.QuantLinear(5, 5, bias=True, weight_quant=PER_CHANNEL, bias_quant=quant.Int32Bias),
            weight_quant=PER_CHANNEL,
            return_quant_tensor=True,
            **options,
        )
        self.factors = torch.tensor(factors)

    def forward(self, x: Tensor) -> Tensor:
        out, _ = self.lstm(x)
        return self.head(out)

    def shrink(self) -> None:
        for parameter in (p for p in self.parameters() if p.ndim == 2):
            parameter.mul_(self.factors[:, None])


MODELS: dict[str, Callable[[], nn.Module]] = {
    # qonnx knows rounding toward zero under another name
    "round_to_zero": lambda: rounding("round_to_zero"),
    "floor": lambda: rounding("floor"),
    "ceil": lambda: rounding("ceil"),
    # an Identity of the Scan's body had the name of a step of the binary search
    "wide": lambda: Network(**{f"{name}_bit_width": 12 for name in ACTIVATIONS}),
    # with a weight scale near 0 the integer bias needs more than 32 bits
    "weights_of_zero": Network,
    "zero_points": every_zero_point,
    "two_bits": lambda: Network(**{f"{name}_bit_width": 2 for name in (*ACTIVATIONS, "weight")}),
    # the reader took a state's range from its datatype, wider than what the tables hold
    "datatype_wider_than_range": lambda: DeadUnits(
        [0.1] * 5, io_quant=SHIFTED, io_bit_width=12, bias=False
    ),
    "one_by_one": lambda: Network(inputs=1, hidden=1),
    "narrow": lambda: Network(**{f"{name}_narrow_range": True for name in ACTIVATIONS}),
    "two_modules": Stacked,
    # products of the search for multipliers left int64
    "one_dead_unit": lambda: DeadUnits([0.0, 1.0, 1.0, 1.0, 1.0]),
    "one_tiny_unit": lambda: DeadUnits([1e-8, 1.0, 1.0, 1.0, 1.0]),
    "units_of_all_sizes": lambda: DeadUnits([1e-20, 1e-12, 1e-6, 1.0, 1e10]),
}


@pytest.mark.parametrize("name", drawn(MODELS, 2, "rotating"))
def test_it_is_bit_exact(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = MODELS[name]().train()
    inputs = 1 if name == "one_by_one" else 4
    with torch.no_grad():
        for _ in range(3):
            model(torch.randn(16, 7, inputs))
        if name == "weights_of_zero":
            for parameter in (p for p in model.parameters() if p.ndim == 2):
                parameter.zero_()
        if isinstance(model, DeadUnits):
            model.shrink()
    model.eval()
    x = np.random.default_rng(0).normal(size=(32, 7, inputs)).astype(np.float32)
    build = gatewright.compile(model, torch.from_numpy(x[:1]), tmp_path / "build")
    report = build.verify(x, model=model)
    assert report.mismatches == 0, report.divergence
