"""What hls4ml would compute otherwise than the model is refused, with a code and a remedy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import pytest
import torch
from brevitas.core.function_wrapper import CeilSte
from brevitas.quant import (
    Int8ActPerTensorFixedPoint,
    Int8ActPerTensorFloat,
    Int8WeightPerTensorFloat,
    ShiftedUint8ActPerTensorFloat,
)
from hls4ml_models import H, I, Model, T, calibrated, layer, linear
from hls4ml_runs import convert
from torch import nn

from gatewright.errors import GatewrightError

pytestmark = pytest.mark.slow


class Ceil(Int8ActPerTensorFixedPoint):
    """A quantizer that rounds up."""

    float_to_int_impl = CeilSte
    float_to_int_impl_type = "CEIL"


def read(forward: Callable[..., Any], **options: Any) -> Callable[[], Model]:
    return lambda: calibrated(Model(forward, rnn=layer("lstm", **options)))


def everything(model: Any, x: torch.Tensor) -> torch.Tensor:
    return model.rnn(x)[0]


def time_first() -> Model:
    model = read(everything)()
    model.rnn = calibrated(qnn.QuantLSTM(I, 4, io_quant=Int8ActPerTensorFixedPoint))
    return model


MODELS: dict[str, tuple[Callable[[], Model], str, str]] = {
    "a scale that is no power of two": (
        read(everything, io_quant=Int8ActPerTensorFloat),
        "GW-304",
        "Int8ActPerTensorFixedPoint",
    ),
    "a zero point": (
        read(everything, io_quant=ShiftedUint8ActPerTensorFloat),
        "GW-304",
        "power-of-two",
    ),
    "a rounding that ap_fixed has not": (read(everything, io_quant=Ceil), "GW-304", "power-of-two"),
    "a weight whose scale is no power of two": (
        lambda: calibrated(
            Model(
                lambda m, x: m.out(m.rnn(x)[0][:, -1]),
                rnn=layer("lstm"),
                out=linear(H, 3, weight_quant=Int8WeightPerTensorFloat),
            )
        ),
        "GW-304",
        "Int8WeightPerTensorFixedPoint",
    ),
    "an input that no quantizer reads": (
        lambda: calibrated(
            Model(
                lambda m, x: m.rnn(m.embed(x))[0],
                embed=linear(I, 4),
                rnn=layer("lstm", inputs=4),
            )
        ),
        "GW-301",
        "QuantIdentity",
    ),
    "a sequence that hls4ml takes for channels first": (
        lambda: calibrated(
            Model(lambda m, x: m.relu(m.rnn(x)[0]), rnn=layer("lstm"), relu=nn.ReLU())
        ),
        "GW-409",
        "channels_last_conversion='off'",
    ),
    "two things that are read": (
        read(lambda m, x: (lambda out: out[0] + out[0][:, -1:])(m.rnn(x))),
        "GW-108",
        "h[-1]",
    ),
    "the whole that it returns": (read(lambda m, x: m.rnn(x)), "GW-108", "h[-1]"),
    "time steps first": (time_first, "GW-109", "batch_first=True"),
}


def check(caught: pytest.ExceptionInfo[GatewrightError], code: str, remedy: str) -> None:
    error = caught.value
    assert error.code == code, error
    assert error.where and error.cause
    assert remedy in error.remedy


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_hls4ml_cannot_hold(name: str, tmp_path: Path) -> None:
    make, code, remedy = MODELS[name]
    model = make()
    with pytest.raises(GatewrightError) as caught:
        convert(model, tmp_path, (T, I))
    check(caught, code, remedy)


OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "another type of the output": (
        {"settings": {"LayerName": {"rnn": {"Precision": {"result": "ap_fixed<4,2>"}}}}},
        "Leave",
    ),
    "another type of a bias": (
        {"settings": {"LayerName": {"out": {"Precision": {"bias": "ap_fixed<4,2>"}}}}},
        "Leave",
    ),
    "a wider type of the input": (
        {"settings": {"LayerName": {"x": {"Precision": {"result": "ap_fixed<24,8>"}}}}},
        "Leave",
    ),
    "a widest type": ({"most": "ap_fixed<12,4>"}, "Leave"),
    "another back end": ({"backend": "Quartus"}, "backend='Vitis'"),
    "a pipeline of the whole model": ({"style": "pipeline"}, "dataflow"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_a_configuration_that_changes_values(name: str, tmp_path: Path) -> None:
    options, remedy = OPTIONS[name]
    model = calibrated(
        Model(lambda m, x: m.out(m.rnn(x)[0][:, -1]), rnn=layer("lstm"), out=linear(H, 3))
    )
    with pytest.raises(GatewrightError) as caught:
        convert(model, tmp_path, (T, I), **options)
    check(caught, "GW-409", remedy)


def test_a_matrix_that_hls4ml_leaves_transposed(tmp_path: Path) -> None:
    model = calibrated(
        Model(lambda m, x: m.out(m.rnn(x)[0][:, -1]), rnn=layer("lstm"), out=nn.Linear(H, 3))
    )
    with pytest.raises(GatewrightError) as caught:
        convert(model, tmp_path, (T, I), layout="off")
    check(caught, "GW-409", "'internal'")
    convert(model, tmp_path, (T, I))


def rounding() -> Model:
    return calibrated(
        Model(
            lambda m, x: m.relu(m.out(m.rnn(x)[0][:, -1])),
            rnn=layer("lstm"),
            out=linear(H, 3, bias=False),
            relu=nn.ReLU(),
        )
    )


def test_a_relu_that_rounds(tmp_path: Path) -> None:
    """The remedy says the type with which it does not."""
    with pytest.raises(GatewrightError) as caught:
        convert(rounding(), tmp_path, (T, I))
    check(caught, "GW-409", "QuantReLU")
    wide = caught.value.remedy.rpartition(" to ")[2].rstrip(".")
    precision = {"LayerName": {"relu": {"Precision": {"result": wide}}}}
    converted = convert(rounding(), tmp_path, (T, I), settings=precision)
    assert str(converted.get_output_variables()[0].type.precision).startswith(wide[:-1])


@pytest.mark.parametrize("granularity", ["type", "name"])
def test_what_hls4ml_fills_a_configuration_with_is_taken(granularity: str, tmp_path: Path) -> None:
    """Types that it is to infer, layer by layer: they become the model's."""
    model = calibrated(
        Model(lambda m, x: m.out(m.rnn(x)[0][:, -1]), rnn=layer("lstm"), out=linear(H, 3))
    )
    plain, filled = (
        convert(model, tmp_path / words, (T, I), granularity=words)
        for words in ("model", granularity)
    )
    types = [
        [str(n.get_output_variable().type.precision) for n in m.get_layers()]
        for m in (plain, filled)
    ]
    assert types[0] == types[1] and "RND_CONV,SAT" in types[0][0]


def test_a_model_without_a_recurrent_layer(tmp_path: Path) -> None:
    """The input has the quantizer's type there too."""
    model = Model(
        lambda m, x: m.out(m.inp(x)),
        inp=qnn.QuantIdentity(act_quant=Int8ActPerTensorFixedPoint),
        out=linear(I, 3),
    )
    converted = convert(calibrated(model, (I,)), tmp_path, (I,))
    assert "RND_CONV,SAT" in str(converted.get_input_variables()[0].type.precision)


@pytest.mark.parametrize("hidden", ["None", "the folder"])
def test_without_hls4ml(hidden: str, tmp_path: Path) -> None:
    """A folder of that name, as there is one beside these tests, is not hls4ml."""
    (tmp_path / "hls4ml").mkdir()
    hide = {
        "None": "sys.modules['hls4ml'] = None",
        "the folder": "sys.path = [p for p in sys.path if 'site-packages' not in p]",
    }[hidden]
    code = f"""
import sys
import gatewright
{hide}
try:
    import gatewright.hls4ml
except gatewright.GatewrightError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("GW-506") and "pip install hls4ml" in done.stdout
