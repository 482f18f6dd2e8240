"""Float models with convolutions, as people write them, calibrated and compiled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from commit_choice import drawn
from level_tools import needs
from torch import Tensor, nn

import gatewright

pytestmark = pytest.mark.compiles

C, T = 6, 24


class Keywords(nn.Module):
    """Keyword spotting: a convolutional front on features [B, C, T]."""

    def __init__(self) -> None:
        super().__init__()
        self.front = nn.Sequential(
            nn.Conv1d(C, 8, 5, stride=2, padding=2),
            nn.BatchNorm1d(8),
            nn.ReLU(),
            nn.MaxPool1d(2),
            nn.Conv1d(8, 8, 3, padding=1, groups=8),
            nn.ReLU(),
        )
        self.lstm = nn.LSTM(8, 5, batch_first=True)
        self.fc = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        out, _ = self.lstm(self.front(x).transpose(1, 2))
        scores: Tensor = self.fc(out[:, -1])
        return scores


class Tagger(nn.Module):
    """A class a step, by convolutions on both sides of a bidirectional layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(C, 8, 3, padding="same")
        self.pool = nn.AvgPool1d(2)
        self.lstm = nn.LSTM(8, 5, batch_first=True, bidirectional=True)
        self.out = nn.Conv1d(10, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.pool(torch.relu(self.conv(x.permute(0, 2, 1))))
        y, _ = self.lstm(y.permute(0, 2, 1))
        tags: Tensor = self.out(y.transpose(1, 2))
        return tags.transpose(1, 2)


@needs("rtl")
@pytest.mark.parametrize(
    ("model", "shape", "weight_scale"),
    drawn(
        [(Keywords, (64, C, T), "per_channel"), (Tagger, (64, T, C), "per_tensor")], 2, "windows"
    ),
)
def test_calibrated_to_rtl(
    model: type[nn.Module], shape: tuple[int, ...], weight_scale: str, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    x = np.random.default_rng(0).normal(0, 1, shape).astype(np.float32)
    found = gatewright.calibrate(model().eval(), x, weight_scale=weight_scale)
    assert found.output_error.relative < 0.05
    build = gatewright.compile(found.model, found.example_input, tmp_path / "build")
    gatewright.check(build)
    levels = ("traced", "integer", "standard", "csim", "rtl")
    report = build.verify(x[:20], model=found.model, levels=levels)
    assert report.mismatches == 0, report.divergence
    assert all(c.compared["output"] for c in report.comparisons)


def test_in_one_command(tmp_path: Path) -> None:
    torch.manual_seed(0)
    x = np.random.default_rng(0).normal(0, 1, (32, C, T)).astype(np.float32)
    build = gatewright.compile(Keywords().eval(), x[:1], tmp_path / "build", calibration=x)
    assert build.simulate(x[:3], level="csim").shape == (3, 3)
