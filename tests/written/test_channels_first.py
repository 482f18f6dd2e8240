"""Arithmetic on [B, F, T], around convolutions, as people write it, calibrated: every level."""

from __future__ import annotations

from collections.abc import Callable
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
from gatewright.errors import GatewrightError
from gatewright.frontend import load, trace
from gatewright.ir import interpreter
from gatewright.ir.lowering import lower

pytestmark = pytest.mark.compiles

B, T, I, H = 20, 7, 3, 4  # noqa: E741 - the field's names
LEVELS = ("traced", "integer", "standard")
Forward = Callable[[Any, Tensor], Any]


class Written(nn.Module):
    """Convolutions and recurrent layers, and what a forward() makes of them."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self.conv = nn.Conv1d(I, H, 3, padding=1)
        self.again = nn.Conv1d(H, H, 3, padding=1)
        self.causal = nn.Conv1d(I, H, 3)
        self.lstm = nn.LSTM(H, H, batch_first=True)
        self.first = nn.LSTM(I, H, batch_first=True)
        self.major = nn.LSTM(H, H)
        self.fc = nn.Linear(H, 2)
        self.register_buffer("mean", torch.tensor([0.5, -0.25, 1.0]))
        self.register_buffer("std", torch.tensor([[[1.0], [2.0], [0.7]]]))
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


def residual(m: Any, x: Tensor) -> Tensor:
    y = m.first(x)[0].mT
    y = y + F.relu(m.again(y))
    return m.fc((y * 0.5).mT)


def padded(m: Any, x: Tensor) -> Tensor:
    y = F.pad((x.transpose(1, 2) - 1) * 2, (2, 0))
    return m.fc(m.lstm(m.causal(y).transpose(1, 2))[0][:, -1])


def gated(m: Any, x: Tensor) -> Tensor:
    y = m.first(x)[0].permute(0, 2, 1)
    return m.again(y * torch.sigmoid(m.again(y)) - y.abs())


def one_a_feature(m: Any, x: Tensor) -> Tensor:
    return m.lstm(m.conv((x.mT - m.mean[:, None]) / m.std).mT)[0]


def turned(m: Any, x: Tensor) -> Tensor:
    return m.lstm(m.conv((x - m.mean[:, None]) / m.std).mT)[0]


MODELS: dict[str, Forward] = {
    "numbers": lambda m, x: m.fc(m.lstm(m.conv(1 - (x.mT - 1) / 0.5).mT)[0]),
    "one a feature": one_a_feature,
    "before a padded convolution": padded,
    "residual": residual,
    "gates": gated,
    "behind steps in the other order": lambda m, x: m.fc(
        m.major(m.conv(x.transpose(1, 2) + 1).permute(2, 0, 1))[0][-1]
    ),
}


def data(seed: int = 0) -> Tensor:
    """Random sequences."""
    x = np.random.default_rng(seed).normal(0, 1.5, (B, T, I))
    return torch.from_numpy(x.astype(np.float32))


def made(forward: Forward) -> nn.Module:
    torch.manual_seed(0)
    return Written(forward).eval()


def calibrated(forward: Forward, x: Tensor) -> gatewright.Calibration:
    result = gatewright.calibrate(made(forward), x)
    assert result.output_error.relative < 0.1, result
    return result


@pytest.mark.parametrize("name", drawn(MODELS, 4, "written"))
def test_every_level_agrees(name: str, tmp_path: Path) -> None:
    result = calibrated(MODELS[name], data())
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    report = build.verify(data(1).numpy(), model=result.model, levels=LEVELS)
    assert report.mismatches == 0, report.divergence
    with torch.no_grad():
        wanted = result.model(data(1)).numpy()
    given = build.simulate(data(1).numpy(), level="integer")
    assert np.allclose(wanted, given, atol=1e-5)
    assert len(np.unique(given)) > B


@needs("rtl")
def test_in_hardware(tmp_path: Path) -> None:
    result = calibrated(padded, data())
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    report = build.verify(data(1).numpy(), levels=("integer", "csim", "rtl"))
    assert report.mismatches == 0, report.divergence


@pytest.mark.parametrize("transposed", [False, True])
def test_its_own_file_is_read_back(transposed: bool) -> None:
    """Also where the model's input is [B, F, T], of which only constants tell before a layer."""
    result = calibrated(turned, _bft()) if transposed else calibrated(one_a_feature, data())
    traced = trace(result.model, result.example_input)
    given = (_bft() if transposed else data()).numpy()
    answers = []
    for model in (lower(traced), lower(load(traced))):
        values, _ = interpreter.run(model.graph, model.encode((given,)))
        answers.append(model.decode(values)[0])
    assert np.array_equal(answers[0], answers[1])


def _bft() -> Tensor:
    return data().transpose(1, 2).contiguous()


def test_constants_do_not_differ_by_step() -> None:
    weights = torch.linspace(0.5, 1.0, T)
    refused = {
        "GW-106": lambda m, x: m.lstm(m.conv(x.mT * weights).mT)[0],
        "GW-109": lambda m, x: m.first(x * weights[:, None])[0],
    }
    for code, forward in refused.items():
        with pytest.raises(GatewrightError, match=code) as caught:
            gatewright.calibrate(made(forward), data())
        assert "features" in caught.value.remedy or "feature" in caught.value.remedy
