"""Every kind of weight and bias, in the LSTM and in the linear layer behind it."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import onnx
import pytest
import torch
from brevitas import quant
from commit_choice import drawn
from option_models import INPUTS, STEPS, Network, calibrated, prove

from gatewright.errors import GatewrightError
from gatewright.frontend import load, trace

pytestmark = pytest.mark.compiles

TENSOR, CHANNEL = quant.Int8WeightPerTensorFloat, quant.Int8WeightPerChannelFloat
SHIFTED_TENSOR = quant.ShiftedUint8WeightPerTensorFloat
SHIFTED_CHANNEL = quant.ShiftedUint8WeightPerChannelFloat

WEIGHTS: dict[str, dict[str, Any]] = {
    "binary": {"weight_quant": quant.SignedBinaryWeightPerTensorConst},
    "binary_of_another_scale": {
        "weight_quant": quant.SignedBinaryWeightPerTensorConst,
        "weight_scaling_const": 0.3,
    },
    "binary_per_channel": {
        "weight_quant": TENSOR,
        "weight_quant_type": "binary",
        "weight_scaling_per_output_channel": True,
    },
    "ternary": {"weight_quant": quant.SignedTernaryWeightPerTensorConst},
    "ternary_with_a_threshold": {
        "weight_quant": TENSOR,
        "weight_quant_type": "ternary",
        "weight_threshold": 0.7,
    },
    **{
        f"{bits}_bits_{name}": {"weight_quant": kind, "weight_bit_width": bits}
        for bits in range(2, 9)
        for name, kind in (("tensor", TENSOR), ("channel", CHANNEL))
    },
    "wide_range": {"weight_narrow_range": False},
    "shifted_tensor": {"weight_quant": SHIFTED_TENSOR},
    "shifted_channel": {"weight_quant": SHIFTED_CHANNEL},
    "shifted_tensor_3_bits_narrow": {
        "weight_quant": SHIFTED_TENSOR,
        "weight_bit_width": 3,
        "weight_narrow_range": True,
    },
    "shifted_channel_4_bits": {"weight_quant": SHIFTED_CHANNEL, "weight_bit_width": 4},
    "fixed_point": {"weight_quant": quant.Int8WeightPerTensorFixedPoint},
}

EXAMPLE = torch.zeros(2, STEPS, INPUTS)

BIASES = {
    "float": None,
    "int8": quant.Int8Bias,
    "int16": quant.Int16Bias,
    "int24": quant.Int24Bias,
    "int32": quant.Int32Bias,
    "int8_float_scale": quant.Int8BiasPerTensorFloatInternalScaling,
    "int8_fixed_point_scale": quant.Int8BiasPerTensorFixedPointInternalScaling,
}

# Brevitas writes the raw weight of this one, which its file then rounds at 0.5.
NOT_WRITTEN = {"ternary_with_a_threshold"}


def network(weight: dict[str, Any], **options: Any) -> torch.nn.Module:
    torch.manual_seed(1)
    linear = {"bias": True, **weight, **options}
    return calibrated(
        Network(qnn.QuantLinear(5, 3, **linear), return_quant_tensor=True, **weight, **options)
    )


@pytest.mark.parametrize("name", drawn(WEIGHTS, 5, "rotating"))
def test_weights(name: str, tmp_path: Path) -> None:
    prove(network(WEIGHTS[name]), tmp_path)


@pytest.mark.parametrize(
    ("name", "weight"), drawn(itertools.product(BIASES, ["tensor", "channel"]), 5, "rotating")
)
def test_biases(name: str, weight: str, tmp_path: Path) -> None:
    kind = {"tensor": TENSOR, "channel": CHANNEL}[weight]
    prove(network({"weight_quant": kind}, bias_quant=BIASES[name]), tmp_path)


def test_no_bias(tmp_path: Path) -> None:
    prove(network({}, bias=False), tmp_path)


@pytest.fixture
def export(tmp_path: Path) -> Any:
    """Export a model with Brevitas and return the file."""

    def run(model: torch.nn.Module) -> Path:
        pytest.importorskip("onnxoptimizer", reason="needs onnxoptimizer")
        from brevitas.export import export_qonnx

        path = tmp_path / "model.onnx"
        export_qonnx(model, EXAMPLE, str(path), dynamo=False)
        return path

    return run


@pytest.mark.parametrize("name", drawn(sorted(WEIGHTS.keys() - NOT_WRITTEN), 2, "rotating"))
def test_a_file_of_brevitas_gives_the_same_graph(name: str, export: Any) -> None:
    model = network(WEIGHTS[name])
    traced = trace(model, EXAMPLE)
    path = export(model)
    bipolar = [n for n in onnx.load(path).graph.node if n.op_type == "BipolarQuant"]
    assert len(bipolar) == (9 if name.startswith("binary") else 0)
    assert load(path).SerializeToString() == traced.SerializeToString()


def test_zero_counts_as_positive(tmp_path: Path, export: Any) -> None:
    """A zero of either sign is +scale, in torch and in a file."""
    model = network(WEIGHTS["binary"])
    with torch.no_grad():
        model.head[0].weight[0] = 0.0
        model.head[0].weight[1] = -0.0
    prove(model, tmp_path)
    assert (model.head[0].quant_weight().value[:2] > 0).all()
    assert load(export(model)).SerializeToString() == trace(model, EXAMPLE).SerializeToString()


def binary_activation() -> torch.nn.Module:
    torch.manual_seed(1)
    return calibrated(Network(qnn.QuantIdentity(quant.SignedBinaryActPerTensorConst)))


def test_a_binary_activation_is_refused() -> None:
    with pytest.raises(GatewrightError) as error:
        trace(binary_activation(), EXAMPLE)
    assert error.value.code == "GW-107"


def test_a_binary_activation_of_a_file_is_refused(export: Any) -> None:
    with pytest.raises(GatewrightError) as error:
        load(export(binary_activation()))
    assert error.value.code == "GW-205"


def test_a_bipolar_node_without_a_scale_is_malformed(export: Any) -> None:
    model = onnx.load(export(network(WEIGHTS["binary"])))
    node = next(n for n in model.graph.node if n.op_type == "BipolarQuant")
    del node.input[1]
    with pytest.raises(GatewrightError) as error:
        load(model)
    assert error.value.code == "GW-207"
