"""Float models as people write them: calibrated, then what torch computes, at every level."""

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

pytestmark = pytest.mark.compiles

B, T, I, H = 40, 6, 4, 5  # noqa: E741 - the field's names
LEVELS = ("traced", "integer", "standard")


class Written(nn.Module):
    """A linear layer, an LSTM, a head, and what a forward() makes of them."""

    def __init__(self, forward: Callable[[Any, Tensor], Any], act: nn.Module | None = None) -> None:
        super().__init__()
        self.inp = nn.Linear(I, 6)
        self.act = act
        self.lstm = nn.LSTM(6, H, batch_first=True)
        self.fc = nn.Linear(H, 2)
        self.h0 = nn.Parameter(torch.rand(1, 1, H) - 0.5)
        self.kernel = nn.Parameter(torch.rand(H, H, 3) - 0.5)
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


def head(m: Any, y: Tensor) -> Tensor:
    return m.fc(m.lstm(y)[0][:, -1])


def zero_state(lstm: Any, x: Tensor) -> Tensor:
    directions = 2 if lstm.bidirectional else 1
    batch = x.size(0 if lstm.batch_first else 1)
    return x.new_zeros(lstm.num_layers * directions, batch, lstm.hidden_size)


def states_of_tutorials(m: Any, x: Tensor) -> Tensor:
    h = torch.zeros(1, x.size(0), H).requires_grad_()
    weight = next(m.parameters()).data
    c = weight.new_zeros(1, x.size(0), H).to(x.device)
    return m.fc(m.lstm(m.inp(x), (h.detach(), c))[0][:, -1, :])


def learned_states(m: Any, x: Tensor) -> Tensor:
    h = m.h0.expand(-1, x.size(0), -1).contiguous()
    return m.fc(m.lstm(m.inp(x), (h, m.h0.repeat(1, x.shape[0], 1)))[0])


def functions_over_time(m: Any, x: Tensor) -> Tensor:
    y = m.lstm(F.relu(F.linear(x, m.inp.weight, bias=m.inp.bias)))[0].mT
    y = F.max_pool1d(F.relu(F.conv1d(y, m.kernel, padding=1)), 2)
    return m.fc(F.avg_pool1d(y, kernel_size=2, stride=1).mT)


MODELS: dict[str, tuple[Any, ...]] = {
    "F.relu": (lambda m, x: m.fc(F.relu(m.lstm(F.relu(m.inp(x)))[0][:, -1])),),
    ".relu()": (lambda m, x: head(m, m.inp(x).relu()),),
    "torch.tanh and sigmoid": (lambda m, x: torch.tanh(head(m, torch.sigmoid(m.inp(x)))),),
    "F.hardtanh": (lambda m, x: head(m, F.hardtanh(m.inp(x))),),
    "clamp": (lambda m, x: head(m, m.inp(x).clamp(-0.25, 0.25)),),
    "clamp from 0": (lambda m, x: head(m, m.inp(x.clamp(min=0)).clamp_min(0)),),
    "functions of the input": (lambda m, x: head(m, m.inp(torch.tanh(x))),),
    "functions like modules": (functions_over_time,),
    "learned states": (learned_states,),
    "states of tutorials": (states_of_tutorials,),
    "F.relu6": (lambda m, x: head(m, F.relu6(m.inp(x))),),
    "F.hardsigmoid": (lambda m, x: head(m, F.hardsigmoid(m.inp(x))),),
    "nn.Tanh": (lambda m, x: head(m, m.act(m.inp(x))), nn.Tanh()),
    "nn.Sigmoid": (lambda m, x: head(m, m.act(m.inp(x))), nn.Sigmoid()),
    "nn.Hardtanh": (lambda m, x: head(m, m.act(m.inp(x))), nn.Hardtanh(-0.5, 0.5)),
    "nn.ReLU6": (lambda m, x: head(m, m.act(m.inp(x))), nn.ReLU6()),
    "nn.Hardsigmoid": (lambda m, x: head(m, m.act(m.inp(x))), nn.Hardsigmoid()),
    "zero states": (
        lambda m, x: m.fc(m.lstm(m.inp(x), (torch.zeros(1, x.size(0), H),) * 2)[1][0].squeeze(0)),
    ),
    "zero states by sizes": (
        lambda m, x: m.fc(m.lstm(m.inp(x), (zero_state(m.lstm, x),) * 2)[0][:, -1]),
    ),
}


class EncoderDecoder(nn.Module):
    """Two stacks, the second of which begins where the first ends."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.LSTM(I, H, num_layers=2, batch_first=True)
        self.decoder = nn.LSTM(I, H, num_layers=2, batch_first=True)
        self.fc = nn.Linear(H, 3)

    def forward(self, x: Tensor) -> Tensor:
        _, state = self.encoder(x)
        return self.fc(self.decoder(x, state)[0])


class GivenStates(nn.Module):
    """States as arguments, in torch's form and order."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(I, H, bidirectional=True, batch_first=True)
        self.rnn = nn.RNN(2 * H, 3, num_layers=2, batch_first=True)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> Tensor:
        out, _ = self.lstm(x, (h, c))
        return self.rnn(out, torch.zeros(2, x.size(0), 3))[0]


def data(seed: int = 0, count: int = B) -> Tensor:
    """Random sequences."""
    x = np.random.default_rng(seed).normal(0, 1.5, (count, T, I))
    return torch.from_numpy(x.astype(np.float32))


def calibrated(model: nn.Module, given: Any) -> gatewright.Calibration:
    """A calibrated model whose answers are near those of the float one."""
    result = gatewright.calibrate(model.eval(), given)
    assert result.output_error.relative < 0.1, result
    return result


def made(name: str) -> nn.Module:
    torch.manual_seed(0)
    return Written(*MODELS[name])


@pytest.mark.parametrize("name", drawn(MODELS, 4, "written"))
def test_every_level_agrees(name: str, tmp_path: Path) -> None:
    result = calibrated(made(name), data())
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    report = build.verify(data(1).numpy(), model=result.model, levels=LEVELS)
    assert report.mismatches == 0, report.divergence
    assert all(c.compared["output"] > 0 for c in report.comparisons)


def test_states_are_handed_over(tmp_path: Path) -> None:
    torch.manual_seed(0)
    result = calibrated(EncoderDecoder(), data())
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    report = build.verify(data(1).numpy(), model=result.model, levels=LEVELS)
    assert report.mismatches == 0, report.divergence


def test_states_are_arguments(tmp_path: Path) -> None:
    torch.manual_seed(0)
    states = [torch.rand(2, B, H) - 0.5 for _ in "hc"]
    result = calibrated(GivenStates(), (data(), *states))
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    x = tuple(t.numpy() for t in (data(1), *states))
    report = build.verify(x, model=result.model, levels=LEVELS)
    assert report.mismatches == 0, report.divergence


@needs("rtl")
def test_in_hardware(tmp_path: Path) -> None:
    result = calibrated(made("F.relu"), data())
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    levels = ("integer", "csim", "rtl")
    report = build.verify(data(1, 20).numpy(), model=result.model, levels=levels)
    assert report.mismatches == 0, report.divergence


def test_a_clamp_is_that_of_the_quantizer() -> None:
    result = calibrated(made("nn.Hardtanh"), data())
    act = result.model.act
    with torch.no_grad():
        y = act(torch.linspace(-2, 2, 101))
    assert 0.45 < float(y.max()) <= 0.5
    assert float(y.min()) == -float(y.max())
