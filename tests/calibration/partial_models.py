"""Models that leave some quantizers out, and their data."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
from torch import Tensor, nn

import gatewright
from gatewright.calibration import Calibration

B, T, I, H, CLASSES = 24, 6, 5, 7, 3  # noqa: E741

QUANTIZERS = (
    "io_quant",
    "gate_acc_quant",
    "sigmoid_quant",
    "tanh_quant",
    "cell_state_quant",
    "weight_quant",
)
WEIGHT_ONLY: dict[str, Any] = dict.fromkeys(("bias_quant", *QUANTIZERS[:-1]))
SUBSETS = [left_out for n in range(1, 7) for left_out in itertools.combinations(QUANTIZERS, n)]


def sequences(seed: int = 1, batch: int = B) -> Tensor:
    torch.manual_seed(seed)
    return torch.randn(batch, T, I)


class Classifier(nn.Module):
    """A recurrent layer, its last step, a head."""

    def __init__(self, recurrent: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.recurrent = recurrent
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.recurrent(x)[0][:, -1])


def lstm(seed: int = 0, **options: Any) -> Any:
    """A QuantLSTM whose quantizers have seen data, in eval mode.

    Brevitas runs Int32Bias only where io and weights are quantized, so elsewhere the bias is float.
    """
    torch.manual_seed(seed)
    if {"io_quant", "weight_quant"} & options.keys():
        options = {"bias_quant": None, **options}
    model = qnn.QuantLSTM(I, H, batch_first=True, **options).train()
    with torch.no_grad():
        model(sequences(seed=seed + 2))
    return model.eval()


def verified(result: Calibration, folder: Path, x: Any, *levels: str) -> gatewright.Report:
    """Compile what calibration gave and compare the levels, torch first."""
    build = gatewright.compile(result, output_dir=folder / "build")
    report = build.verify(x, model=result.model, levels=levels or gatewright.FAST_LEVELS)
    assert sum(c.compared.total() for c in report.comparisons) > 0
    return report


def state_of(model: nn.Module) -> dict[str, Any]:
    """A copy of all parameters and buffers."""
    return copy.deepcopy(model.state_dict())


def same_state(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def integers(values: Tensor, scale: float) -> np.ndarray:
    return np.rint(values.numpy() / scale)
