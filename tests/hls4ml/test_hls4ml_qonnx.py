"""Models that Brevitas exported, through ``ExtractRecurrent`` and hls4ml's own reader of QONNX."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import pytest
import torch
from brevitas.quant import (
    Int8ActPerTensorFixedPoint,
    Int8BiasPerTensorFixedPointInternalScaling,
    Int8WeightPerTensorFloat,
    Uint8ActPerTensorFixedPoint,
)
from hls4ml_grid import drawn
from hls4ml_models import Forward, H, Model, calibrated, layer, linear
from hls4ml_runs import check_equal, convert_exported, exported

from gatewright.errors import GatewrightError

QUANTIZED = {"bias_quant": Int8BiasPerTensorFixedPointInternalScaling}


def model(options: dict[str, Any], forward: Forward | None = None) -> Model:
    torch.manual_seed(5)
    read: Forward = forward or (lambda m, x: m.out(m.rnn(x)[0][:, -1]))
    return calibrated(Model(read, rnn=layer("lstm"), out=linear(H, 3, **options)))


def chain() -> Model:
    """A quantizer before that is coarser, and behind all that hls4ml merges."""
    torch.manual_seed(5)
    return calibrated(
        Model(
            lambda m, x: m.out(m.relu(m.hidden(m.rnn(m.inp(x))[0][:, -1]))),
            inp=qnn.QuantIdentity(act_quant=Int8ActPerTensorFixedPoint, bit_width=5),
            rnn=layer("lstm"),
            hidden=linear(H, 6, **QUANTIZED),
            relu=qnn.QuantReLU(act_quant=Uint8ActPerTensorFixedPoint, bit_width=6),
            out=linear(6, 3, bias=False),
        )
    )


HEADS: dict[str, Callable[[], Model]] = {
    "without a bias": lambda: model({"bias": False}),
    "a chain": chain,
}


@pytest.mark.compiles
@pytest.mark.slow
@pytest.mark.parametrize("name", drawn(list(HEADS), 1))
def test_a_dense_layer_behind(name: str, tmp_path: Path) -> None:
    torch_model = HEADS[name]()
    check_equal(convert_exported(exported(torch_model, tmp_path), tmp_path / "hls"), torch_model)


REFUSED: dict[str, tuple[dict[str, Any], Forward | None, str, str, str]] = {
    "types that hls4ml is told": (QUANTIZED, None, "model", "GW-409", "granularity='name'"),
    "a scale that is no power of two": (
        {"bias": False, "weight_quant": Int8WeightPerTensorFloat},
        None,
        "name",
        "GW-304",
        "power-of-two",
    ),
    "a float bias": ({}, None, "name", "GW-304", "bias_quant"),
    "a product at every step": (
        {"bias": False},
        lambda m, x: m.out(m.rnn(x)[0]),
        "name",
        "GW-409",
        "last step",
    ),
    "a ReLU that rounds": (
        QUANTIZED,
        lambda m, x: m.out(m.rnn(x)[0][:, -1]).relu(),
        "name",
        "GW-409",
        "QuantReLU",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_hls4ml_would_compute_otherwise(name: str, tmp_path: Path) -> None:
    options, forward, granularity, code, remedy = REFUSED[name]
    onnx_model = exported(model(options, forward), tmp_path)
    with pytest.raises(GatewrightError) as caught:
        convert_exported(onnx_model, tmp_path / "hls", granularity=granularity)
    assert caught.value.code == code and remedy in caught.value.remedy


def test_names_that_hls4ml_changes(tmp_path: Path) -> None:
    onnx_model = exported(model({"bias": False}), tmp_path)
    graph = onnx_model.graph
    graph.input[0].name = "x.1"
    for node in graph.node:
        node.input[:] = ["x.1" if name == "global_in" else name for name in node.input]
    with pytest.raises(GatewrightError, match=r"GW-409.*cleanup_model"):
        convert_exported(onnx_model, tmp_path / "hls")
