"""From ``QuantRecurrent`` to FINN's dialect: what stands there then, and what is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
from finn.util.basic import getHWCustomOp
from finn_graphs import SHAPES, make
from finn_nodes import node_data
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.infer_datatypes import InferDataTypes
from qonnx.transformation.infer_shapes import InferShapes
from torch import Tensor, nn

from gatewright import frontend
from gatewright.errors import GatewrightError
from gatewright.finn import InferRecurrent
from gatewright.finn.design import node_design
from gatewright.finn.names import names_of
from gatewright.finn.rtl import node_files, share
from gatewright.finn.thresholds import thresholds
from gatewright.hls_templates.project.names import fault_of_name
from gatewright.ir.quantizer import ROUNDING_MODES, Quantizer
from gatewright.qonnx import ExtractRecurrent


class States(nn.Module):
    """An LSTM whose final states are used."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = qnn.QuantLSTM(3, 4, batch_first=True, return_quant_tensor=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y, (h, _) = self.lstm(x)
        return y, h


def extracted(module: nn.Module, example: Tensor) -> ModelWrapper:
    """With ``QuantRecurrent`` in the place of its cells."""
    model = ModelWrapper(frontend.trace(module, example))
    return model.transform(ExtractRecurrent()).transform(InferShapes())


def test_the_layer_between_its_neighbours() -> None:
    shape = SHAPES[0]
    model = extracted(make(shape), torch.zeros(1, shape.steps, shape.inputs))
    model = model.transform(InferRecurrent()).transform(InferShapes()).transform(InferDataTypes())
    (node,) = model.get_nodes_by_op_type("StreamingRecurrent")
    assert model.find_producer(node.input[0]).op_type == "MultiThreshold"
    assert [n.op_type for n in model.find_consumers(node.output[0])] == ["Mul"]
    inst = getHWCustomOp(node)
    assert inst.verify_node() == []
    assert model.get_tensor_datatype(node.input[0]) == inst.get_input_datatype()
    assert model.get_tensor_datatype(node.output[0]) == inst.get_output_datatype()
    assert tuple(model.get_tensor_shape(node.input[0])) == inst.get_normal_input_shape()
    assert tuple(model.get_tensor_shape(node.output[0])) == inst.get_normal_output_shape()
    assert inst.get_number_output_values() == shape.steps
    counts = inst.get_op_and_param_counts()
    weights = 4 * shape.hidden[0] * (shape.dense + shape.hidden[0])
    assert sorted(counts.values()) == [weights, weights * shape.steps]
    inst.set_nodeattr("inputDataType", "INT3")
    assert inst.verify_node() == ["inputDataType is INT3, the model inside says INT8"]


def test_a_batch_is_refused() -> None:
    shape = SHAPES[0]
    model = extracted(make(shape), torch.zeros(2, shape.steps, shape.inputs))
    with pytest.raises(GatewrightError, match="a batch of 2") as caught:
        model.transform(InferRecurrent())
    assert caught.value.code == "GW-410"


def test_states_are_refused() -> None:
    module = States().train()
    with torch.no_grad():
        module(torch.randn(4, 5, 3))
    model = extracted(module.eval(), torch.zeros(1, 5, 3))
    with pytest.raises(GatewrightError, match="1 inputs and 2 outputs") as caught:
        model.transform(InferRecurrent())
    assert caught.value.code == "GW-410"


@pytest.mark.parametrize("rounding", ROUNDING_MODES)
@pytest.mark.parametrize("scale", [Fraction(1, 8), Fraction(float(np.float32(0.0371)))])
@pytest.mark.parametrize("signed", [True, False])
def test_thresholds_are_the_quantizer(rounding: str, scale: Fraction, signed: bool) -> None:
    """Around each threshold, at ties, and beyond the ends."""
    scales = (scale, scale / 3) if rounding == "ROUND" else (scale,)
    scales = tuple(Fraction(float(np.float32(float(s)))) for s in scales)
    quantizer = Quantizer(scales, 0 if signed else 3, 5, signed, False, rounding)
    limits = thresholds(quantizer)
    assert limits.shape == (len(scales), 31) and limits.dtype == np.float32
    assert (np.diff(limits) > 0).all()
    ties = (
        np.arange(-70, 70, dtype=np.float32)[:, None] / 2 * np.float32([float(s) for s in scales])
    )
    near = [np.nextafter(limits.T, np.float32(side)) for side in (-np.inf, np.inf)]
    x = np.concatenate([limits.T, *near, ties, np.full((1, len(scales)), 1e30, np.float32)])
    counted = (x[:, :, None] >= limits).sum(axis=-1) + quantizer.type.lo
    assert np.array_equal(counted, quantizer.quantize_float32(x))


def test_no_two_nodes_share_names() -> None:
    names = ["A_rtl_0", "a_rtl_0", "A__rtl_0", f"{'x' * 50}_0", f"{'x' * 50}_1", "9", "_"]
    assert len({names_of(name).name for name in names}) == len(names)
    assert not [name for name in names if fault_of_name(names_of(name).name)]


def test_two_nodes_in_one_project(tmp_path: Path) -> None:
    """Each module of their own is called otherwise; the library is there once, for both."""
    shape = SHAPES[0]
    node = node_design(node_data(shape), shape.steps, 16)
    (library, one), (again, other) = (node_files(top, node, "./") for top in ("A_0", "A_1"))
    assert library == again
    found = [
        set(re.findall(r"^(?:module|package) (\w+)", "\n".join(f.values()), re.MULTILINE))
        for f in (one, other)
    ]
    assert len(found[0]) == len(found[1]) > 4 and not found[0] & found[1]
    folders = {share(files, tmp_path) for files in (library, again)}
    assert list(tmp_path.iterdir()) == list(folders)
    assert {path.name for path in folders.pop().iterdir()} == library.keys()


def test_a_shape_is_drawn_once() -> None:
    assert len({shape.name for shape in SHAPES}) == len(SHAPES) >= 12
    assert len({replace(shape, name="") for shape in SHAPES}) == len(SHAPES)
