"""What a forward() does out of the tracer's sight: changes of its input, a length that decides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import gatewright
from gatewright.errors import GatewrightError

B, T, I, H = 8, 7, 3, 4  # noqa: E741 - the field's names


class Written(nn.Module):
    """A layer, a head, and what a forward() does to its argument."""

    def __init__(self, forward: Callable[[Any, Tensor], Any]) -> None:
        super().__init__()
        self.lstm = nn.LSTM(I, H, batch_first=True)
        self.fc = nn.Linear(H, 2)
        self.relu = nn.ReLU(inplace=True)
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


def alias(m: Any, x: Tensor) -> Tensor:
    y = x
    y += 1
    return m.fc(m.lstm(x)[0][:, -1])


def part(m: Any, x: Tensor) -> Tensor:
    later = x[:, 1:]
    later -= x[:, :-1]
    return m.fc(m.lstm(x)[0][:, -1])


def activation(m: Any, x: Tensor) -> Tensor:
    y = m.relu(x)
    return m.fc(m.lstm(x)[0] + y.sum() * 0)


def twice(m: Any, x: Tensor) -> Tensor:
    x *= 2
    x += 1
    return m.fc(m.lstm(x)[0][:, -1])


@pytest.mark.parametrize("forward", [alias, part, activation, twice])
def test_it_is_refused_and_the_data_stay(forward: Callable[[Any, Tensor], Any]) -> None:
    torch.manual_seed(0)
    data = torch.randn(B, T, I)
    kept = data.clone()
    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(Written(forward).eval(), data)
    assert caught.value.code in ("GW-108", "GW-110"), caught.value
    assert torch.equal(data, kept)
    if forward in (alias, part):
        assert caught.value.where == "x"
        assert "y = x + 1" in caught.value.remedy


def by_trial(m: Any, x: Tensor) -> Tensor:
    factor = 2
    try:
        x.view(x.size(0), T, I)
    except RuntimeError:
        factor = 3
    return m.fc(m.lstm(x)[0][:, -1]) * factor


def test_a_length_that_a_try_decides_on_is_refused(tmp_path: Path) -> None:
    torch.manual_seed(0)
    result = gatewright.calibrate(Written(by_trial).eval(), torch.randn(B, T, I))
    with pytest.raises(GatewrightError, match="of 8 steps torch makes something else") as caught:
        gatewright.compile(result, output_dir=tmp_path / "build")
    assert caught.value.code == "GW-110"
