"""Sizes that become values: a length holds for its own, a number of sequences is refused."""

from __future__ import annotations

import math
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
from gatewright.ir.lowering import IntegerModel, lower

pytestmark = pytest.mark.compiles

B, T, I, H = 12, 6, 3, 4  # noqa: E741 - the field's names
Forward = Callable[[Any, Tensor], Any]


class Written(nn.Module):
    """A layer, a cell, a head, and what a forward() makes of sizes."""

    def __init__(self, forward: Forward, lstm: nn.Module, linear: type[nn.Module]) -> None:
        super().__init__()
        self.lstm = lstm
        self.fc = linear(H, 2, bias=True)
        self.length: Any = None
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)

    def last(self, x: Tensor) -> Tensor:
        """Scores at the last step."""
        scores: Tensor = self.fc(self.lstm(x)[0][:, -1])
        return scores


class Cells(Written):
    """The same with a loop of a cell."""

    def __init__(self, forward: Forward) -> None:
        super().__init__(forward, nn.LSTM(I, H, batch_first=True), nn.Linear)
        self.cell = nn.LSTMCell(I, H)

    def steps(self, x: Tensor, count: int) -> list[Tensor]:
        """h of so many steps."""
        h = c = torch.zeros(x.size(0), H)
        found = []
        for t in range(count):
            h, c = self.cell(x[:, t], (h, c))
            found.append(h)
        return found


def cached(m: Any, x: Tensor) -> Tensor:
    if m.length is None:
        m.length = int(x.size(1))
    return m.last(x) * m.length


def branch(m: Any, x: Tensor) -> Tensor:
    y = m.last(x)
    return y * 2 if x.size(1) == 1000 else y


def squeezed(m: Any, x: Tensor) -> Tensor:
    return m.fc(m.lstm(x)[0]).squeeze(1)


OF_ONE_LENGTH: dict[str, Forward] = {
    "a factor": lambda m, x: m.last(x) * x.size(1),
    "a divisor": lambda m, x: m.last(x) / x.shape[1],
    "unpacked": lambda m, x: (lambda b, t, f: m.last(x) * t / f)(*x.shape),
    "items of a sequence": lambda m, x: m.last(x) * len(x[0]),
    "a root": lambda m, x: m.last(x) / math.sqrt(x.size(1)),
    "a float": lambda m, x: m.last(x) * float(x.size(1)),
    "a power": lambda m, x: m.last(x) * 0.9 ** x.size(1),
    "a constant tensor": lambda m, x: m.last(x) * torch.full((2,), float(x.size(1))),
    "initial states": lambda m, x: m.fc(
        m.lstm(x, torch.full((1, x.size(0), H), x.size(1) / 64), x.new_zeros(1, x.size(0), H))[0]
    ),
    "kept in an attribute": cached,
    "a branch": branch,
    "the larger one": lambda m, x: m.last(x) * max(x.size(1), 50),
    "the quotient": lambda m, x: m.last(x) * (1 + x.size(1) // 1000),
    "a comparison as a number": lambda m, x: m.last(x) * (1 + (x.size(1) > 1000)),
    "pieces": lambda m, x: m.last(x) * len(x.split(4, 1)),
    "in a view": lambda m, x: m.last(x.reshape(-1, T, I)),
    "an axis that may go": squeezed,
    "a limit beyond it": lambda m, x: m.last(x.transpose(0, 1)[:9].transpose(0, 1)),
    "the last of pieces": lambda m, x: m.last(x.split(8, 1)[-1]),
}


def unpacked(m: Any, x: Tensor) -> Tensor:
    assert x.dim() == 3 and x.size(0) > 0 and x.size(1) > 1
    batch, steps, _ = x.shape
    out = m.lstm(x.view(len(x), int(x.size(1)), -1))[0]
    if out.size(0) != batch:
        out = out * 2
    return m.fc(out.reshape(batch * steps, H)).view(batch, steps, 2)


def guarded(m: Any, x: Tensor) -> Tensor:
    if x.size(0) > 1000 or x.size(1) > 1000:
        raise ValueError("too much")
    return m.last(x)


OF_ANY: dict[str, Forward] = {
    "shapes of views": unpacked,
    "limits": guarded,
    "the last step kept": lambda m, x: m.fc(m.lstm(x)[0][:, -1:]).squeeze(1),
    "zero states": lambda m, x: m.fc(
        m.lstm(x, torch.zeros(1, x.size(0), H), torch.zeros(1, x.size(0), H))[0]
    ),
}


def of_many(m: Any, x: Tensor) -> Tensor:
    y = m.last(x)
    return y * 2 if x.size(0) > 4 else y


def of_one(m: Any, x: Tensor) -> Tensor:
    y = m.last(x)
    return y * 2 if len(x) == 1 else y


def counted(m: Any, x: Tensor) -> Tensor:
    y = m.last(x)
    for _ in range(x.size(0)):
        y = y + 1
    return y


OF_ONE_BATCH: dict[str, tuple[Forward, str]] = {
    "a divisor": (lambda m, x: m.last(x) / x.size(0), "m.last(x) / x.size(0)"),
    "items": (lambda m, x: m.last(x) / len(x), "m.last(x) / len(x)"),
    "all values": (lambda m, x: m.last(x) * x.numel(), "m.last(x) * x.numel()"),
    "more than some": (of_many, "x.size(0) > 4"),
    "one": (of_one, "len(x) == 1"),
    "the rest": (lambda m, x: m.last(x) * (x.size(0) % 2), "x.size(0) % 2"),
    "a loop": (counted, "y = y + 1"),
    "in a view": (lambda m, x: m.last(x.view(2, -1, I)), "self.fc(self.lstm(x)[0][:, -1])"),
    "squeezed": (lambda m, x: m.fc(m.lstm(x)[0][:, -1:]).squeeze(), ".squeeze()"),
    "a limit beyond it": (lambda m, x: m.last(x[:10]), "self.fc(self.lstm(x)[0][:, -1])"),
    "the last sixteen": (lambda m, x: m.last(x)[-16:], "m.last(x)[-16:]"),
}
"""What is refused, and what of its line is told."""


def inputs(seed: int = 1, steps: int = T, sequences: int = B) -> np.ndarray:
    """Random sequences."""
    x = np.random.default_rng(seed).normal(0, 1.5, (sequences, steps, I))
    return x.astype(np.float32)


def made(forward: Forward) -> Written:
    """A model of Brevitas layers, trained on sequences as long as the example."""
    torch.manual_seed(0)
    model = Written(forward, qnn.QuantLSTM(I, H, batch_first=True), qnn.QuantLinear).train()
    for seed in range(3):
        model(torch.from_numpy(inputs(seed, sequences=2)))
    model.length = None
    return model.eval()


def answers(model: IntegerModel, x: np.ndarray) -> np.ndarray:
    values, _ = interpreter.run(model.graph, model.encode((x,)))
    return model.decode(values)[0]


def torch_answers(model: nn.Module, x: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        result: np.ndarray = model(torch.from_numpy(x)).numpy()
    return result


@pytest.mark.parametrize("name", drawn(OF_ONE_LENGTH, 4, "written"))
def test_a_length_that_is_a_value_is_the_only_one(name: str) -> None:
    model = made(OF_ONE_LENGTH[name])
    traced = trace(model, torch.from_numpy(inputs()[:2]))
    for integer in (lower(traced), lower(load(traced))):
        assert integer.fixed_steps
        assert integer.graph.fixed_steps() == T
        for sequences in (1, B):  # any number of them
            x = inputs(2, sequences=sequences)
            assert np.allclose(torch_answers(model, x), answers(integer, x), atol=1e-4)


@pytest.mark.parametrize("name", OF_ANY)
def test_sizes_of_views_and_states_hold_for_any(name: str) -> None:
    model = made(OF_ANY[name])
    integer = lower(trace(model, torch.from_numpy(inputs()[:2])))
    assert not integer.fixed_steps
    for sequences, steps in ((1, T), (B, T + 3), (5, T - 2)):
        x = inputs(2, steps, sequences)
        assert np.allclose(torch_answers(model, x), answers(integer, x), atol=1e-4)


@pytest.mark.parametrize("name", drawn(OF_ONE_BATCH, 4, "written"))
def test_a_number_of_sequences_that_is_a_value_is_refused(name: str) -> None:
    forward, line = OF_ONE_BATCH[name]
    with pytest.raises(GatewrightError, match="GW-108") as caught:
        trace(made(forward), torch.from_numpy(inputs()[:2]))
    assert line in caught.value.cause
    assert "test_sizes.py, line" in caught.value.cause
    assert ("squeeze(1)" if name == "squeezed" else "write -1 or x.size(0)") in caught.value.remedy


@needs("rtl")
def test_every_level_is_of_that_length(tmp_path: Path) -> None:
    model = made(OF_ONE_LENGTH["a factor"])
    build = gatewright.compile(model, torch.from_numpy(inputs()[:2]), tmp_path / "build")
    gatewright.check(build)
    levels = ("traced", "integer", "standard", "csim", "rtl")
    report = build.verify(inputs(), model=model, levels=levels)
    assert report.mismatches == 0, report.divergence
    for level in levels:
        with pytest.raises(GatewrightError, match="GW-601"):
            build.simulate(inputs(steps=T + 1), level=level)
    with pytest.raises(GatewrightError, match=rf"GW-607.*its time steps, {T}"):
        build.stream()


CALIBRATED: dict[str, tuple[Forward, bool]] = {
    "all steps of a cell": (lambda m, x: m.fc(torch.stack(m.steps(x, x.size(1)), 1)), False),
    "some steps of a cell": (lambda m, x: m.fc(m.steps(x, T)[-1]), True),
    "a step by its number": (
        lambda m, x: (lambda h: m.fc(h[3] + h[-1]))(m.steps(x, x.size(1))),
        True,
    ),
    "a cell and a factor": (lambda m, x: m.fc(m.steps(x, x.size(1))[-1]) * int(x.size(1)), True),
    "a mean by hand": (lambda m, x: m.fc(torch.tanh(m.lstm(x)[0].sum(1) / len(x[0]))), True),
    "a function and a branch": (
        lambda m, x: torch.tanh(m.last(x)) * (3 if x.size(1) > 1000 else 1),
        True,
    ),
    "a function and a limit": (
        lambda m, x: torch.tanh(m.last(x)) if x.size(1) > 1 else m.never,
        False,
    ),
}
"""Float models, of which a graph is made; and whether it is of one length."""


@pytest.mark.parametrize("name", drawn(CALIBRATED, 2, "written"))
def test_a_graph_that_calibration_makes(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    forward, bound = CALIBRATED[name]
    model = Cells(forward).eval()
    result = gatewright.calibrate(model, torch.from_numpy(inputs()))
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    assert build.integer.fixed_steps == bound
    for steps in {T, T if bound else T + 3}:
        x = inputs(2, steps)
        report = build.verify(x, model=result.model, levels=("traced", "integer"))
        assert report.mismatches == 0, report.divergence
        wanted = torch_answers(model, x)
        assert np.abs(wanted - build.simulate(x)).max() < 0.1 * np.abs(wanted).max()


@pytest.mark.parametrize("name", ["more than some", "items"])
def test_calibration_refuses_a_number_of_sequences(name: str) -> None:
    forward, line = OF_ONE_BATCH[name]
    model = Cells(lambda m, x: torch.tanh(forward(m, x))).eval()
    with pytest.raises(GatewrightError, match="GW-108") as caught:
        gatewright.calibrate(model, torch.from_numpy(inputs()))
    assert line in caught.value.cause
