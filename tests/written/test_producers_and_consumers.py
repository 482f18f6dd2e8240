"""Every kind of tensor in front of all that takes one, in float models: calibrated is compiled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from commit_choice import drawn
from level_tools import needs
from torch import Tensor, nn

import gatewright
from gatewright.errors import GatewrightError

pytestmark = pytest.mark.compiles

B, T, H = 12, 6, 4
LEVELS = ("traced", "integer", "standard")
Makes = Callable[[Any, Tensor, Any], Tensor]
Takes = Callable[[Any, Tensor, Tensor, Any], Any]


class Written(nn.Module):
    """Layers, and a forward() that gives one tensor to what takes it."""

    def __init__(self, makes: Makes, takes: Takes) -> None:
        super().__init__()
        self.lstm = nn.LSTM(H, H, batch_first=True)
        self.rnn = nn.RNN(H, H, batch_first=True)
        self.end = nn.LSTM(H, H, batch_first=True)
        self.lin = nn.Linear(H, H)
        self.fc = nn.Linear(H, 3)
        self.wide = nn.Linear(2 * H, 3)
        self.conv = nn.Conv1d(H, H, 3, padding=1)
        self.after = nn.Conv1d(H, H, 2)
        self.avg = nn.AvgPool1d(2, 1)
        self.padded = nn.AvgPool1d(3, 1, 1)
        self.max = nn.MaxPool1d(2, 1)
        self.norm = nn.BatchNorm1d(H)
        self.leaky = nn.LeakyReLU(0.25)
        self.makes, self.takes = makes, takes

    def forward(self, x: Tensor, z: Tensor) -> Any:
        return self.takes(self, self.makes(self, x, z), x, z), self.lstm(x)[0]


SEQUENCES: dict[str, Makes] = {
    "input": lambda m, x, z: x,
    "layer": lambda m, x, z: m.lstm(x)[0],
    "linear": lambda m, x, z: m.lin(x),
    "conv": lambda m, x, z: m.conv(x.mT).mT,
    "normalized conv": lambda m, x, z: m.norm(m.conv(x.mT)).mT,
    "average of a layer": lambda m, x, z: m.avg(m.lstm(x)[0].mT).mT,
    "average of a conv": lambda m, x, z: m.padded(m.conv(x.mT)).mT,
    "maxima of the input": lambda m, x, z: m.max(x.mT).mT,
    "relu": lambda m, x, z: torch.relu(m.lin(x)),
    "tanh of the input": lambda m, x, z: torch.tanh(x),
    "leaky of the input": lambda m, x, z: m.leaky(x),
    "scaled input": lambda m, x, z: (x - 0.5) / 2,
    "normalized": lambda m, x, z: m.norm(m.lstm(x)[0].mT).mT,
    "sum": lambda m, x, z: m.lstm(x)[0] + m.lin(x),
    "product": lambda m, x, z: m.lstm(x)[0] * m.lin(x),
    "later steps of the input": lambda m, x, z: x[:, 1:],
}
"""[B, T, H]"""

ROWS: dict[str, Makes] = {
    "argument": lambda m, x, z: z,
    "hidden state": lambda m, x, z: m.lstm(x)[1][0][0],
    "cell state": lambda m, x, z: m.lstm(x)[1][1][0],
    "last step of the input": lambda m, x, z: x[:, -1],
    "mean": lambda m, x, z: m.lstm(x)[0].mean(1),
    "mean of a conv": lambda m, x, z: m.conv(x.mT).mean(2),
    "tanh of an argument": lambda m, x, z: torch.tanh(z),
    "linear of an argument": lambda m, x, z: m.lin(z),
    "scaled argument": lambda m, x, z: z * 0.5,
    "sum of states": lambda m, x, z: m.lstm(x)[1][0][0] + m.lstm(x)[1][1][0],
}
"""[B, H]"""

OF_BOTH: dict[str, Takes] = {
    "output": lambda m, v, x, z: v,
    "linear": lambda m, v, x, z: m.fc(v),
    "tanh": lambda m, v, x, z: torch.tanh(v),
    "leaky": lambda m, v, x, z: m.fc(m.leaky(v)),
    "clamp": lambda m, v, x, z: m.fc(v.clamp(-0.5, 0.5)),
    "magnitude": lambda m, v, x, z: m.fc(v.abs()),
    "scale": lambda m, v, x, z: m.fc(v * 0.5 + 1),
    "square": lambda m, v, x, z: m.fc(v * v),
    "host": lambda m, v, x, z: torch.softmax(v, -1),
}
OF_SEQUENCES: dict[str, Takes] = {
    "layer": lambda m, v, x, z: m.end(v)[0],
    "conv": lambda m, v, x, z: m.after(v.mT).mT,
    "average": lambda m, v, x, z: m.fc(m.avg(v.mT).mT),
    "padded average": lambda m, v, x, z: m.padded(v.mT),
    "maxima": lambda m, v, x, z: m.fc(m.max(v.mT).mT),
    "normalized": lambda m, v, x, z: m.fc(m.norm(v.mT).mT),
    "mean": lambda m, v, x, z: m.fc(v.mean(1)),
    "minimum": lambda m, v, x, z: v.amin(1),
    "steps": lambda m, v, x, z: m.fc(v[:, :3]),
    "sum with a layer": lambda m, v, x, z: m.fc(v + m.end(v)[0]),
}
OF_ROWS: dict[str, Takes] = {
    "initial states": lambda m, v, x, z: m.end(x, (v[None], v[None]))[0],
    "initial state": lambda m, v, x, z: m.rnn(x, v[None])[0],
    "join": lambda m, v, x, z: m.wide(torch.cat([v, z], -1)),
    "sum": lambda m, v, x, z: m.fc(v + z),
    "gate": lambda m, v, x, z: m.fc(v * torch.sigmoid(z)),
    "normalized": lambda m, v, x, z: m.norm(v),
}
PAIRS: dict[str, tuple[Makes, Takes]] = {
    f"{a}{rank} - {b}": (made, takes)
    for rank, makers, takers in (
        ("", SEQUENCES, OF_BOTH | OF_SEQUENCES),
        (" of rows", ROWS, OF_BOTH | OF_ROWS),
    )
    for a, made in makers.items()
    for b, takes in takers.items()
}
REFUSED = {
    "input - output": "the model returns its input unchanged",
    "argument of rows - output": "the model returns its input unchanged",
}
"""By a part of the cause."""
FOUND: dict[str, tuple[Makes, Takes]] = {
    "states of two layers joined": (
        lambda m, x, z: m.lstm(x)[1][1].squeeze(0),
        lambda m, v, x, z: m.wide(torch.cat([v, m.end(x)[1][0][-1]], 1)),
    ),
    "a state of each kind side by side": (
        lambda m, x, z: torch.cat([state[0] for state in m.lstm(x)[1]], -1),
        lambda m, v, x, z: v,
    ),
    "an average behind a convolution": (SEQUENCES["average of a conv"], OF_SEQUENCES["layer"]),
    "a tanh as initial state": (ROWS["tanh of an argument"], OF_ROWS["initial states"]),
}


def data(seed: int = 0) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    shapes = (B, T, H), (B, H)
    x, z = (torch.from_numpy(rng.normal(0, 1.2, s).astype(np.float32)) for s in shapes)
    return x, z


def written(pair: tuple[Makes, Takes]) -> nn.Module:
    torch.manual_seed(0)
    model = Written(*pair).eval()
    with torch.no_grad():
        model.norm.running_mean.normal_()
        model.norm.running_var.uniform_(0.5, 2)
    return model


def agrees(result: gatewright.Calibration, folder: Path, levels: tuple[str, ...]) -> None:
    build = gatewright.compile(result, output_dir=folder)
    arrays = tuple(part.numpy() for part in data(1))
    report = build.verify(arrays, model=result.model, levels=levels)
    assert report.mismatches == 0, report.divergence
    with torch.no_grad():
        wanted = result.model(*data(1))
    # Integers may differ by float32 roundings that verify has found listed.
    for a, b in zip(wanted, build.simulate(arrays, level="traced"), strict=True):
        assert np.allclose(a.numpy(), b, atol=1e-5)
        assert len(np.unique(b)) > B // 2


@pytest.mark.parametrize("name", drawn(PAIRS, 80, "written"))
def test_what_calibrates_compiles(name: str, tmp_path: Path) -> None:
    model = written(PAIRS[name])
    if name in REFUSED:
        with pytest.raises(GatewrightError, match=REFUSED[name]):
            gatewright.calibrate(model, data())
        return
    agrees(gatewright.calibrate(model, data()), tmp_path / "build", LEVELS)


@needs("rtl")
@pytest.mark.parametrize("name", drawn(FOUND, 2, "written"))
def test_what_was_refused_once(name: str, tmp_path: Path) -> None:
    levels = (*LEVELS, "csim", "rtl") if "side by side" in name else (*LEVELS, "csim")
    agrees(gatewright.calibrate(written(FOUND[name]), data()), tmp_path / "build", levels)


class One(Written):
    """The same layers, and one argument."""

    def __init__(self, forward: Callable[[Any, Tensor], Any]) -> None:
        super().__init__(SEQUENCES["layer"], OF_BOTH["linear"])
        self.written = forward

    def forward(self, x: Tensor) -> Any:
        return self.written(self, x)


@pytest.mark.parametrize(
    ("forward", "code", "remedy"),
    [
        (lambda m, x: m.fc(m.lstm(x)[0][:, -1:]).squeeze(), "GW-108", "squeeze(1)"),
        (lambda m, x: m.fc(torch.relu(m.lin(x))), "GW-205", "QuantLSTM"),
        (
            lambda m, x: m.lstm(m.norm(m.norm(x.mT) * 0.5).mT)[0],
            "GW-301",
            "QuantIdentity(act_quant=None)",
        ),
    ],
)
def test_calibration_refuses_what_compile_would(
    forward: Callable[[Any, Tensor], Any], code: str, remedy: str
) -> None:
    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(One(forward).eval(), data()[0])
    assert caught.value.code == code and remedy in caught.value.remedy, caught.value
