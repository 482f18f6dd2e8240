"""Weight-only ONNX files, as Brevitas' own tutorial writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

pytest.importorskip("brevitas")
pytest.importorskip("onnxoptimizer")

import brevitas.nn as qnn
import torch
from brevitas.export import export_onnx_qcdq
from brevitas.quant import (
    Int8WeightPerChannelFloat,
    Int8WeightPerTensorFixedPoint,
    ShiftedUint8WeightPerTensorFloat,
)
from commit_choice import crossed, drawn
from onnx import helper, numpy_helper
from partial_models import WEIGHT_ONLY, verified
from torch import nn

import gatewright
from gatewright.errors import GatewrightError
from gatewright.frontend.calibration.qcdq import load_float_activations

T, I, H = 5, 10, 20  # noqa: E741

LSTMS: dict[str, dict[str, Any]] = {
    "4_bits": {},
    "cifg": {"coupled_input_forget_gates": True},
    "two_layers_both_ways": {"num_layers": 2, "bidirectional": True},
    "shared_input_hidden": {"bidirectional": True, "shared_input_hidden_weights": True},
    "shared_quantizers": {
        "num_layers": 2,
        "bidirectional": True,
        "shared_intra_layer_weight_quant": True,
    },
    "all_shared": {
        "num_layers": 2,
        "bidirectional": True,
        "shared_input_hidden_weights": True,
        "shared_intra_layer_weight_quant": True,
    },
    "8_bits": {"weight_bit_width": 8},
    "2_bits": {"weight_bit_width": 2},
    "per_channel": {"weight_quant": Int8WeightPerChannelFloat},
    "zero_points": {"weight_quant": ShiftedUint8WeightPerTensorFloat, "weight_bit_width": 8},
    "power_of_two": {"weight_quant": Int8WeightPerTensorFixedPoint},
    "float": {"weight_quant": None},
    "batch_first": {"batch_first": True},
}
TUTORIAL = list(LSTMS)[:6]


def lstm(name: str) -> Any:
    torch.manual_seed(0)
    options = {"weight_bit_width": 4, **WEIGHT_ONLY, **LSTMS[name]}
    if options.get("weight_quant", True) is None:
        del options["weight_bit_width"]
    return qnn.QuantLSTM(I, H, **options).eval()


def export(model: nn.Module, folder: Path, **options: Any) -> Path:
    """Of one sequence: Brevitas squeezes the axis of the batch, not that of directions."""
    path = folder / "model.onnx"
    example = torch.randn(T, 1, I)
    export_onnx_qcdq(
        model, example, export_path=str(path), opset_version=14, dynamo=False, **options
    )
    return path


def sequences(name: str, batch: int = 16) -> torch.Tensor:
    torch.manual_seed(3)
    x = torch.randn(T, batch, I)
    return x.transpose(0, 1).contiguous() if LSTMS[name].get("batch_first") else x


def weights(model: nn.Module) -> list[Any]:
    named = model.named_modules(remove_duplicate=False)
    return [module for name, module in named if name.endswith(("input_weight", "hidden_weight"))]


@pytest.mark.parametrize(
    ("name", "stored"), drawn(crossed(LSTMS, ["integers", "floats"]), 2, "rotating")
)
def test_the_rebuilt_module_is_the_exported_one(name: str, stored: str, tmp_path: Path) -> None:
    model = lstm(name)
    path = export(model, tmp_path, export_weight_q_node=stored == "floats")
    rebuilt = load_float_activations(path)
    pairs = list(zip(weights(model), weights(rebuilt), strict=True))
    assert len(pairs) >= 6
    if name != "float":
        for ours, theirs in ((a(), b()) for a, b in pairs):
            assert torch.equal(ours.int(), theirs.int())
            assert torch.equal(ours.scale, theirs.scale)
            assert torch.equal(ours.zero_point, theirs.zero_point)
            assert ours.bit_width == theirs.bit_width
    with torch.no_grad():
        expected, (h, c) = model(sequences(name))
        found, (h_found, c_found) = rebuilt(sequences(name))
    assert torch.equal(expected, found)
    assert torch.equal(h, h_found) and torch.equal(c, c_found)


@pytest.mark.parametrize("name", [n for n in LSTMS if n != "batch_first"])
def test_onnxruntime_agrees_with_the_rebuilt_module(name: str, tmp_path: Path) -> None:
    """onnxruntime does not run layout=1, batch first."""
    path = export(lstm(name), tmp_path)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options)
    x = np.random.default_rng(0).normal(0, 1, (T, 1, I)).astype(np.float32)
    outputs = session.run(None, {session.get_inputs()[0].name: x})
    with torch.no_grad():
        y, (h, c) = load_float_activations(path)(torch.from_numpy(x))
    for theirs, ours in zip(outputs, (y, h, c), strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=0, atol=1e-6)


@pytest.mark.compiles
@pytest.mark.parametrize(
    "name", drawn([*TUTORIAL, "per_channel", "zero_points", "float"], 4, "rotating")
)
def test_a_calibrated_file_compiles_bit_exactly(name: str, tmp_path: Path) -> None:
    path, x = export(lstm(name), tmp_path), sequences(name)
    result = gatewright.calibrate(path, x)
    levels = gatewright.FAST_LEVELS if name == "4_bits" else ("traced", "integer")
    assert verified(result, tmp_path, x.numpy(), *levels).mismatches == 0
    direct = gatewright.compile(path, output_dir=tmp_path / "direct", calibration=x)
    traced = tmp_path / "build" / "1_traced.onnx"
    assert (direct.path / "1_traced.onnx").read_bytes() == traced.read_bytes()


def test_the_integers_of_the_file_are_those_of_the_kernels(tmp_path: Path) -> None:
    path = export(lstm("4_bits"), tmp_path)
    stored = sorted(
        array.astype(np.int64).tobytes()
        for array in map(numpy_helper.to_array, onnx.load(path).graph.initializer)
        if array.dtype == np.int8 and array.ndim == 2
    )
    assert len(stored) == 8
    build = gatewright.compile(path, output_dir=tmp_path / "b", calibration=sequences("4_bits"))
    graph = build.traced.graph
    constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    integers = sorted(
        np.rint(constants[node.input[0]] / constants[node.input[1]]).astype(np.int64).tobytes()
        for node in graph.node
        if node.op_type == "Quant" and "weight" in node.input[0]
    )
    assert integers == stored


class OutputOnly(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = lstm("4_bits")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.lstm(x)[0]


def test_a_file_without_final_states_has_one_output(tmp_path: Path) -> None:
    path = export(OutputOnly().eval(), tmp_path)
    result = gatewright.calibrate(path, sequences("4_bits"))
    build = gatewright.compile(result, output_dir=tmp_path / "b")
    assert len(build.traced.graph.output) == 1
    assert result.placed[0].name == "lstm.layers.0.0.output_quant"


def test_layers_of_different_shapes(tmp_path: Path) -> None:
    torch.manual_seed(0)
    options = {"weight_bit_width": 4, **WEIGHT_ONLY}

    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = qnn.QuantLSTM(I, I, **options)
            self.b = qnn.QuantLSTM(I, 4, **options)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.b(self.a(x)[0])[0]

    model = Two().eval()
    rebuilt = load_float_activations(export(model, tmp_path))
    x = sequences("4_bits")
    with torch.no_grad():
        assert torch.equal(model(x), rebuilt(x))


# Refusals


def test_without_data_the_error_says_what_is_needed(tmp_path: Path) -> None:
    path = export(lstm("4_bits"), tmp_path)
    with pytest.raises(GatewrightError) as caught:
        gatewright.compile(path, output_dir=tmp_path / "b")
    assert caught.value.code == "GW-303"
    assert "calibration=x" in caught.value.remedy and "--calibrate" in caught.value.remedy
    assert not (tmp_path / "b").exists()


def test_the_default_export_holds_no_nodes(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    export_onnx_qcdq(lstm("4_bits"), torch.randn(T, 1, I), export_path=str(path), opset_version=18)
    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(path, sequences("4_bits"))
    assert caught.value.code == "GW-204" and "dynamo=False" in caught.value.remedy


def test_a_file_that_is_quantized_already(tmp_path: Path) -> None:
    from brevitas.export import export_qonnx

    torch.manual_seed(0)
    model = qnn.QuantLSTM(I, H).train()
    model(torch.randn(T, 2, I))
    path = tmp_path / "model.onnx"
    export_qonnx(model.eval(), torch.randn(T, 2, I), str(path), dynamo=False)
    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(path, sequences("4_bits"))
    assert caught.value.code == "GW-604" and "already" in caught.value.cause


def edited(tmp_path: Path, edit: Any) -> onnx.ModelProto:
    model = onnx.load(export(lstm("4_bits"), tmp_path))
    edit(model.graph, next(node for node in model.graph.node if node.op_type == "LSTM"))
    return model


def constant(graph: onnx.GraphProto, name: str, values: Any) -> str:
    graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))
    return name


def initial_state(graph: Any, node: Any) -> None:
    node.input[5] = constant(graph, "h0", np.ones((1, 1, H), np.float32))


def lengths(graph: Any, node: Any) -> None:
    node.input[4] = constant(graph, "lengths", np.int32([T - 1]))


def peepholes(graph: Any, node: Any) -> None:
    node.input.append(constant(graph, "p", np.zeros((1, 3 * H), np.float32)))


def clip(graph: Any, node: Any) -> None:
    node.attribute.append(helper.make_attribute("clip", 1.0))


def direction(graph: Any, node: Any) -> None:
    next(a for a in node.attribute if a.name == "direction").s = b"bidirectional"


def backwards(graph: Any, node: Any) -> None:
    next(a for a in node.attribute if a.name == "direction").s = b"reverse"


def hidden_size(graph: Any, node: Any) -> None:
    next(a for a in node.attribute if a.name == "hidden_size").i = H + 1


def bias(graph: Any, node: Any) -> None:
    node.input[3] = constant(graph, "b", np.zeros((1, 4 * H), np.float32))


def scale(graph: Any, node: Any) -> None:
    dequantize = next(n for n in graph.node if n.op_type == "DequantizeLinear")
    dequantize.input[1] = constant(graph, "s", np.float32(-1))


def other_scale(graph: Any, node: Any) -> None:
    dequantize = next(n for n in graph.node if n.op_type == "DequantizeLinear")
    dequantize.input[1] = constant(graph, "s", np.float32(0.5))


def range_(graph: Any, node: Any) -> None:
    next(n for n in graph.node if n.op_type == "Clip").input[1] = constant(graph, "lo", np.int8(-3))


def head(graph: Any, node: Any) -> None:
    graph.node.append(helper.make_node("Relu", [graph.output[0].name], ["positive"]))
    graph.output[0].name = "positive"


EDITS: dict[Any, tuple[str, str]] = {
    initial_state: ("GW-205", "zeros"),
    lengths: ("GW-205", "length"),
    peepholes: ("GW-205", "peepholes"),
    clip: ("GW-205", "clip"),
    direction: ("GW-205", "bidirectional"),
    backwards: ("GW-207", "backwards"),
    hidden_size: ("GW-207", "weight"),
    bias: ("GW-207", "bias"),
    scale: ("GW-207", "scale"),
    other_scale: ("GW-205", "different quantizers"),
    range_: ("GW-205", "codes"),
    head: ("GW-205", "Relu"),
}


@pytest.mark.parametrize("edit", EDITS, ids=lambda e: e.__name__)
def test_what_such_a_file_may_not_hold(edit: Any, tmp_path: Path) -> None:
    code, cause = EDITS[edit]
    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(edited(tmp_path, edit), sequences("4_bits"))
    assert caught.value.code == code and cause in caught.value.cause
    assert caught.value.remedy
