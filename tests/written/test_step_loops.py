"""Loops over time that call nn.LSTM or nn.RNN with a step each: one call, where they only step."""

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

pytestmark = pytest.mark.compiles

B, T, I, H = 12, 5, 3, 4  # noqa: E741 - the field's names
Forward = Callable[[Any, Tensor], Any]


class Stepped(nn.Module):
    """Layers, and what a forward() makes of them."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self.lstm = nn.LSTM(I, H, 2, batch_first=True)
        self.rnn = nn.RNN(I, H)
        self.both = nn.LSTM(I, H, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(H, 3)
        self.wide = nn.Linear(2 * H, 3)
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


def by_slices(m: Any, x: Tensor) -> Any:
    state, out = None, []
    for t in range(x.size(1)):
        y, state = m.lstm(x[:, t : t + 1], state)
        out.append(y)
    return m.fc(torch.cat(out, 1))


def by_pieces(m: Any, x: Tensor) -> Any:
    h, c = torch.zeros(2, x.size(0), H), torch.zeros(2, x.size(0), H)
    out = []
    for piece in x.split(1, dim=1):
        y, (h, c) = m.lstm(piece, (h, c))
        out.append(m.fc(y.squeeze(1)))
    return torch.stack(out, 1), h[-1]


def time_first(m: Any, x: Tensor) -> Any:
    state, out = None, []
    for step in x.transpose(0, 1):
        y, state = m.rnn(step.unsqueeze(0), state)
        out.append(y)
    return m.fc(torch.cat(out)).transpose(0, 1)


def the_last(m: Any, x: Tensor) -> Any:
    state = None
    for t in range(x.size(1)):
        y, state = m.lstm(x[:, t].unsqueeze(1), state)
    return m.fc(y[:, -1])


LOOPS: dict[str, tuple[Forward, Forward]] = {
    "by slices": (by_slices, lambda m, x: m.fc(m.lstm(x)[0])),
    "by pieces": (by_pieces, lambda m, x: (lambda y, s: (m.fc(y), s[0][-1]))(*m.lstm(x))),
    "time first": (
        time_first,
        lambda m, x: m.fc(m.rnn(x.transpose(0, 1))[0]).transpose(0, 1),
    ),
    "the last": (the_last, lambda m, x: m.fc(m.lstm(x)[0][:, -1])),
}
"""As written, and as one call."""


@pytest.mark.parametrize("name", drawn(LOOPS, 2, "written"))
def test_it_is_one_call(name: str, tmp_path: Path) -> None:
    x, other = data(0), data(1)
    results = [gatewright.calibrate(made(forward), x) for forward in LOOPS[name]]
    builds = [
        gatewright.compile(result, output_dir=tmp_path / str(number))
        for number, result in enumerate(results)
    ]
    kinds = [[kernel.kind for kernel in build.kernels.kernels] for build in builds]
    assert kinds[0] == kinds[1]
    given, same = (tuples(b.simulate(other.numpy(), level="integer")) for b in builds)
    assert all(np.array_equal(a, b) for a, b in zip(given, same, strict=True))
    levels = ("traced", "integer", "standard")
    report = builds[0].verify(other.numpy(), model=results[0].model, levels=levels)
    assert report.mismatches == 0, report.divergence


def states_between(m: Any, x: Tensor) -> Any:
    state, out = None, []
    for t in range(x.size(1)):
        _, state = m.lstm(x[:, t : t + 1], state)
        out.append(state[0][-1])
    return m.fc(torch.stack(out, 1))


def without_states(m: Any, x: Tensor) -> Any:
    return m.fc(torch.cat([m.lstm(x[:, t : t + 1])[0] for t in range(x.size(1))], 1))


def other_states(m: Any, x: Tensor) -> Any:
    state, out = None, []
    for t in range(x.size(1)):
        y, (h, c) = m.lstm(x[:, t : t + 1], state)
        state = (c, h)
        out.append(y)
    return m.fc(torch.cat(out, 1))


def both_directions(m: Any, x: Tensor) -> Any:
    state, out = None, []
    for t in range(x.size(1)):
        y, state = m.both(x[:, t : t + 1], state)
        out.append(y)
    return m.wide(torch.cat(out, 1))


def not_all_steps(m: Any, x: Tensor) -> Any:
    state, out = None, []
    for t in range(x.size(1) - 1):
        y, state = m.lstm(x[:, t : t + 1], state)
        out.append(y)
    return m.fc(torch.cat(out, 1))


@pytest.mark.parametrize(
    "forward", [states_between, without_states, other_states, both_directions, not_all_steps]
)
def test_what_does_more_than_step_is_told_so(forward: Forward) -> None:
    with pytest.raises(GatewrightError, match=r"GW-108.*steps of several tensors") as caught:
        gatewright.calibrate(made(forward), data(0))
    assert "out, state = self.lstm(x)" in caught.value.remedy
    assert "test_step_loops.py, line" in str(caught.value)


def made(forward: Forward) -> nn.Module:
    torch.manual_seed(0)
    return Stepped(forward).eval()


def data(seed: int) -> Tensor:
    return torch.randn(B, T, I, generator=torch.Generator().manual_seed(seed))


def tuples(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)
