"""Sizes that decide where no trace sees them bind the length, or are refused for the batch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from commit_choice import drawn
from torch import Tensor, nn

import gatewright
from gatewright.errors import GatewrightError

B, T, F, H = 8, 7, 6, 4
Forward = Callable[[Any, Tensor], Any]


class Written(nn.Module):
    """Layers for features of the input, and what a forward() makes of them."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self.few = nn.LSTM(2, H, batch_first=True)
        self.rest = nn.LSTM(F - 2, H, batch_first=True)
        self.whole = nn.LSTM(F, H, batch_first=True)
        self.head = nn.Linear(H, 3)
        self.longest = 40
        self.register_buffer("limit", torch.tensor(40))
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


def last(m: Written, out: Tensor, factor: float = 1) -> Tensor:
    return m.head(out[:, -1]) * factor


def by_length(m: Written, x: Tensor) -> Tensor:
    first = x.size(1) - T
    return last(m, m.few(x[..., first + 1 : first + 3])[0])


def two_parts(m: Written, x: Tensor) -> Tensor:
    a, b = x[:, :10].split([2, F - 2], -1)
    return last(m, m.few(a)[0] + m.rest(b)[0])


def steps_of(m: Written, x: Tensor) -> Tensor:
    state = None
    for t in range(x.size(1)):
        out, state = m.whole(x[:8, t : t + 1], state)
    return last(m, out)


def factored(factor: Callable[[Written, Tensor], float]) -> Forward:
    return lambda m, x: last(m, m.whole(x)[0], factor(m, x))


LENGTHS: dict[str, tuple[Forward, int]] = {
    "features of some steps": (lambda m, x: last(m, m.few(x[:, :10, :2])[0]), 12),
    "features of some steps in turn": (two_parts, 12),
    "features by the length": (by_length, 8),
    "key of a dict": (factored(lambda m, x: {40: 3}.get(x.size(1), 1)), 40),
    "item of a set": (factored(lambda m, x: 3 if x.size(1) in {300} else 1), 300),
    "text": (factored(lambda m, x: 3 if str(x.size(1)) == "300" else 1), 300),
    "int": (factored(lambda m, x: 3 if int(x.shape[1]) == 40 else 1), 40),
    "the last hundred": (lambda m, x: last(m, m.whole(x[:, -min(x.size(1), 100) :])[0]), 300),
    "hundreds": (factored(lambda m, x: 1 + int(x.size(1) / 100)), 300),
    "far limit": (lambda m, x: last(m, m.whole(x[:, :600])[0]), 700),
    "share": (
        lambda m, x: last(m, m.whole(x[:, int(x.size(1) * 0.01) :])[0].mean(1)[:, None]),
        300,
    ),
    "buffer": (factored(lambda m, x: 3 if x.size(1) > m.limit else 1), 41),
    "cut above a limit": (
        lambda m, x: last(m, m.whole(x[:, -100:] if x.size(1) > 100 else x)[0]),
        300,
    ),
    "attribute": (factored(lambda m, x: 3 if int(x.shape[1]) > m.longest else 1), 41),
}
"""And a length of which the example tells nothing."""

BATCHES: dict[str, Forward] = {
    "features of some sequences": lambda m, x: last(m, m.few(x[:8, :, :2])[0]),
    "steps of some sequences": steps_of,
    "item of a set": factored(lambda m, x: 3 if x.size(0) in {300} else 1),
    "shape as a key": factored(lambda m, x: {torch.Size([B, T, F]): 2}.get(x.shape, 1)),
}


def calibrated(forward: Forward) -> gatewright.Calibration:
    torch.manual_seed(0)
    return gatewright.calibrate(Written(forward).eval(), torch.randn(B, T, F))


@pytest.mark.parametrize("name", drawn(LENGTHS, 3, "written"))
def test_of_one_length_only(name: str, tmp_path: Path) -> None:
    forward, length = LENGTHS[name]
    build = gatewright.compile(calibrated(forward), output_dir=tmp_path / "build")
    build.simulate(np.zeros((2, T, F), np.float32), level="integer")
    with pytest.raises(GatewrightError) as raised:
        build.simulate(np.zeros((2, length, F), np.float32), level="integer")
    assert raised.value.code == "GW-601"


@pytest.mark.parametrize("name", BATCHES)
def test_of_no_number_of_sequences(name: str) -> None:
    with pytest.raises(GatewrightError, match="how many sequences are passed at once") as raised:
        calibrated(BATCHES[name])
    assert raised.value.code == "GW-108"


@pytest.mark.parametrize(
    "forward",
    [
        lambda m, x: last(m, m.few(x[..., :2])[0]),
        factored(lambda m, x: float(int(x.size(1)) > 0)),
        lambda m, x: print(f"{x.shape}") or last(m, m.whole(x)[0]),
    ],
    ids=["features", "always", "printed"],
)
def test_what_decides_nothing_binds_nothing(
    forward: Forward, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = calibrated(forward)
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    x = np.random.default_rng(0).normal(0, 1, (3, 11, F)).astype(np.float32)
    given = build.simulate(x, level="integer")
    with torch.no_grad():
        assert np.allclose(given, result.model(torch.from_numpy(x)).numpy(), atol=1e-5)


def test_a_number_of_sequences_in_a_loop_of_cells() -> None:
    def loop(m: Written, x: Tensor) -> Tensor:
        h = torch.zeros(B, H)
        c = torch.zeros(B, H)
        cell = m.cell
        for t in range(x.size(1)):
            h, c = cell(x[:, t], (h, c))
        return m.head(h)

    model = Written(loop)
    model.cell = nn.LSTMCell(F, H)
    with pytest.raises(GatewrightError, match=r"torch.zeros\(1, x.size\(0\), H\)") as raised:
        gatewright.calibrate(model.eval(), torch.randn(B, T, F))
    assert raised.value.code == "GW-108"


def test_out_is_refused_with_its_line() -> None:
    def clamped(m: Written, x: Tensor) -> Tensor:
        out, _ = m.whole(x)
        torch.clamp(out, -0.5, 0.5, out=out)
        return last(m, out)

    with pytest.raises(GatewrightError, match=r"out= writes into a tensor.*line \d+") as raised:
        calibrated(clamped)
    assert raised.value.code == "GW-108"


def test_a_number_of_sequences_in_states_is_told(tmp_path: Path) -> None:
    def states(m: Written, x: Tensor) -> Tensor:
        return last(m, m.whole(x, (torch.zeros(1, B, H), torch.zeros(1, B, H)))[0])

    with pytest.raises(GatewrightError, match=r"torch.zeros\(1, x.size\(0\), H\)") as raised:
        gatewright.compile(calibrated(states), output_dir=tmp_path / "build")
    assert raised.value.code == "GW-110"
