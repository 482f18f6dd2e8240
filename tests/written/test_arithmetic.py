"""Sums, skips, pooling and normalization as people write them, calibrated: at every level."""

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

B, T, I, H = 40, 6, 4, 5  # noqa: E741 - the field's names
LEVELS = ("traced", "integer", "standard", "csim")


class Written(nn.Module):
    """Layers, and what a forward() makes of them."""

    def __init__(self, forward: Callable[[Any, Tensor], Any]) -> None:
        super().__init__()
        self.norm = _norm(I)
        self.inp = nn.Linear(I, H)
        self.a = nn.LSTM(H, H, batch_first=True)
        self.b = nn.LSTM(H, H, batch_first=True)
        self.both = nn.LSTM(H, H, batch_first=True, bidirectional=True)
        self.steps = _norm(H)
        self.fc = nn.Linear(H, 3)
        self.wide = nn.Linear(4 * H, 3)
        self.skip = nn.Linear(I + H, 3)
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


def _norm(features: int) -> nn.Module:
    norm = nn.BatchNorm1d(features)
    with torch.no_grad():
        norm.running_mean.uniform_(-0.5, 0.5)
        norm.running_var.uniform_(0.5, 2)
        norm.weight.uniform_(-1.5, 1.5)
        norm.bias.uniform_(-0.5, 0.5)
    return norm


def residual(m: Any, x: Tensor) -> Tensor:
    y = m.inp(x)
    y = y + m.a(y)[0]
    y = torch.add(y, m.b(y)[0])
    return m.fc(y[:, -1])


def directions(m: Any, x: Tensor) -> Tensor:
    out, _ = m.both(m.inp(x))
    return m.fc((out[..., :H] + out[..., H:])[:, -1])


def pools(m: Any, x: Tensor) -> Tensor:
    out, _ = m.a(m.inp(x))
    parts = (out.mean(1), out.max(1)[0], out.amin(1), out[:, -1])
    return m.wide(torch.cat(parts, dim=1))


def normalized(m: Any, x: Tensor) -> Tensor:
    return m.fc(m.a(m.inp(m.norm(x.transpose(1, 2)).transpose(1, 2)))[0][:, -1])


def normalized_steps(m: Any, x: Tensor) -> Tensor:
    return m.fc(m.steps(m.a(m.inp(x))[0].permute(0, 2, 1)).permute(0, 2, 1))


MODELS: dict[str, Callable[[Any, Tensor], Any]] = {
    "residual stack": residual,
    "sum of directions": directions,
    "skip by cat": lambda m, x: m.skip(torch.cat((x, m.a(m.inp(x))[0]), -1)),
    "pools side by side": pools,
    "sum over time": lambda m, x: m.fc(m.a(m.inp(x))[0].sum(dim=1)),
    "min over time": lambda m, x: m.fc(m.a(m.inp(x))[0].min(dim=1).values),
    "norm before": normalized,
    "norm at every step": normalized_steps,
}


def data(seed: int = 0, count: int = B) -> Tensor:
    """Random sequences."""
    x = np.random.default_rng(seed).normal(0, 1.5, (count, T, I))
    return torch.from_numpy(x.astype(np.float32))


def calibrated(name: str) -> gatewright.Calibration:
    torch.manual_seed(0)
    result = gatewright.calibrate(Written(MODELS[name]).eval(), data())
    assert result.output_error.relative < 0.1, result
    return result


@pytest.mark.parametrize("name", drawn(MODELS, 4, "written"))
def test_every_level_agrees(name: str, tmp_path: Path) -> None:
    result = calibrated(name)
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    gatewright.check(build)
    report = build.verify(data(1).numpy(), model=result.model, levels=LEVELS)
    assert report.mismatches == 0, report.divergence
    assert all(c.compared["output"] > 0 for c in report.comparisons)
    with torch.no_grad():
        wanted = result.model(data(1)).numpy()
    assert np.allclose(wanted, build.simulate(data(1).numpy()), atol=1e-5)


@needs("rtl")
@pytest.mark.parametrize(
    "name", drawn(["residual stack", "norm at every step", "min over time"], 3, "written")
)
def test_in_hardware(name: str, tmp_path: Path) -> None:
    result = calibrated(name)
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    report = build.verify(data(1, 20).numpy(), levels=("integer", "csim", "rtl"))
    assert report.mismatches == 0, report.divergence


@pytest.mark.parametrize("name", drawn(MODELS, 2, "written"))
def test_its_own_file_is_read_back(name: str) -> None:
    result = calibrated(name)
    traced = trace(result.model, result.example_input)
    x, answers = (data(1).numpy(),), []
    for model in (lower(traced), lower(load(traced))):
        values, _ = interpreter.run(model.graph, model.encode(x))
        answers.append(model.decode(values)[0])
    assert np.array_equal(answers[0], answers[1])
    assert len(np.unique(answers[0])) > B


class Shared(nn.Module):
    """Two layers whose outputs have scales of their own, added."""

    def __init__(self, quantizers: tuple[Any, Any]) -> None:
        super().__init__()
        self.a = qnn.QuantLSTM(I, H, batch_first=True)
        self.b = qnn.QuantLSTM(I, H, batch_first=True)
        self.qa, self.qb = quantizers

    def forward(self, x: Tensor) -> Tensor:
        return self.qa(self.a(x)[0]) + self.qb(self.b(x)[0])


def trained(model: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    model.train()
    for seed in range(3):
        model(data(seed))
    return model.eval()


def test_sums_want_one_scale(tmp_path: Path) -> None:
    one = qnn.QuantIdentity()
    build = gatewright.compile(trained(Shared((one, one))), data()[:2], tmp_path / "build")
    assert build.verify(data(1).numpy(), levels=LEVELS[:3]).mismatches == 0
    two = Shared((qnn.QuantIdentity(), qnn.QuantIdentity(bit_width=5)))
    with pytest.raises(GatewrightError, match="GW-301") as caught:
        gatewright.compile(trained(two), data()[:2], tmp_path / "other")
    assert "QuantEltwiseAdd" in caught.value.remedy
    assert "calibrate" in caught.value.remedy


def test_brevitas_own_sum(tmp_path: Path) -> None:
    class Added(Shared):
        def forward(self, x: Tensor) -> Tensor:
            return self.qa(self.a(x)[0], self.b(x)[0])

    add = qnn.QuantEltwiseAdd()
    model = trained(Added((add, None)))
    build = gatewright.compile(model, data()[:2], tmp_path / "build")
    report = build.verify(data(1).numpy(), model=model, levels=LEVELS[:3])
    assert report.mismatches == 0, report.divergence
