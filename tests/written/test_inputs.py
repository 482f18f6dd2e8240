"""Inputs without an axis of features, or with several, which forward() makes one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from commit_choice import drawn
from level_tools import needs
from torch import Tensor, nn

import gatewright
from gatewright.errors import GatewrightError
from gatewright.frontend import load, trace
from gatewright.ir import interpreter
from gatewright.ir.host import GIVEN
from gatewright.ir.lowering import lower

pytestmark = pytest.mark.compiles

B, T, H = 20, 6, 4
LEVELS = ("traced", "integer", "standard", "csim")
Forward = Callable[[Any, Tensor], Any]


class Written(nn.Module):
    """A layer, a head, and what a forward() makes of its input."""

    def __init__(self, forward: Forward, features: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(features, H, batch_first=True)
        self.fc = nn.Linear(H, 2)
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


MODELS: dict[str, tuple[Forward, tuple[int, ...], int]] = {
    "no features": (lambda m, x: m.fc(m.lstm(x.unsqueeze(-1))[0][:, -1]), (), 1),
    "indexed by None": (lambda m, x: m.fc(m.lstm(x[..., None])[0]), (), 1),
    "flattened": (lambda m, x: m.fc(m.lstm(x.flatten(2))[0]), (2, 3), 6),
    "viewed": (lambda m, x: m.fc(m.lstm(x.view(x.size(0), x.size(1), -1))[0][:, -1]), (2, 3), 6),
}
"""The forward(), the axes behind [B, T], and the features that come of them."""


def data(axes: tuple[int, ...], seed: int = 0, count: int = B) -> np.ndarray:
    """Random sequences."""
    x = np.random.default_rng(seed).normal(0, 1.5, (count, T, *axes))
    return x.astype(np.float32)


def made(name: str) -> tuple[gatewright.Calibration, tuple[int, ...]]:
    forward, axes, features = MODELS[name]
    torch.manual_seed(0)
    model = Written(forward, features).eval()
    return gatewright.calibrate(model, torch.from_numpy(data(axes))), axes


@pytest.mark.parametrize("name", drawn(MODELS, 4, "written"))
def test_every_level_agrees(name: str, tmp_path: Path) -> None:
    result, axes = made(name)
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    gatewright.check(build)
    x = data(axes, 1)
    report = build.verify(x, model=result.model, levels=LEVELS)
    assert report.mismatches == 0, report.divergence
    assert all(c.compared["output"] > 0 for c in report.comparisons)
    with torch.no_grad():
        wanted = result.model(torch.from_numpy(x)).numpy()
    given = build.simulate(x)
    assert np.allclose(wanted, given, atol=1e-5)
    assert np.array_equal(given, build.simulate(x.reshape(B, T, -1)))  # as the graph has it


@needs("rtl")
def test_in_hardware(tmp_path: Path) -> None:
    result, axes = made("flattened")
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    assert build.verify(data(axes, 1), levels=("integer", "rtl")).mismatches == 0


@pytest.mark.parametrize("name", ["no features", "flattened"])
def test_its_own_file_is_read_back(name: str) -> None:
    result, axes = made(name)
    traced = trace(result.model, result.example_input)
    answers = []
    for model in (lower(traced), lower(load(traced))):
        assert model.arguments[0].features == axes
        values, _ = interpreter.run(model.graph, model.encode((data(axes, 1),)))
        answers.append(model.decode(values)[0])
    assert np.array_equal(answers[0], answers[1])
    wrong = onnx.ModelProto()
    wrong.CopyFrom(traced)
    for entry in wrong.metadata_props:
        entry.value = "[5, 7]" if entry.key == GIVEN else entry.value
    with pytest.raises(GatewrightError, match="GW-207"):
        lower(wrong)


def test_other_shapes_are_refused(tmp_path: Path) -> None:
    result, _ = made("flattened")
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    with pytest.raises(GatewrightError, match="GW-601") as caught:
        build.simulate(data((3, 2)))
    assert "[B, T, 2, 3]" in caught.value.remedy
    straight = Written(lambda m, x: m.fc(m.lstm(x)[0]), T).eval()
    with pytest.raises(GatewrightError, match="GW-604"):
        gatewright.calibrate(straight, torch.from_numpy(data(())))
