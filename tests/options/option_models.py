"""What the tests of options share: one network, its calibration, and the proof."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
from torch import Tensor, nn

import gatewright
from gatewright.hls_templates.kernels.recurrent.kernel import RecurrentRecord

INPUTS, STEPS, SEQUENCES = 4, 7, 32
ACTIVATIONS = ("io", "gate_acc", "sigmoid", "tanh", "cell_state")


class Network(nn.Module):
    """One LSTM, then a head on every step."""

    def __init__(self, *head: nn.Module, hidden: int = 5, **options: Any) -> None:
        super().__init__()
        self.lstm = qnn.QuantLSTM(INPUTS, hidden, batch_first=True, **options)
        self.head = nn.Sequential(*head)

    def forward(self, x: Tensor) -> Tensor:
        out, _ = self.lstm(x)
        return self.head(out)


def each(**values: Any) -> dict[str, Any]:
    """Options of every activation: ``each(bit_width=16)`` is ``io_bit_width=16``, and so on."""
    return {f"{name}_{key}": value for name in ACTIVATIONS for key, value in values.items()}


def calibrated(model: nn.Module) -> nn.Module:
    """After three batches in training mode, in eval mode."""
    model.train()
    with torch.no_grad():
        for _ in range(3):
            model(torch.randn(16, STEPS, INPUTS))
    return model.eval()


def inputs() -> np.ndarray:
    """[B, T, I]."""
    shape = (SEQUENCES, STEPS, INPUTS)
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def prove(model: nn.Module, folder: Path) -> gatewright.Build:
    """Compile and compare torch, traced, integer, standard and csim.

    float32 itself may differ from the exact reference where the certificate says so, and with 16
    bits it does; between the exact levels not one integer may.
    """
    x = inputs()
    build = gatewright.compile(model, torch.from_numpy(x[:1]), folder / "build")
    report = build.verify(x, model=model)
    assert [(pair.reference, pair.level) for pair in report.comparisons] == [
        ("torch", "traced"),
        ("traced", "integer"),
        ("integer", "standard"),
        ("standard", "csim"),
    ]
    assert report.mismatches == 0, report.divergence
    for pair in report.comparisons:
        assert pair.compared.total() > 0
        if pair.reference != "torch":
            assert pair.differing == Counter()
    return build


def variants(build: gatewright.Build) -> dict[str, str]:
    """What each requantizer of the LSTM, and each look-up that became one, was made of."""
    (kernel,) = (k for k in build.kernels.kernels if isinstance(k, RecurrentRecord))
    return {name: chosen.variant for name, chosen in kernel.requantizers.items()}
