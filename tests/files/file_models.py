"""Five small models and the files that Brevitas exports of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
from brevitas.export import export_onnx_qcdq, export_qonnx
from brevitas.quant import Int8WeightPerChannelFloat, Int32Bias
from torch import Tensor, nn

T, I, H = 4, 3, 3  # noqa: E741
_FLOAT = dict.fromkeys(
    ("bias_quant", "io_quant", "gate_acc_quant", "sigmoid_quant", "tanh_quant", "cell_state_quant")
)
_BITS = {
    "weight_bit_width": 4,
    "io_bit_width": 5,
    "gate_acc_bit_width": 6,
    "sigmoid_bit_width": 4,
    "tanh_bit_width": 4,
    "cell_state_bit_width": 6,
}


class Classifier(nn.Module):
    """The last step, linear with a scale a channel, ReLU, linear."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = qnn.QuantLSTM(I, H, batch_first=True)
        self.drop = nn.Dropout(0.2)
        self.fc = qnn.QuantLinear(H, 4, weight_quant=Int8WeightPerChannelFloat)
        self.act = qnn.QuantReLU(bit_width=4)
        self.head = qnn.QuantLinear(4, 2, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.act(self.fc(self.drop(self.lstm(x)[0])[:, -1])))


class BothEnds(nn.Module):
    """Final states of both directions side by side, batch normalization, argmax."""

    def __init__(self) -> None:
        super().__init__()
        options = {"bidirectional": True, "batch_first": True, **_BITS}
        self.lstm = qnn.QuantLSTM(I, 2, coupled_input_forget_gates=True, **options)
        self.norm = nn.BatchNorm1d(4)
        self.act = qnn.QuantIdentity(bit_width=6, return_quant_tensor=True)
        self.fc = qnn.QuantLinear(4, 3, bias=True, bias_quant=Int32Bias)

    def forward(self, x: Tensor) -> Tensor:
        _, (h, _) = self.lstm(x)
        return self.fc(self.act(self.norm(torch.cat((h[0], h[1]), dim=1)))).argmax(dim=-1)


def _calibrated(model: nn.Module, *shape: int) -> nn.Module:
    model.train()
    with torch.no_grad():
        for _ in range(3):
            model(torch.randn(*shape))
    return model.eval()


def _qonnx(make: Callable[[], nn.Module], *shape: int) -> Callable[[Path], None]:
    def export(path: Path) -> None:
        model = _calibrated(make(), *shape)
        export_qonnx(model, torch.randn(*shape), str(path), dynamo=False)

    return export


def _qcdq(**options: Any) -> Callable[[Path], None]:
    def export(path: Path) -> None:
        model = qnn.QuantLSTM(I, 2, weight_bit_width=4, **_FLOAT, **options).eval()
        x = torch.randn(T, 1, I)
        export_onnx_qcdq(model, x, export_path=str(path), opset_version=14, dynamo=False)

    return export


MODELS: dict[str, Callable[[Path], None]] = {
    "classifier": _qonnx(Classifier, 2, T, I),
    "both_ends": _qonnx(BothEnds, 2, T, I),
    "two_layers": _qonnx(lambda: qnn.QuantLSTM(I, 2, num_layers=2, **_BITS), T, 2, I),
    "qcdq": _qcdq(),
    "qcdq_both_ways": _qcdq(bidirectional=True),
}
"""The last two are weight-only, time first."""


def export(name: str, folder: Path) -> Path:
    """Export a model; the same numbers each time."""
    torch.manual_seed(list(MODELS).index(name))
    path = folder / f"{name}.onnx"
    MODELS[name](path)
    return path


def calibration(name: str, folder: Path) -> str | None:
    """A file of sequences for those that need them."""
    if not name.startswith("qcdq"):
        return None
    data = np.random.default_rng(0).standard_normal((T, 2, I)).astype(np.float32)
    np.save(folder / "x.npy", data)
    return str(folder / "x.npy")
