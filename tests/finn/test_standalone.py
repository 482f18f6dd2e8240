"""Thresholds before FINN makes layers: the same integers, in what FINN's layers can hold."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from finn.transformation.fpgadataflow.convert_to_hw.binary_matrix_vector_activation import (
    InferBinaryMatrixVectorActivation,
)
from finn.transformation.fpgadataflow.convert_to_hw.quantized_matrix_vector_activation import (
    InferQuantizedMatrixVectorActivation,
)
from finn.transformation.fpgadataflow.convert_to_hw.requant import InferRequantLayer
from finn.transformation.fpgadataflow.convert_to_hw.thresholding import InferThresholdingLayer
from finn.transformation.fpgadataflow.minimize_weight_bit_width import MinimizeWeightBitWidth
from finn_graphs import Shape
from finn_nodes import node_data
from onnx import TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.general import GiveUniqueNodeNames
from qonnx.transformation.infer_datatypes import InferDataTypes

from gatewright.finn.standalone import step_thresholds_to_hw
from gatewright.finn.steps import step_recurrent_to_finn
from gatewright.ir.types import Float32Array

FINN = SimpleNamespace(standalone_thresholds=False)
IN, OUT, LEVELS = 3, 4, 15
BINARY = "BINARY"
LAYOUTS = {2: "NC", 3: "NWC", 4: "NHWC"}
TYPES = ("UINT1", "UINT2", "UINT5", "UINT8", "INT2", "INT3", "INT8", "BIPOLAR", "TERNARY")


def graph(
    shape: Sequence[int], limits: Float32Array, dtype: str, weights: Float32Array | None
) -> ModelWrapper:
    """A product, if there are weights, and thresholds behind it."""
    wide = [*shape[:-1], weights.shape[1]] if weights is not None else list(shape)
    named = {"x": shape, "y": wide}
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in named.items())
    layout = {"data_layout": LAYOUTS[len(shape)], "out_dtype": "INT4", "out_bias": -8.0}
    domain = "qonnx.custom_op.general"
    source = "x" if weights is None else "sums"
    nodes = [helper.make_node("MultiThreshold", [source, "limits"], ["y"], domain=domain, **layout)]
    between = []
    if weights is not None:
        op, of = ("XnorPopcountMatMul", domain) if dtype == BINARY else ("MatMul", "")
        nodes.insert(0, helper.make_node(op, ["x", "weights"], ["sums"], domain=of))
        between = [helper.make_tensor_value_info("sums", TensorProto.FLOAT, wide)]
    made = helper.make_graph(nodes, "thresholds", [x], [y], value_info=between)
    model = ModelWrapper(helper.make_model(made))
    model.set_initializer("limits", limits)
    model.set_tensor_datatype("x", DataType[dtype])
    if weights is not None:
        model.set_initializer("weights", weights)
        model.set_tensor_datatype("weights", DataType[BINARY if dtype == BINARY else "INT4"])
    return model.transform(GiveUniqueNodeNames()).transform(InferDataTypes())


def as_hardware(model: ModelWrapper) -> ModelWrapper:
    """As ``step_convert_to_hw`` goes on, and what is behind it."""
    for step in (
        InferBinaryMatrixVectorActivation(),
        InferQuantizedMatrixVectorActivation(),
        InferThresholdingLayer(),
        GiveUniqueNodeNames(),
        MinimizeWeightBitWidth(),
    ):
        model = model.transform(step)
    return model


def run(model: ModelWrapper, x: Float32Array) -> Any:
    return execute_onnx(model, {"x": x})["y"]


def ops(model: ModelWrapper) -> list[str]:
    return [node.op_type for node in model.graph.node]


@pytest.mark.parametrize("rows", [1, OUT], ids=["of_all", "by_channel"])
@pytest.mark.parametrize("dtype", TYPES)
def test_every_integer_passes_the_same_thresholds(dtype: str, rows: int) -> None:
    """Thresholds at, between and beyond the integers of the type."""
    kind = DataType[dtype]
    low, high = int(kind.min()), int(kind.max())
    values = [n for n in range(low, high + 1) if kind.allowed(n)]
    x = np.repeat(np.float32(values)[None, :, None], OUT, axis=2)
    rng = np.random.default_rng(high)
    drawn = rng.uniform(low - 3, high + 4, (rows, LEVELS - 4))
    ends = np.broadcast_to([low, high, low - 0.5, high + 0.5], (rows, 4))
    limits = np.sort(np.hstack([drawn, ends]), axis=1).astype(np.float32)
    before = graph(x.shape, limits, dtype, None)
    rounded = step_thresholds_to_hw(before, FINN)
    kept = rounded.get_initializer("limits")
    assert (kept >= low).all() and (kept <= high + 1).all() and (kept == np.rint(kept)).all()
    wanted = run(before, x)
    assert np.unique(wanted).size > 1
    assert np.array_equal(run(rounded, x), wanted)
    assert np.array_equal(run(as_hardware(rounded), x), wanted)


def test_what_finn_says_of_negative_ones() -> None:
    """When it takes them, ours is not needed any more."""
    limits = np.arange(-7, 8, dtype=np.float32)[None]
    model = graph((1, 5, OUT), limits, "UINT3", None)
    with pytest.raises(AssertionError):
        as_hardware(model)
    assert ops(as_hardware(step_thresholds_to_hw(model, FINN))) == ["Thresholding"]


def product(
    shape: Sequence[int], rows: int, dtype: str = "INT4"
) -> tuple[ModelWrapper, Float32Array]:
    """Products whose channels have other thresholds, and their input."""
    rng = np.random.default_rng(len(shape))
    low, high, least, most = (0, 2, 0, IN + 1) if dtype == BINARY else (-7, 8, -60, 60)
    weights = rng.integers(low, high, (IN, OUT)).astype(np.float32)
    limits = np.sort(rng.uniform(least, most, (rows, LEVELS)), axis=1).astype(np.float32)
    x = rng.integers(low, high, shape).astype(np.float32)
    return graph(shape, limits, dtype, weights), x


@pytest.mark.parametrize("dtype", ["INT4", BINARY])
@pytest.mark.parametrize("rows", [1, OUT], ids=["of_all", "by_channel"])
@pytest.mark.parametrize(
    "shape",
    [(6, IN), (1, 1, IN), (1, 7, IN), (1, OUT, IN), (7, 1, IN), (OUT, OUT, IN), (1, OUT, OUT, IN)],
    ids=str,
)
def test_products_are_thresholded_by_their_channels(
    shape: tuple[int, ...], rows: int, dtype: str
) -> None:
    model, x = product(shape, rows, dtype)
    ready = as_hardware(step_thresholds_to_hw(model, FINN))
    alone = len(shape) == 3 and rows > 1
    assert ops(ready) == (["MVAU", "Thresholding"] if alone else ["MVAU"])
    assert np.array_equal(run(ready, x), run(model, x))


def test_what_finn_says_of_channels_over_time() -> None:
    """When it finds the channels, ours is not needed any more."""
    model, x = product((1, 7, IN), OUT)
    with pytest.raises(AssertionError, match="shape incorrect"):
        run(as_hardware(model), x)
    model, x = product((1, OUT, IN), OUT)
    assert (run(as_hardware(model), x) != run(model, x)).any()


def test_standalone_thresholds_are_left_to_finn() -> None:
    model, _ = product((1, 7, IN), OUT)
    left = step_thresholds_to_hw(model, SimpleNamespace(standalone_thresholds=True))
    assert ops(left) == ["MatMul", "MultiThreshold"]


WIDE = Shape("wide", inputs=8, hidden=(2,), bits=12, steps=40)


@pytest.mark.parametrize("standalone", [False, True])
def test_wide_thresholds_of_ours_stay_exact(standalone: bool) -> None:
    """``Requant``, which FINN makes of evenly spaced ones from 9 bits on, gives other integers."""
    model = step_recurrent_to_finn(ModelWrapper(node_data(WIDE)), None)
    (node,) = model.get_nodes_by_op_type("MultiThreshold")
    limits, codes = model.get_initializer(node.input[1])[0], node.output[0]
    near = np.stack([limits, np.nextafter(limits, np.float32(-np.inf))])
    x = np.random.default_rng(0).choice(near.reshape(-1), (1, WIDE.steps, WIDE.inputs))
    config = SimpleNamespace(standalone_thresholds=standalone)
    ours = step_thresholds_to_hw(model, config).transform(InferRequantLayer(9))
    assert "Thresholding" in ops(ours) and "Requant" in ops(model.transform(InferRequantLayer(9)))
    wanted, kept, scaled = (
        execute_onnx(m, {m.graph.input[0].name: x}, True)[codes]
        for m in (model, ours, model.transform(InferRequantLayer(9)))
    )
    assert np.array_equal(kept, wanted) and (scaled != wanted).any()
