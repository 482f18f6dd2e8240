"""Layers of hls4ml around ours: dense layers and quantizers before and behind, with exact types."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import pytest
import torch
from brevitas.quant import (
    Int8ActPerTensorFixedPoint,
    Int32Bias,
    Uint8ActPerTensorFixedPoint,
)
from hls4ml_grid import IO_TYPES, drawn
from hls4ml_models import H, I, Model, T, calibrated, layer, linear
from hls4ml_runs import check_equal, check_torch, convert

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

ACT = {"act_quant": Int8ActPerTensorFixedPoint}


def head() -> Model:
    return Model(
        lambda m, x: m.out(m.relu(m.hidden(m.rnn(x)[0][:, -1]))),
        rnn=layer("lstm"),
        hidden=linear(H, 6),
        relu=qnn.QuantReLU(act_quant=Uint8ActPerTensorFixedPoint, bit_width=6),
        out=linear(6, 3, bias=False),
    )


def everywhere() -> Model:
    """At every step, before and behind; the one behind takes its bias' scale from its input."""
    return Model(
        lambda m, x: m.out(m.rnn(m.embed(m.inp(x)))[0]),
        inp=qnn.QuantIdentity(**ACT, bit_width=6),
        embed=linear(I, 4),
        rnn=layer("lstm", inputs=4),
        out=linear(
            H,
            3,
            input_quant=Int8ActPerTensorFixedPoint,
            bias_quant=Int32Bias,
            output_quant=Int8ActPerTensorFixedPoint,
        ),
    )


def two() -> Model:
    """Two recurrent layers with another width between them; the second gives its final state."""
    return Model(
        lambda m, x: m.second(m.between(m.rnn(x)[0]))[1][-1],
        rnn=layer("lstm", 6),
        between=qnn.QuantIdentity(**ACT, bit_width=4),
        second=layer("rnn", 8, inputs=H, hidden=4),
    )


def joined() -> Model:
    """Functions of what two layers return, one of them read twice."""

    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        x = m.inp(x)
        first, second = m.rnn(x)[0][:, -1], m.second(x)[0][:, -1]
        return m.out(torch.cat((first, first - second), dim=1))

    return Model(
        forward,
        inp=qnn.QuantIdentity(**ACT, bit_width=6),
        rnn=layer("lstm", 6),
        second=layer("rnn"),
        out=linear(2 * H, 3),
    )


MODELS: dict[str, Callable[[], Model]] = {
    "head": head,
    "everywhere": everywhere,
    "two": two,
    "joined": joined,
}


CASES = list(itertools.product(MODELS, IO_TYPES))


@pytest.mark.parametrize(("name", "io_type"), drawn(CASES, 1))
def test_predict_equals_our_integers(name: str, io_type: str, tmp_path: Path) -> None:
    torch.manual_seed(len(name))
    model = calibrated(MODELS[name]())
    converted = convert(model, tmp_path, (T, I), io_type=io_type)
    if name == "joined":  # by functions of which we make no integers
        check_torch(converted, model)
    else:
        check_equal(converted, model)
