"""Every head behind a recurrent layer: torch = traced = integer = standard = C-sim."""

from __future__ import annotations

from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
from brevitas.export import export_qonnx
from commit_choice import drawn
from head_models import HEADS, H, Head, I, T, calibrated, inputs, linear, make, steep
from level_tools import needs
from torch import nn

import gatewright

pytestmark = pytest.mark.compiles

SEQUENCES = 300


@pytest.mark.parametrize("name", drawn(HEADS, 5, "rotating"))
def test_every_level_agrees(name: str, tmp_path: Path) -> None:
    model = make(name)
    first = bool(model.lstm.layers[0][0].cell.batch_first)
    build = gatewright.compile(model, torch.from_numpy(inputs(2, first)), tmp_path / "build")
    gatewright.check(build)
    report = build.verify(inputs(SEQUENCES, first, seed=1), model=model)
    assert report.mismatches == 0, report.divergence
    assert [c.level for c in report.comparisons] == list(gatewright.FAST_LEVELS)
    for comparison in report.comparisons:
        assert comparison.compared["h"] == SEQUENCES * T * H
        assert comparison.compared["output"] > 0
    integer = build.engine("integer")((inputs(2, first),))
    taps = {tap.name for tap in build.kernels.taps}
    assert taps <= integer.taps.keys(), "a tap of another name would be compared with nothing"
    levels = report.comparisons[1:]
    assert all(not c.differing.total() for c in levels[1:]), "only floats may differ at boundaries"


@needs("rtl")
def test_a_hardsigmoid_as_table_and_as_thresholds_in_rtl(tmp_path: Path) -> None:
    model = calibrated(
        lambda: Head(
            lambda m, o: m.b(m.act(m.fc(m.a(m.act(o))))),
            act=nn.Hardsigmoid(),
            a=qnn.QuantIdentity(bit_width=4),
            fc=steep(),
            b=qnn.QuantIdentity(bit_width=5),
        )
    )
    build = gatewright.compile(model, torch.from_numpy(inputs(2)), tmp_path / "build")
    kinds = {p.summary.name: p.summary.kind for p in build.certificate.places}
    assert (kinds["a.out"], kinds["b.out"]) == ("table", "accumulator")
    levels = ("traced", "integer", "standard", "csim", "rtl")
    report = build.verify(inputs(40, seed=1), model=model, levels=levels)
    assert report.mismatches == 0, report.divergence
    assert all(c.compared["output"] == 40 * T * 5 for c in report.comparisons)
    y = build.simulate(inputs(40, seed=1), level="rtl", raw=True)
    assert y.min() == 0, "some sums lie below -3"
    assert (y == y.max()).sum() > 1, "and some above 3"


class Rolled(nn.Module):
    """Classes whose weights are each other's, rolled: sums that are equal, or float32 apart."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = qnn.QuantLSTM(I, H, batch_first=True, io_bit_width=3)
        self.fc = qnn.QuantLinear(H, 4, bias=False, weight_bit_width=5)
        row = torch.tensor([3.1, -5.3, 7.9, 11.2, -13.7, 6.6])
        with torch.no_grad():
            self.fc.weight.copy_(torch.stack([torch.roll(row, shift) for shift in range(4)]))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        scores = self.fc(self.lstm(x)[0][:, -1])
        return scores, scores.argmax(-1)


def test_equal_scores_that_float32_tells_apart(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Rolled().train()
    with torch.no_grad():
        for i in range(3):
            model(torch.from_numpy(inputs(64, seed=i)))
    build = gatewright.compile(model.eval(), torch.from_numpy(inputs(2)), tmp_path / "build")
    (place,) = (p for p in build.certificate.places if p.summary.kind == "argmax")
    assert (place.lows.tolist(), place.highs.tolist()) == ([0], [0])
    report = build.verify(inputs(3000, seed=9), model=model, levels=["traced", "integer"])
    assert report.mismatches == 0
    assert sum(c.boundary for c in report.comparisons) > 0
    x = inputs(3000, seed=9)
    scores, codes = build.simulate(x, level="integer", raw=True)
    assert codes.dtype == np.int64
    assert np.array_equal(codes, scores.argmax(axis=-1))
    assert ((scores == scores.max(axis=-1, keepdims=True)).sum(axis=-1) > 1).any()


def test_labels_of_an_index(tmp_path: Path) -> None:
    model = make("argmax_of_codes")
    build = gatewright.compile(model, torch.from_numpy(inputs(2)), tmp_path / "build")
    x = inputs(50, seed=3)
    labels = model(torch.from_numpy(x)).numpy()
    report = build.verify(x, model=model, labels=labels, levels=["traced", "integer"])
    assert report.accuracy == {"torch": 1.0, "traced": 1.0, "integer": 1.0}


def test_a_mean_fixes_the_number_of_steps(tmp_path: Path) -> None:
    build = gatewright.compile(make("mean"), torch.from_numpy(inputs(2)), tmp_path / "build")
    with pytest.raises(gatewright.GatewrightError, match="GW-601"):
        build.simulate(inputs(2, steps=T + 1), level="integer")
    build = gatewright.compile(make("max"), torch.from_numpy(inputs(2)), tmp_path / "other")
    x = inputs(8, steps=T + 3)
    csim, integer = (build.simulate(x, level=level) for level in ("csim", "integer"))
    assert np.array_equal(csim, integer)


NUMBERED = {
    "last": (T, lambda: Head(lambda m, o: m.fc(o[:, T - 1]), fc=linear())),
    "of a linear layer": (T, lambda: Head(lambda m, o: m.fc(o)[:, T - 1], fc=linear())),
    "time-major": (T, lambda: Head(lambda m, o: o[T - 1], batch_first=False)),
    "first and only": (1, lambda: Head(lambda m, o: o[:, 0])),
}
"""Steps selected by a number, and the T of which it is the last."""


@pytest.mark.parametrize("from_file", [False, True], ids=["module", "file"])
@pytest.mark.parametrize("name", NUMBERED)
def test_a_step_by_its_number_fixes_the_number_of_steps(
    name: str, from_file: bool, tmp_path: Path
) -> None:
    """It is the last step of no longer sequence."""
    steps, make_head = NUMBERED[name]
    model = calibrated(make_head)
    first = name != "time-major"
    example = torch.from_numpy(inputs(2, first, steps=steps))
    if from_file:
        export_qonnx(model, example, str(tmp_path / "m.onnx"), dynamo=False)
    source = (str(tmp_path / "m.onnx"), None) if from_file else (model, example)
    gatewright.compile(*source, tmp_path / "build")
    build = gatewright.Build(tmp_path / "build")
    x = inputs(9, first, seed=1, steps=steps)
    levels = ("traced", "integer", "standard")
    assert build.verify(x, model=model, levels=levels).mismatches == 0
    for level in (*levels, "csim"):
        for other in {1, steps + 1, steps + 3} - {steps}:
            with pytest.raises(gatewright.GatewrightError, match="GW-601"):
                build.simulate(inputs(2, first, steps=other), level=level)
        with pytest.raises(gatewright.GatewrightError, match="GW-607"):
            build.stream(level)
