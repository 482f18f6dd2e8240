"""Whole float models as people write them, calibrated: what torch computes, at every level.

CI runs two of them in hardware, the others with other commits; ``--windows all`` runs them all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from commit_choice import drawn
from level_tools import needs
from torch import Tensor, nn

import gatewright

pytestmark = pytest.mark.compiles

T = 12


class KeywordSpotter(nn.Module):
    """Keywords in [B, mel, T]: two convolutional blocks, an LSTM, its last step."""

    def __init__(self, n_mels: int = 5, hidden: int = 4, n_classes: int = 3) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(n_mels, 6, kernel_size=3, padding=1)
        self.bn1 = nn.BatchNorm1d(6)
        self.conv2 = nn.Conv1d(6, 6, kernel_size=3, padding=1)
        self.bn2 = nn.BatchNorm1d(6)
        self.pool = nn.MaxPool1d(2)
        self.dropout = nn.Dropout(0.1)
        self.lstm = nn.LSTM(6, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, n_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(F.relu(self.bn1(self.conv1(x))))
        x = F.relu(self.bn2(self.conv2(x)))
        x = self.dropout(x).permute(0, 2, 1)
        x, _ = self.lstm(x)
        return F.log_softmax(self.fc(x[:, -1, :]), dim=-1)


class EventClassifier(nn.Module):
    """What and how strong: a bidirectional layer, pooled over time, with two heads."""

    def __init__(self, inputs: int = 4, hidden: int = 3, n_classes: int = 3) -> None:
        super().__init__()
        self.rnn = nn.LSTM(inputs, hidden, batch_first=True, bidirectional=True)
        self.hidden = nn.Linear(4 * hidden, 6)
        self.classes = nn.Linear(6, n_classes)
        self.strength = nn.Linear(6, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        out, _ = self.rnn(x)
        pooled = torch.cat([out.mean(dim=1), out.max(dim=1).values], dim=1)
        features = torch.relu(self.hidden(pooled))
        return {
            "class": self.classes(features),
            "strength": torch.sigmoid(self.strength(features)).squeeze(-1),
        }


class Translator(nn.Module):
    """Sequence to sequence: the decoder begins where the encoder ends, on an input of its own."""

    def __init__(self, inputs: int = 4, hidden: int = 4, outputs: int = 3) -> None:
        super().__init__()
        self.encoder = nn.LSTM(inputs, hidden, num_layers=2, batch_first=True)
        self.bridge = nn.Linear(inputs, inputs)
        self.decoder = nn.LSTM(inputs, hidden, num_layers=2, batch_first=True)
        self.out = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        _, (h, c) = self.encoder(x)
        y, _ = self.decoder(torch.tanh(self.bridge(x)), (h, c))
        return self.out(y)


class ResidualStack(nn.Module):
    """Blocks of a layer with a skip around it, [T, B, I] inside."""

    def __init__(self, inputs: int = 3, width: int = 4, depth: int = 2, outputs: int = 2) -> None:
        super().__init__()
        self.inp = nn.Linear(inputs, width)
        self.blocks = nn.ModuleList(nn.LSTM(width, width) for _ in range(depth))
        self.mix = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.out = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        assert x.dim() == 3
        x = F.relu(self.inp(x)).transpose(0, 1)
        for lstm, linear in zip(self.blocks, self.mix, strict=True):
            y, _ = lstm(x)
            x = x + linear(y)
        return self.out(x).transpose(0, 1)


MODELS: dict[str, tuple[type[nn.Module], tuple[int, ...]]] = {
    "keyword spotter": (KeywordSpotter, (5, T)),
    "bidirectional classifier": (EventClassifier, (T, 4)),
    "encoder and decoder": (Translator, (T, 4)),
    "residual stack": (ResidualStack, (T, 3)),
}
IN_HARDWARE = drawn(MODELS, 2, "windows")
FAST = ("traced", "integer", "standard", "csim")


def data(name: str, count: int, seed: int) -> np.ndarray:
    """Random sequences, a slow wave in each."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 0.7, (count, *MODELS[name][1]))
    return (x + np.sin(rng.normal(0, 2, (count, 1, 1)))).astype(np.float32)


def made(name: str) -> nn.Module:
    """With statistics of its BatchNorm1d that are those of data."""
    torch.manual_seed(0)
    model = MODELS[name][0]().train()
    with torch.no_grad():
        for seed in range(5):
            model(torch.from_numpy(data(name, 64, seed)))
        for weight in (p for p in model.parameters() if p.ndim > 1):
            weight *= 2.5  # what is not trained answers everything alike
    return model.eval()


def values(y: Any) -> list[np.ndarray]:
    """What a model returns, one after the other."""
    parts = list(y.values()) if isinstance(y, dict) else y if isinstance(y, tuple) else [y]
    return [np.asarray(part) for part in parts]


def check(name: str, folder: Path, levels: tuple[str, ...], count: int) -> None:
    """Calibrated it is near the float model, and exact at these levels."""
    model = made(name)
    result = gatewright.calibrate(model, data(name, 64, 1))
    assert result.output_error.relative < 0.1, result
    build = gatewright.compile(result, output_dir=folder / "build")
    gatewright.check(build)
    x = data(name, count, 2)
    report = build.verify(x, model=result.model, levels=levels)
    assert report.mismatches == 0, report.divergence
    assert all(c.compared["output"] > 0 for c in report.comparisons)
    with torch.no_grad():
        wanted = values(result.model(torch.from_numpy(x)))
        floats = values(model(torch.from_numpy(x)))
    got = values(build.simulate(x))
    assert len(got) == len(wanted) == len(floats)
    for mine, theirs, before in zip(got, wanted, floats, strict=True):
        assert np.allclose(mine, theirs, atol=1e-5)
        assert np.sqrt(np.mean((mine - before) ** 2)) < 0.15 * before.std()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=needs("rtl")) if n in IN_HARDWARE else n
        for n in drawn(MODELS, 2, "windows")
    ],
)
def test_every_level(name: str, tmp_path: Path) -> None:
    if name in IN_HARDWARE:
        check(name, tmp_path, (*FAST, "rtl"), 20)
    else:
        check(name, tmp_path, FAST, 40)
