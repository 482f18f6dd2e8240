"""Layers that read some features of the input, x.chunk(2, -1), as people write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from level_tools import needs
from torch import Tensor, nn

import gatewright
from gatewright.errors import GatewrightError
from gatewright.frontend import trace

pytestmark = pytest.mark.compiles

B, T, I, H = 8, 5, 4, 3  # noqa: E741 - the field's names
Forward = Callable[..., Any]


class Parts(nn.Module):
    """A layer for each half of the features."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self.a = nn.LSTM(I // 2, H, batch_first=True, bidirectional=True)
        self.b = nn.RNN(I // 2, H, batch_first=True)
        self.fc = nn.Linear(I // 2, I // 2)
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


class Two(Parts):
    """The same of two arguments."""

    def forward(self, x: Tensor, z: Tensor) -> Any:
        return self._forward(self, x, z)


def chunks(m: Any, x: Tensor) -> Any:
    a, b = x.chunk(2, -1)
    return m.a(a)[0], m.b(b)[0][:, -1]


def splits(m: Any, x: Tensor) -> Any:
    a, b = torch.split(x, [2, 2], dim=2)
    return m.a(a)[0], m.b(b)[0][:, -1]


def slices(m: Any, x: Tensor) -> Any:
    half = x.size(-1) // 2
    return m.a(x[..., :half])[0], m.b(x[:, :, half:])[0][:, -1]


def picked(m: Any, x: Tensor) -> Any:
    return m.b(m.fc(x[..., [3, 0]]))[0]


@pytest.mark.parametrize("forward", [chunks, splits, slices, picked])
def test_of_every_length(forward: Forward, tmp_path: Path) -> None:
    result = gatewright.calibrate(made(forward), data(0))
    assert result.output_error.relative < 0.15, result
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    for steps in (T, T + 3):
        x = data(1, steps)
        given = build.simulate(x.numpy(), level="integer")
        with torch.no_grad():
            expected = result.model(x)
        parts = zip(tuples(given), tuples(expected), strict=True)
        assert all(np.allclose(a, b, atol=1e-5) for a, b in parts)


@needs("rtl")
def test_at_every_level(tmp_path: Path) -> None:
    result = gatewright.calibrate(made(chunks), data(0))
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    levels = ("traced", "integer", "standard", "csim", "rtl")
    report = build.verify(data(1)[:3].numpy(), model=result.model, levels=levels)
    assert report.mismatches == 0, report.divergence


def test_weights_keep_their_places() -> None:
    model = made(picked)
    result = gatewright.calibrate(model, data(0))
    weights = result.model.fc.weight.detach()
    assert torch.equal(weights[:, [3, 0]], model.fc.weight)
    assert not weights[:, [1, 2]].any()
    assert model.fc.in_features == 2


REFUSED: dict[str, Forward] = {
    "one layer of both": lambda m, x: (m.b(x[..., :2])[0], m.b(x[..., 2:])[0]),
    "a product": lambda m, x: m.b(x[..., :2] * torch.tanh(x[..., 2:]))[0],
}
"""Features of the input that no layer, or not always the same, reads."""
ARGUMENTS: dict[str, Forward] = {
    "one layer of both": lambda m, x, z: (m.b(x)[0], m.b(z)[0]),
    "a product": lambda m, x, z: m.b(x * torch.tanh(z))[0],
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_parts_are_arguments(name: str) -> None:
    with pytest.raises(GatewrightError, match=r"GW-108.*takes some features of a tensor") as caught:
        gatewright.calibrate(made(REFUSED[name]), data(0))
    assert "forward(self, a, b)" in caught.value.remedy
    assert "test_feature_slices.py, line" in str(caught.value)
    torch.manual_seed(0)
    x = data(0)
    result = gatewright.calibrate(Two(ARGUMENTS[name]).eval(), (x[..., :2], x[..., 2:]))
    assert trace(result.model, result.example_input).graph.node


def made(forward: Forward) -> nn.Module:
    torch.manual_seed(0)
    return Parts(forward).eval()


def data(seed: int, steps: int = T) -> Tensor:
    return torch.randn(B, steps, I, generator=torch.Generator().manual_seed(seed))


def tuples(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)
