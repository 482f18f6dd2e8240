"""Models in which float32 leaves the range of exact arithmetic: all that it does is listed."""

from __future__ import annotations

import json
import shutil
from copy import deepcopy
from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
from brevitas import quant
from brevitas.inject.enum import FloatToIntImplType
from float_bench import bench, compare
from option_models import Network, calibrated
from torch import nn

import gatewright
from gatewright.ir.certificate.certificate import Certificate
from gatewright.ir.certificate.certify import judge
from gatewright.ir.quantizer import ROUNDING_MODES

pytestmark = pytest.mark.slow

INPUTS = 4


def rounded(**modes: str) -> dict[str, FloatToIntImplType]:
    return {f"{k}_float_to_int_impl_type": FloatToIntImplType[m] for k, m in modes.items()}


def scaled(model: nn.Module, factor: float) -> nn.Module:
    """With all weights multiplied, then calibrated."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(factor)
    return calibrated(model)


def sequences(scale: float = 3.0) -> tuple[np.ndarray, ...]:
    x = np.random.default_rng(0).normal(0, scale, (16, 4, INPUTS))
    return (x.astype(np.float32),)


@pytest.mark.parametrize("factor", [3e3, 1e5])
@pytest.mark.parametrize(
    ("sigmoid", "tanh"), [("CEIL", "CEIL"), ("FLOOR", "FLOOR"), ("ROUND_TO_ZERO", "ROUND_TO_ZERO")]
)
def test_functions_that_vanish_and_saturate(
    sigmoid: str, tanh: str, factor: float, tmp_path: Path
) -> None:
    """float32's sigmoid of -1000 is 0 and its tanh -1; the exact ones are above."""
    torch.manual_seed(0)
    modes = rounded(sigmoid=sigmoid, tanh=tanh)
    layer = qnn.QuantLSTM(
        INPUTS, 2, batch_first=True, gate_acc_bit_width=4, sigmoid_bit_width=5, **modes
    )
    report = compare(scaled(layer, factor), sequences(), tmp_path)
    assert report.mismatches == 0, report.divergence
    # Scales from statistics meet 1 by chance only, but 0 surely.
    assert report.comparisons[0].boundary > 0 or sigmoid != "CEIL"


def dead_layer(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    layer = qnn.QuantLSTM(
        INPUTS,
        1,
        batch_first=True,
        bias=False,
        tanh_quant=quant.ShiftedUint8ActPerTensorFloat,
        cell_state_bit_width=11,
        **{f"{n}_bit_width": 16 for n in ("io", "gate_acc", "sigmoid", "tanh")},
        **rounded(sigmoid="ROUND_TO_ZERO", tanh="CEIL", cell_state="FLOOR"),
    )
    return scaled(layer, 10.0 ** -(7 + seed))


@pytest.mark.parametrize("seed", [0, 3])
def test_what_follows_a_listed_rounding_in_the_same_step(seed: int, tmp_path: Path) -> None:
    report = compare(dead_layer(seed), sequences(), tmp_path)
    assert report.mismatches == 0, report.divergence
    assert report.comparisons[0].boundary > 0


def test_listed_roundings_do_not_excuse_a_wrong_level(tmp_path: Path) -> None:
    torch.manual_seed(0)
    layer = qnn.QuantLSTM(INPUTS, 2, batch_first=True, **rounded(sigmoid="CEIL", tanh="CEIL"))
    model, (x,) = scaled(layer, 1e5), sequences()
    build = gatewright.compile(model, torch.from_numpy(x[:1]), tmp_path / "build")
    right = build.verify(x, model=model, levels=["integer"])
    assert right.mismatches == 0 < right.comparisons[0].boundary
    other = deepcopy(model)
    with torch.no_grad():
        other.layers[0][0].cell_gate_params.input_weight.weight.neg_()
    wrong = gatewright.compile(other, torch.from_numpy(x[:1]), tmp_path / "wrong")
    shutil.copyfile(wrong.path / "2_integer.onnx", build.path / "2_integer.onnx")
    with pytest.warns(gatewright.ChangedBuildWarning):
        report = build.verify(x, model=model, levels=["integer"])
    assert report.mismatches > 0 == report.comparisons[0].boundary


@pytest.mark.parametrize("mode", ROUNDING_MODES)
@pytest.mark.parametrize("last", [75, 100, 255])
def test_the_one_of_coupled_gates_is_quantized_as_torch_does(
    last: int, mode: str, tmp_path: Path
) -> None:
    """1 / (1 / 75) is 75 in float32, and a little less in exact arithmetic."""
    torch.manual_seed(1)
    layer = qnn.QuantLSTM(
        INPUTS, 2, batch_first=True, coupled_input_forget_gates=True, **rounded(sigmoid=mode)
    )
    model = calibrated(layer)
    sigmoid = layer.layers[0][0].cell.input_sigmoid_quant
    scaling = sigmoid.fused_activation_quant_proxy.tensor_quant.scaling_impl
    scaling.buffer.fill_(255 * float(np.float32(1) / np.float32(last)))
    assert float(sigmoid.scale()) == pytest.approx(1 / last)
    report = compare(model, sequences(), tmp_path)
    assert report.mismatches == 0, report.divergence


def test_a_certificate_is_not_longer_where_float32_leaves_no_range(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = calibrated(Network(qnn.QuantLinear(5, 3, bias=True)))
    made = bench(model, sequences(), tmp_path)
    narrow = Certificate(tuple(judge(rounding)[0] for rounding in made.lowered.roundings))
    sizes = [len(json.dumps(c.to_json())) for c in (narrow, made.certificate)]
    assert narrow.summary()[-1].listed > 0
    assert sizes[1] <= 1.2 * sizes[0]
