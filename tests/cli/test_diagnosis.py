"""``gatewright doctor MODEL``: each trap is named where it is, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import onnx
import pytest
import torch
from brevitas import quant
from click.testing import CliRunner
from onnx import TensorProto, helper
from torch import nn

from gatewright.cli.commands import main
from gatewright.cli.diagnosis import diagnose

X = torch.from_numpy(np.random.default_rng(0).normal(size=(8, 5, 3)).astype(np.float32))


def calibrated(layer: nn.Module) -> nn.Module:
    layer.train()
    with torch.no_grad():
        for _ in range(3):
            layer(X)
    return layer.eval()


def lstm(**options: Any) -> nn.Module:
    torch.manual_seed(0)
    return calibrated(qnn.QuantLSTM(3, 4, batch_first=True, **options))


class ConstantOne(quant.Uint8ActPerTensorFloat):
    """A sigmoid quantizer that ends at 0.5."""

    scaling_impl_type = "const"
    scaling_init = 0.5


def names(model: Any, data: Any = None) -> list[str]:
    return sorted({trap.name for trap in diagnose(model, X, data)})


def test_a_sound_model_has_no_trap() -> None:
    assert names(lstm()) == []


@pytest.mark.parametrize("missing", [("io_quant",), ("gate_acc_quant", "tanh_quant")])
def test_partial_quantization(missing: tuple[str, ...]) -> None:
    (trap,) = diagnose(lstm(bias_quant=None, **dict.fromkeys(missing)), X)
    assert trap.name == "partial quantization"
    assert trap.fatal
    assert trap.where == "layers.0.0"
    assert "calibrate" in trap.remedy


def test_an_rnn_cannot_be_exported() -> None:
    traps = diagnose(calibrated(qnn.QuantRNN(3, 4, batch_first=True)), X)
    assert [(t.name, t.fatal) for t in traps] == [("no export", False)]


def test_swapped_shared_weights() -> None:
    traps = diagnose(lstm(bidirectional=True, shared_input_hidden_weights=True), X)
    assert [(t.name, t.where) for t in traps] == [("swapped shared weights", "layers.0.1")]


def test_saturating_one() -> None:
    coupled = {"coupled_input_forget_gates": True}
    assert "saturating one" in names(lstm(**coupled, sigmoid_quant=ConstantOne))
    wide = type("Wide", (ConstantOne,), {"scaling_init": 1.0})
    assert "saturating one" not in names(lstm(**coupled, sigmoid_quant=wide))


def test_clipped_accumulators_depend_on_the_data() -> None:
    model = lstm()
    with torch.no_grad():
        for gate in ("input", "cell"):
            getattr(model.layers[0][0], f"{gate}_gate_params").bias.add_(40.0)
    clipped = {t.where for t in diagnose(model, X) if t.name == "clipped accumulator"}
    assert {"layers.0.0/input_acc", "layers.0.0/cell_acc"} <= clipped
    assert "layers.0.0/output_acc" not in clipped


def test_an_empty_export(tmp_path: Path) -> None:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 2, 3))
    path = tmp_path / "empty.onnx"
    onnx.save(helper.make_model(helper.make_graph([], "g", [value], [value])), path)
    (trap,) = diagnose(path)
    assert trap.name == "empty export"
    assert "dynamo=False" in trap.remedy
    result = CliRunner().invoke(main, ["doctor", str(path), "--json"])
    assert result.exit_code == 1
    assert json.loads(result.output)[0]["name"] == "empty export"


def test_what_does_not_compile_is_named_with_its_code(tmp_path: Path) -> None:
    (trap,) = diagnose(nn.Sequential(nn.Conv1d(3, 3, 1)).eval(), X)
    assert (trap.name, trap.fatal) == ("GW-101", True)
    path = tmp_path / "text.onnx"
    path.write_text("no model")
    assert [t.name for t in diagnose(path)] == ["GW-202"]


def test_the_command_line_shows_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(
        "import torch, brevitas.nn as qnn\n"
        "def model():\n"
        "    return qnn.QuantLSTM(3, 4, batch_first=True, io_quant=None).eval()\n"
        "def example_input():\n"
        "    return torch.zeros(1, 5, 3)\n"
    )
    result = CliRunner().invoke(main, ["doctor", str(tmp_path)])
    assert result.exit_code == 1
    assert "partial quantization (does not compile)" in result.output
    assert "--calibrate" in result.output
