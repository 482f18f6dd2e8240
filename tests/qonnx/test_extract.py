"""Recurrent layers of a QONNX file become one node, which computes torch's integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.custom_op.registry import getCustomOp

pytest.importorskip("torch", reason="needs torch")
qnn = pytest.importorskip("brevitas.nn", reason="needs brevitas")
import torch  # noqa: E402

import gatewright  # noqa: E402
from gatewright.frontend import trace  # noqa: E402
from gatewright.qonnx import (  # noqa: E402
    ExtractRecurrent,
    inner_model,
    ports,
    recurrent_nodes,
)

B, T, I, H = 1, 5, 3, 4  # noqa: E741


class Between(torch.nn.Module):
    """A dense layer before the LSTM, another behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.before = qnn.QuantLinear(I, H, bias=True)
        self.lstm = qnn.QuantLSTM(H, H, batch_first=True)
        self.behind = qnn.QuantLinear(H, 2, bias=True)

    def forward(self, x: Any) -> Any:
        return self.behind(self.lstm(self.before(x))[0])


def calibrated(model: Any, inputs: int = I) -> Any:
    torch.manual_seed(0)
    model.train()
    with torch.no_grad():
        for _ in range(2):
            model(torch.randn(8, T, inputs))
    return model.eval()


def test_a_layer_between_others(tmp_path: Any) -> None:
    model, x = calibrated(Between()), torch.randn(B, T, I)
    from brevitas.export import export_qonnx

    export_qonnx(model, x, str(tmp_path / "model.onnx"), dynamo=False)
    extracted = ModelWrapper(str(tmp_path / "model.onnx")).transform(ExtractRecurrent())
    (node,) = recurrent_nodes(extracted)
    assert [n.op_type for n in extracted.graph.node if "LSTM" in n.op_type] == []
    assert getCustomOp(node).verify_node() == []
    given = ports(node)
    context = execute_onnx(extracted, {extracted.graph.input[0].name: x.numpy()}, True)
    with torch.no_grad():
        wanted = model.lstm(model.before(x))[0].numpy()
    scale = given.outputs[0].scale
    assert np.array_equal(np.rint(context[node.output[0]] / scale), np.rint(wanted / scale))
    assert extracted.get_tensor_shape(node.output[0]) == [B, T, H]
    build = gatewright.compile(inner_model(node), output_dir=tmp_path / "build")
    again = build.simulate(context[node.input[0]])
    assert np.array_equal(again, context[node.output[0]])


def test_a_traced_model_will_do_too() -> None:
    model = calibrated(qnn.QuantLSTM(I, H, batch_first=True))
    traced = trace(model, torch.randn(B, T, I))
    assert isinstance(traced, onnx.ModelProto)
    extracted = ModelWrapper(traced).transform(ExtractRecurrent())
    assert [n.op_type for n in extracted.graph.node] == ["QuantRecurrent"]
