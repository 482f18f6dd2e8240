"""Several sequences as arguments of forward(), as people write it: at every level."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
from commit_choice import drawn
from level_tools import needs
from torch import Tensor, nn

import gatewright
from gatewright.errors import GatewrightError
from gatewright.frontend import load, trace
from gatewright.ir import interpreter
from gatewright.ir.lowering import lower

pytestmark = pytest.mark.compiles

B, T, H = 20, 6, 4
FEATURES = (3, 2)
LEVELS = ("traced", "integer", "standard", "csim")
Forward = Callable[[Any, Tensor, Tensor], Any]


class Written(nn.Module):
    """Layers of one sequence, of the other and of both, and what a forward() makes of them."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self.first = nn.LSTM(FEATURES[0], H, batch_first=True)
        self.second = nn.RNN(FEATURES[1], H, batch_first=True)
        self.both = nn.LSTM(sum(FEATURES), H, batch_first=True)
        self.fc = nn.Linear(H, 2)
        self.wide = nn.Linear(2 * H, 2)
        self._forward = forward

    def forward(self, x: Tensor, z: Tensor) -> Any:
        return self._forward(self, x, z)


MODELS: dict[str, Forward] = {
    "joined": lambda m, x, z: m.fc(m.both(torch.cat([x, z], -1))[0][:, -1]),
    "a layer each": lambda m, x, z: m.wide(torch.cat([m.first(x)[0], m.second(z)[0]], -1)),
    "gated": lambda m, x, z: m.fc(m.first(x)[0] * torch.sigmoid(m.second(z)[0])),
    "steps of one": lambda m, x, z: m.fc(m.first(x[:, 1:])[0] + m.second(z[:, :-1])[0]),
}


def data(seed: int = 0, steps: int = T) -> tuple[np.ndarray, ...]:
    """Random sequences of both arguments."""
    rng = np.random.default_rng(seed)
    return tuple(rng.normal(0, 1.5, (B, steps, n)).astype(np.float32) for n in FEATURES)


def tensors(arrays: tuple[np.ndarray, ...]) -> tuple[Tensor, ...]:
    return tuple(map(torch.from_numpy, arrays))


def calibrated(name: str) -> gatewright.Calibration:
    torch.manual_seed(0)
    return gatewright.calibrate(Written(MODELS[name]).eval(), tensors(data()))


@pytest.mark.parametrize("name", drawn(MODELS, 4, "written"))
def test_every_level_agrees(name: str, tmp_path: Path) -> None:
    result = calibrated(name)
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    gatewright.check(build)
    report = build.verify(data(1), model=result.model, levels=LEVELS)
    assert report.mismatches == 0, report.divergence
    assert all(c.compared["output"] > 0 for c in report.comparisons)
    with torch.no_grad():
        wanted = result.model(*tensors(data(1))).numpy()
    assert np.allclose(wanted, build.simulate(data(1)), atol=1e-5)


@needs("rtl")
def test_in_hardware(tmp_path: Path) -> None:
    build = gatewright.compile(calibrated("gated"), output_dir=tmp_path / "build")
    assert build.verify(data(1), levels=("integer", "rtl")).mismatches == 0
    x, z = data(1)
    with pytest.raises(GatewrightError, match="GW-601") as caught:
        build.simulate((x, z[:, 1:]), level="integer")
    assert "6 of x, 5 of z" in caught.value.cause
    with pytest.raises(GatewrightError, match="GW-607") as caught:
        build.stream("integer")
    assert caught.value.where == "z"


@pytest.mark.parametrize("name", ["joined", "steps of one"])
def test_its_own_file_is_read_back(name: str) -> None:
    result = calibrated(name)
    traced = trace(result.model, result.example_input)
    answers = []
    for model in (lower(traced), lower(load(traced))):
        assert [argument.shape for argument in model.arguments] == [("B", "T", n) for n in FEATURES]
        values, _ = interpreter.run(model.graph, model.encode(data(1)))
        answers.append(model.decode(values)[0])
    assert np.array_equal(answers[0], answers[1])


class Begun(nn.Module):
    """States that look like a sequence: as many of them as sequences, as wide as those are long."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = qnn.QuantLSTM(3, 3, bidirectional=True, batch_first=True)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> Tensor:
        return self.lstm(x, h, c)[0]


def test_states_are_no_sequence() -> None:
    torch.manual_seed(0)
    model, given = Begun().train(), torch.randn(2, 2, 3)
    model(given, given, given)
    lowered = lower(trace(model.eval(), (given, given, given)))
    assert [argument.time_axis for argument in lowered.arguments] == [1, None, None]
