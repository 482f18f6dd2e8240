"""Pools over time of one window, as the example has it, and what forward() reads out of sight."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from commit_choice import drawn
from torch import Tensor, nn
from torch.autograd import Variable

import gatewright
from gatewright.errors import GatewrightError

pytestmark = pytest.mark.compiles

B, T, I, H = 8, 7, 3, 4  # noqa: E741 - the field's names
Forward = Callable[[Any, Tensor], Any]


class Written(nn.Module):
    """A layer, a head, and what a forward() makes of them."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self.lstm = nn.LSTM(I, H, batch_first=True)
        self.fc = nn.Linear(H, 2)
        self.pool = nn.MaxPool1d(T)
        self.relu = nn.ReLU()
        self.rows = nn.Parameter(torch.randn(H, 2))
        self.offset = nn.Parameter(torch.randn(2))
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


def turned(m: Any, x: Tensor) -> Tensor:
    y: Tensor = m.lstm(x)[0].transpose(1, 2)
    return y


WINDOWS: dict[str, Forward] = {
    "max": lambda m, x: m.fc(F.max_pool1d(turned(m, x), T).squeeze(2)),
    "mean": lambda m, x: m.fc(F.avg_pool1d(turned(m, x), T).squeeze(-1)),
    "module": lambda m, x: m.fc(m.pool(turned(m, x)).squeeze(2)),
    "flattened": lambda m, x: m.fc(F.avg_pool1d(turned(m, x), T).flatten(1)),
    "joined to a step": lambda m, x: m.fc(
        F.max_pool1d(turned(m, x), T).squeeze(2) + m.lstm(x)[0][:, -1]
    ),
    "of some steps": lambda m, x: m.fc(F.avg_pool1d(turned(m, x), 4).squeeze(2)),
    "of some steps, returned": lambda m, x: F.max_pool1d(turned(m, x), 4)[:, :, 0],
}


@pytest.mark.parametrize("name", drawn(WINDOWS, 2, "written"))
def test_one_window_is_of_that_length(name: str, tmp_path: Path) -> None:
    """Of more steps torch has several, and squeeze() leaves their axis."""
    build, model = built(WINDOWS[name], tmp_path)
    expected = torch_gives(model, data(1))
    assert np.allclose(build.simulate(data(1).numpy(), level="integer"), expected, atol=1e-5)
    for steps in (T - 2, 8, 11, 2 * T, 16):
        with pytest.raises(GatewrightError, match="GW-601"):
            build.simulate(data(1, steps).numpy(), level="integer")


def zeros(m: Any, x: Tensor) -> Tensor:
    h = Variable(torch.zeros(1, x.size(0), H))
    return m.fc(m.lstm(x, (h, Variable(torch.zeros(1, x.size(0), H))))[0][:, -1])


def called(m: Any, x: Tensor) -> Tensor:
    m.relu(x)
    return m.fc(m.lstm(x)[0][:, -1])


ALIKE: dict[str, tuple[Forward, Forward]] = {
    "a key": (
        lambda m, x: m.fc(m.lstm(x)[0][:, -1]) * {T: 2}.get(x.size(1), 3),
        lambda m, x: m.fc(m.lstm(x)[0][:, -1]) * 2,
    ),
    "a text": (
        lambda m, x: m.fc(m.lstm(x)[0][:, -1]) * len(f"{x.size(1)}"),
        lambda m, x: m.fc(m.lstm(x)[0][:, -1]) * 1,
    ),
    "Variable": (zeros, lambda m, x: m.fc(m.lstm(x)[0][:, -1])),
    "a result that nobody uses": (called, lambda m, x: m.fc(m.lstm(x)[0][:, -1])),
    "addmm": (
        lambda m, x: torch.addmm(m.offset, m.lstm(x)[0][:, -1], m.rows, beta=0.5, alpha=2),
        lambda m, x: m.lstm(x)[0][:, -1] @ (2 * m.rows) + m.offset * 0.5,
    ),
}
"""As written, and as it is meant."""


@pytest.mark.parametrize("name", ALIKE)
def test_it_is_what_it_means(name: str, tmp_path: Path) -> None:
    (build, model), (other, _) = (
        built(forward, tmp_path / str(number)) for number, forward in enumerate(ALIKE[name])
    )
    given = build.simulate(data(1).numpy(), level="integer")
    assert np.allclose(given, torch_gives(model, data(1)), atol=1e-5)
    near = 0.1 if name == "addmm" else 0  # its offset is quantized with the product
    assert np.abs(given - other.simulate(data(1).numpy(), level="integer")).max() <= near


def test_a_key_is_of_that_length(tmp_path: Path) -> None:
    build, _ = built(ALIKE["a key"][0], tmp_path)
    with pytest.raises(GatewrightError, match="GW-601"):
        build.simulate(data(1, T + 1).numpy(), level="integer")


def built(forward: Forward, folder: Path) -> tuple[Any, nn.Module]:
    torch.manual_seed(0)
    result = gatewright.calibrate(Written(forward).eval(), data(0))
    return gatewright.compile(result, output_dir=folder / "build"), result.model


def torch_gives(model: nn.Module, x: Tensor) -> Any:
    with torch.no_grad():
        return model(x).numpy()


def data(seed: int, steps: int = T) -> Tensor:
    return torch.randn(B, steps, I, generator=torch.Generator().manual_seed(seed))
