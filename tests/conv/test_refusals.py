"""What windows over time are refused, and told."""

from __future__ import annotations

from collections.abc import Callable

import brevitas.nn as qnn
import pytest
import torch
from conv_models import CASES, Case, F, H, Net, conv, lstm, make
from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend import trace


def pooled(pool: nn.Module) -> Net:
    return Net(
        lambda m, x: m.lstm(m.pool(m.quant(x.mT)).mT)[0],
        quant=qnn.QuantIdentity(),
        pool=pool,
        lstm=lstm(3),
    )


def convolved(**options: object) -> Net:
    return Net(
        lambda m, x: m.lstm(m.act(m.conv(x.mT)).mT)[0],
        conv=conv(**options),
        act=qnn.QuantIdentity(),
        lstm=lstm(F),
    )


REFUSED: dict[str, tuple[Callable[[], Net], str]] = {
    "padding_mode": (lambda: convolved(padding=1, padding_mode="circular"), "padding_mode='zeros'"),
    "long_padding": (lambda: convolved(padding=3), "less padding"),
    "ceil_mode": (lambda: pooled(nn.MaxPool1d(2, ceil_mode=True)), "ceil_mode=False"),
    "indices": (lambda: pooled(nn.MaxPool1d(2, dilation=2, padding=1)), "one of them"),
    "padding_that_does_not_count": (
        lambda: pooled(nn.AvgPool1d(3, 1, 1, count_include_pad=False)),
        "count_include_pad=True",
    ),
    "linear_over_time": (
        lambda: Net(
            lambda m, x: m.fc(m.conv(m.lstm(x)[0].mT)),
            lstm=lstm(3),
            conv=conv(H, 3, padding=1),
            fc=qnn.QuantLinear(11, 2, bias=True),
        ),
        "x.transpose(1, 2)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_options_that_are_refused(name: str) -> None:
    build, remedy = REFUSED[name]
    case = Case(build)
    try:
        model = make(case)
    except RuntimeError:  # torch itself cannot run what the trace refuses
        model = build().eval()
    with pytest.raises(GatewrightError, match="GW-109") as caught:
        trace(model, torch.from_numpy(case.inputs(2)))
    assert remedy in caught.value.remedy


PADDED: dict[str, Callable[[], Net]] = {
    "of_a_pool": lambda: pooled(nn.Sequential(nn.ConstantPad1d((1, 0), 0.0), nn.MaxPool1d(2))),
    "with_ones": lambda: pooled(nn.ConstantPad1d((1, 0), 1.0)),
    "of_features": lambda: Net(
        lambda m, x: m.lstm(nn.functional.pad(m.quant(x), (1, 0, 1, 0)))[0],
        quant=qnn.QuantIdentity(),
        lstm=lstm(4),
    ),
}


@pytest.mark.parametrize("name", PADDED)
def test_padding_that_no_convolution_takes(name: str) -> None:
    case = Case(PADDED[name])
    with pytest.raises(GatewrightError, match="GW-108"):
        trace(make(case), torch.from_numpy(case.inputs(2)))


def test_an_example_that_is_too_short() -> None:
    case = CASES["plain"]
    with pytest.raises(GatewrightError, match="GW-106") as caught:
        trace(make(case), torch.from_numpy(case.inputs(2, 2)))
    assert "2 time steps" in caught.value.cause


def test_a_sequence_that_is_not_turned_round() -> None:
    model = Net(
        lambda m, x: m.lstm(m.act(m.conv(m.quant(x))))[0],
        quant=qnn.QuantIdentity(),
        conv=conv(11, F, padding=1, input_quant=None),
        act=qnn.QuantIdentity(),
        lstm=lstm(3),
    )
    # With as many channels as steps torch runs it, and takes time for features.
    with pytest.raises(GatewrightError, match="GW-109"):
        trace(make(Case(lambda: model)), torch.from_numpy(Case(lambda: model).inputs(2)))
