"""Convolutions over time become two-dimensional, and nothing else changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
from brevitas.export import export_qonnx
from finn.transformation.qonnx.convert_qonnx_to_finn import ConvertQONNXtoFINN
from finn_graphs import act, weight
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.change_3d_tensors_to_4d import Change3DTo4DTensors
from qonnx.transformation.infer_shapes import InferShapes
from qonnx.transformation.lower_convs_to_matmul import LowerConvsToMatMul
from torch import Tensor, nn

from gatewright.finn.conv import LowerConv1d

STEPS, CHANNELS = 9, 4
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "without_bias": {"bias": False},
    "padded": {"padding": 2},
    "stride": {"stride": 2, "padding": 1},
    "dilated": {"dilation": 2},
    "by_channel": {"groups": CHANNELS},
}


class Convs(nn.Module):
    """Two convolutions of a kind, a quantizer with ``Relu`` between them."""

    def __init__(self, channels: bool, options: dict[str, Any]) -> None:
        super().__init__()
        weights = weight(8, fixed=not channels, channels=channels)
        first, second = (
            qnn.QuantConv1d(CHANNELS, CHANNELS, 2, weight_quant=weights, **options)
            for _ in range(2)
        )
        quant = qnn.QuantIdentity(act_quant=act(8))
        self.layers = nn.Sequential(quant, first, qnn.QuantReLU(), second)

    def forward(self, x: Tensor) -> Tensor:
        """[1, T, C] to [1, T', C]."""
        y: Tensor = self.layers(x.transpose(1, 2)).transpose(1, 2)
        return y


def exported(folder: Path, channels: bool, options: dict[str, Any]) -> ModelWrapper:
    torch.manual_seed(0)
    model = Convs(channels, options).train()
    with torch.no_grad():
        model(torch.randn(8, STEPS, CHANNELS))
    path = str(folder / "model.onnx")
    export_qonnx(model.eval(), torch.zeros(1, STEPS, CHANNELS), path, dynamo=False)
    return ModelWrapper(path).transform(InferShapes())


@pytest.mark.parametrize("channels", [False, True], ids=["tensor", "channel"])
@pytest.mark.parametrize("case", CASES)
def test_the_same_in_two_dimensions(case: str, channels: bool, tmp_path: Path) -> None:
    model = exported(tmp_path, channels, CASES[case])
    x = np.random.default_rng(0).normal(size=(1, STEPS, CHANNELS)).astype(np.float32)
    before, lowered = run(model, x), model.transform(LowerConv1d()).transform(InferShapes())
    assert all(len(lowered.get_tensor_shape(n.input[0])) == 4 for n in convs(lowered))
    assert np.array_equal(run(lowered, x), before) and np.unique(before).size > 2
    # Only at the images' sides: what stands between the convolutions is [1, T, C].
    turns = [n.attribute[0].ints for n in lowered.get_nodes_by_op_type("Transpose")]
    assert [list(perm) for perm in turns] == [[0, 3, 1, 2], [0, 2, 3, 1]] * 2


def test_what_finn_says_of_them(tmp_path: Path) -> None:
    """When it takes them, ours is not needed any more."""
    model = exported(tmp_path, False, {"bias": False}).transform(ConvertQONNXtoFINN())
    with pytest.raises(IndexError, match="list index out of range"):
        model.transform(LowerConvsToMatMul())
    model.graph.node[0].op_type = "StreamingRecurrent"
    with pytest.warns(UserWarning, match="found unsupported nodes in the graph"):
        model.transform(Change3DTo4DTensors())


def convs(model: ModelWrapper) -> list[Any]:
    found = model.get_nodes_by_op_type("Conv")
    assert len(found) == 2
    return list(found)


def run(model: ModelWrapper, x: Any) -> Any:
    (answer,) = execute_onnx(model, {model.graph.input[0].name: x}).values()
    return answer
