"""Loops over time with nn.LSTMCell and nn.RNNCell: layers where they only step, else refused."""

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
from gatewright.errors import GatewrightError
from gatewright.frontend.calibration.cells import with_layers

pytestmark = pytest.mark.compiles

B, T, I, H = 40, 6, 4, 5  # noqa: E741 - the field's names
LEVELS = ("traced", "integer", "standard")


class Looped(nn.Module):
    """Cells, and what a forward() makes of them."""

    def __init__(self, forward: Callable[[Any, Tensor], Any]) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(I, H)
        self.back = nn.LSTMCell(I, H)
        self.upper = nn.RNNCell(H, H, nonlinearity="relu")
        self.rnn = nn.RNNCell(I, H, bias=False)
        self.fc = nn.Linear(H, 3)
        self.wide = nn.Linear(2 * H, 3)
        self.emb = nn.Embedding(9, I)
        self.inp = nn.Linear(I, I)
        self.drop = nn.Dropout(0.2)
        self.one = nn.LSTMCell(1, H)
        self.above = nn.LSTMCell(H, H)
        self.single = nn.Linear(H, 1)
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


class FromState(Looped):
    """The same with states as arguments."""

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> Any:
        return self._forward(self, x, h, c)


def stacked(m: Any, x: Tensor) -> Tensor:
    h = c = torch.zeros(x.size(0), H)
    out = []
    for t in range(x.size(1)):
        h, c = m.cell(x[:, t], (h, c))
        out.append(h)
    return m.fc(torch.stack(out, 1))


def last(m: Any, x: Tensor) -> Tensor:
    state = None
    for x_t in x.unbind(1):
        state = m.cell(x_t, state)
        h = state[0]
    return m.fc(h)


def time_first(m: Any, x: Tensor) -> Tensor:
    h = torch.zeros(x.shape[1], H)
    out = []
    for step in x:
        h = m.rnn(step, h)
        out += [h]
    return m.fc(torch.stack(out))


def two_layers(m: Any, x: Tensor) -> Any:
    h, c, g = x.new_zeros(x.size(0), H), x.new_zeros(x.size(0), H), torch.zeros(x.size(0), H)
    out = []
    for t in range(T):
        h, c = m.cell(x[:, t, :], (h, c))
        g = m.upper(h, g)
        out.append(g)
    return m.fc(torch.stack(out, dim=1)), c


def both_directions(m: Any, x: Tensor) -> Tensor:
    h = c = g = d = torch.zeros(x.size(0), H)
    there, back = [], []
    for t in range(T):
        h, c = m.cell(x[:, t], (h, c))
        there.append(h)
    for t in reversed(range(T)):
        g, d = m.back(x[:, t], (g, d))
        back.append(g)
    return m.wide(torch.cat((torch.stack(there, 1), torch.stack(back[::-1], 1)), -1))


def from_states(m: Any, x: Tensor, h: Tensor, c: Tensor) -> Any:
    for t in range(x.size(1)):
        h, c = m.cell(x[:, t], (h, c))
    return m.fc(h), c


def looked_up(m: Any, x: Tensor) -> Tensor:
    """The table, a layer and the head are called step by step."""
    h = c = torch.zeros(x.size(0), H)
    out = []
    for t in range(x.size(1)):
        h, c = m.cell(F.relu(m.inp(m.drop(m.emb(x[:, t])))), (h, c))
        out.append(m.fc(m.drop(h)))
    return torch.stack(out, 1)


def sine(m: Any, x: Tensor) -> Tensor:
    """As the example of PyTorch that predicts sines has it, values [B, T]."""
    h = c = g = d = torch.zeros(x.size(0), H)
    out = []
    for x_t in x.split(1, dim=1):
        h, c = m.one(x_t, (h, c))
        g, d = m.above(h, (g, d))
        out += [m.single(g)]
    return torch.cat(out, dim=1)


def joined(m: Any, x: Tensor) -> Tensor:
    h = c = torch.zeros(x.size(0), H)
    out = []
    for t in range(x.size(1)):
        h, c = m.cell(x[:, t], (h, c))
        out += [m.fc(h)[:, None] if t % 2 else m.fc(h).unsqueeze(-2)]
    return torch.cat(out, dim=-2)


MODELS: dict[str, tuple[Callable[..., Any], list[str]]] = {
    "all steps": (stacked, ["LSTM"]),
    "the last state": (last, ["LSTM"]),
    "time first": (time_first, ["RNN"]),
    "two layers": (two_layers, ["LSTM", "RNN"]),
    "both directions": (both_directions, ["LSTM"]),
    "given states": (from_states, ["LSTM"]),
    "with a table in it": (looked_up, ["LSTM"]),
    "values in pieces": (sine, ["LSTM", "LSTM"]),
    "joined by cat": (joined, ["LSTM"]),
}


def made(name: str) -> nn.Module:
    torch.manual_seed(0)
    kind = FromState if name == "given states" else Looped
    return kind(MODELS[name][0]).eval()


def data(name: str, count: int = B, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    if name == "with a table in it":
        return torch.from_numpy(rng.integers(0, 9, (count, T)))
    shape = {"time first": (T, count, I), "values in pieces": (count, T)}.get(name, (count, T, I))
    x = torch.from_numpy(rng.normal(0, 1.2, shape).astype(np.float32))
    if name != "given states":
        return x
    return (x, *torch.from_numpy(rng.normal(0, 0.3, (2, count, H)).astype(np.float32)))


def arrays(given: Any) -> Any:
    return tuple(part.numpy() for part in given) if isinstance(given, tuple) else given.numpy()


@pytest.mark.parametrize("name", drawn(MODELS, 2, "written"))
def test_every_level_agrees(name: str, tmp_path: Path) -> None:
    given = data(name)
    examples = given if isinstance(given, tuple) else (given,)
    layered = with_layers(made(name), examples)
    assert layered is not None
    kinds = [type(m).__name__ for m in layered.modules() if isinstance(m, nn.LSTM | nn.RNN)]
    assert kinds == MODELS[name][1]
    with torch.no_grad():
        a, b = made(name)(*examples), layered(*examples)
    for one, other in zip(*((v if isinstance(v, tuple) else (v,)) for v in (a, b)), strict=True):
        assert float((one - other).abs().max()) < 1e-6
    result = gatewright.calibrate(made(name), given)
    assert result.output_error.relative < 0.2, result
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    report = build.verify(arrays(data(name, seed=1)), model=result.model, levels=LEVELS)
    assert report.mismatches == 0, report.divergence
    assert all(c.compared["output"] > 0 for c in report.comparisons)


@needs("rtl")
def test_in_hardware(tmp_path: Path) -> None:
    result = gatewright.calibrate(made("both directions"), data(""))
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    report = build.verify(arrays(data("", 20, 1)), levels=("integer", "csim", "rtl"))
    assert report.mismatches == 0, report.divergence


def more_than_steps(m: Any, x: Tensor) -> Tensor:
    h = c = torch.zeros(x.size(0), H)
    for t in range(T):
        h, c = m.cell(x[:, t], (F.relu(h), c))
    return m.fc(h)


def not_all_steps(m: Any, x: Tensor) -> Tensor:
    h = c = torch.zeros(x.size(0), H)
    for t in range(T - 1):
        h, c = m.cell(x[:, t], (h, c))
    return m.fc(h)


def without_states(m: Any, x: Tensor) -> Tensor:
    return m.fc(torch.stack([m.cell(x[:, t])[0] for t in range(T)], 1))


def states_between(m: Any, x: Tensor) -> Tensor:
    h = c = torch.zeros(x.size(0), H)
    out = []
    for t in range(T):
        h, c = m.cell(x[:, t], (h, c))
        out.append(c)
    return m.fc(torch.stack(out, 1))


def only_backwards(m: Any, x: Tensor) -> Tensor:
    h = c = torch.zeros(x.size(0), H)
    for t in range(T)[::-1]:
        h, c = m.cell(x[:, t], (h, c))
    return m.fc(h)


def swapped(m: Any, x: Tensor) -> Tensor:
    h = c = torch.zeros(x.size(0), H)
    for t in range(T):
        c, h = m.cell(x[:, t], (h, c))
    return m.fc(h)


@pytest.mark.parametrize(
    "forward",
    [more_than_steps, not_all_steps, without_states, states_between, only_backwards, swapped],
)
def test_a_loop_that_does_more_is_refused(forward: Callable[[Any, Tensor], Any]) -> None:
    torch.manual_seed(0)
    with pytest.raises(GatewrightError, match="GW-101") as caught:
        gatewright.calibrate(Looped(forward).eval(), data(""))
    assert caught.value.where == "cell"
    assert "nn.LSTM" in caught.value.remedy and "weight_ih_l0" in caught.value.remedy


def test_without_calibration_the_remedy_names_it() -> None:
    with pytest.raises(GatewrightError, match="GW-101") as caught:
        gatewright.compile(made("all steps"), data("", 1))
    assert "--calibrate data.npy" in caught.value.remedy
