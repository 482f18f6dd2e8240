"""Steps of a sequence by their numbers, as people write them: every level has torch's answer."""

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

B, T, I, H = 20, 6, 3, 4  # noqa: E741 - the field's names
LEVELS = ("traced", "integer", "standard", "csim")
Forward = Callable[[Any, Tensor], Any]


class Written(nn.Module):
    """A layer, heads, and what a forward() takes of their steps."""

    def __init__(self, forward: Forward, lstm: nn.Module, linear: type[nn.Module]) -> None:
        super().__init__()
        self.lstm = lstm
        self.fc = linear(H, 2, bias=True)
        self.wide = linear(2 * H, 2, bias=True)
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


STEPS: dict[str, tuple[Forward, list[str]]] = {
    "one": (lambda m, x: m.fc(m.lstm(x)[0][:, 2]), ["select_steps"]),
    "counted from the end": (lambda m, x: m.fc(m.lstm(x)[0].select(1, -2)), ["select_steps"]),
    "some": (lambda m, x: m.fc(m.lstm(x)[0][:, 1:4]), ["select_steps"]),
    "every second": (lambda m, x: m.fc(m.lstm(x)[0])[:, ::2], ["select_steps"]),
    "all but the last": (lambda m, x: m.fc(m.lstm(x)[0][:, :-1]), ["select_steps"]),
    "of the input": (
        lambda m, x: m.fc(m.lstm(x[:, 1:])[0]),
        ["select_steps"],
    ),
    "rows of some": (
        lambda m, x: m.fc(m.lstm(x)[0][:, 2:].reshape(-1, H)).view(x.size(0), -1, 2),
        ["select_steps"],
    ),
    "the mean of some": (
        lambda m, x: m.fc(m.lstm(x)[0].narrow(1, 1, 4)).mean(1),
        ["select_steps", "sum_over_time"],
    ),
    "two side by side": (
        lambda m, x: m.wide(m.lstm(x)[0][:, 3:5].flatten(1)),
        ["flatten", "select_steps"],
    ),
    "first and last": (
        lambda m, x: (lambda o: m.wide(torch.cat((o[:, 0], o[:, -1]), 1)))(m.lstm(x)[0]),
        ["concat", "fork", "select_last", "select_steps"],
    ),
}
"""What is written, and the kernels beside the layers."""


def inputs(seed: int = 1, steps: int = T) -> np.ndarray:
    """Random sequences."""
    x = np.random.default_rng(seed).normal(0, 1.5, (B, steps, I))
    return x.astype(np.float32)


def made(name: str) -> Written:
    """One of Brevitas layers, trained."""
    torch.manual_seed(0)
    layer = qnn.QuantLSTM(I, H, batch_first=True)
    model = Written(STEPS[name][0], layer, qnn.QuantLinear).train()
    for seed in range(3):
        model(torch.from_numpy(inputs(seed)))
    return model.eval()


def compiled(name: str, folder: Path) -> tuple[Written, gatewright.Build]:
    model = made(name)
    return model, gatewright.compile(model, torch.from_numpy(inputs())[:2], folder / "build")


@pytest.mark.parametrize("name", drawn(STEPS, 4, "written"))
def test_every_level_agrees(name: str, tmp_path: Path) -> None:
    model, build = compiled(name, tmp_path)
    gatewright.check(build)
    report = build.verify(inputs(), model=model, levels=LEVELS)
    assert report.mismatches == 0, report.divergence
    assert all(c.compared["output"] > 0 for c in report.comparisons)
    with torch.no_grad():
        wanted = model(torch.from_numpy(inputs())).numpy()
    assert np.allclose(wanted, build.simulate(inputs()), atol=1e-5)
    kinds = sorted(kernel.kind for kernel in build.kernels.kernels)
    assert [kind for kind in kinds if kind not in ("recurrent", "matvec")] == STEPS[name][1]


@needs("rtl")
@pytest.mark.parametrize("name", drawn(["every second", "first and last"], 2, "written"))
def test_in_hardware(name: str, tmp_path: Path) -> None:
    model, build = compiled(name, tmp_path)
    report = build.verify(inputs(), model=model, levels=("integer", "rtl"))
    assert report.mismatches == 0, report.divergence
    with pytest.raises(GatewrightError, match="GW-601") as caught:
        build.simulate(inputs(steps=T + 1), level="rtl")
    assert f"T = {T} steps, or compile it with an example" in caught.value.remedy


@pytest.mark.parametrize("name", ["one", "some"])
def test_of_a_float_model(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Written(STEPS[name][0], nn.LSTM(I, H, batch_first=True), nn.Linear)
    result = gatewright.calibrate(model.eval(), torch.from_numpy(inputs()))
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    report = build.verify(inputs(2), model=result.model, levels=LEVELS[:3])
    assert report.mismatches == 0, report.divergence


@pytest.mark.parametrize("name", ["one", "every second", "of the input"])
def test_its_own_file_is_read_back(name: str) -> None:
    traced = trace(made(name), torch.from_numpy(inputs()))
    answers = []
    for model in (lower(traced), lower(load(traced))):
        values, _ = interpreter.run(model.graph, model.encode((inputs(),)))
        answers.append(model.decode(values)[0])
    assert np.array_equal(answers[0], answers[1])
    assert len(np.unique(answers[0])) > B


def test_steps_turned_round_are_refused() -> None:
    model = made("one")
    model._forward = lambda m, x: m.fc(m.lstm(x)[0].flip(1))
    with pytest.raises(GatewrightError, match="GW-108"):
        trace(model, torch.from_numpy(inputs()))
    model._forward = lambda m, x: m.fc(torch.stack([(o := m.lstm(x)[0])[:, 3], o[:, 1]], 1))
    with pytest.raises(GatewrightError, match=r"not in their order") as caught:
        trace(model, torch.from_numpy(inputs()))
    assert "out[:, 1:5]" in caught.value.remedy
