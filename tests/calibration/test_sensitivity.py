"""What quantizers cost alone, and the widths that a search finds within a budget."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("brevitas")

import torch
from click.testing import CliRunner
from partial_models import CLASSES, WEIGHT_ONLY, Classifier, H, I, lstm, sequences, verified
from torch import nn

import gatewright
from gatewright.cli.commands import main
from gatewright.errors import GatewrightError
from gatewright.frontend.calibration.batches import read_batches
from gatewright.frontend.calibration.floats import with_brevitas_layers
from gatewright.frontend.calibration.options import RangeOptions, choose_bits
from gatewright.frontend.calibration.search import decided_width
from gatewright.frontend.calibration.trials import Trials, is_weight

pytestmark = pytest.mark.slow


def float_model(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    head = nn.Sequential(nn.Linear(H, 6), nn.ReLU(), nn.Linear(6, CLASSES))
    model = Classifier(nn.LSTM(I, H, batch_first=True), head).eval()
    with torch.no_grad():  # no class is always the likeliest
        head[2].bias -= model(sequences(seed=5, batch=64)).mean(0)
    return model


def labels_of(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return model(x).argmax(1)


@pytest.mark.parametrize("name", ["weight_only", "cifg", "linear_head"])
def test_trials_of_all_are_what_calibration_places(name: str) -> None:
    """Quantized weights are given, so that both see the same activations."""
    options: dict[str, Any] = dict(WEIGHT_ONLY)
    if name == "cifg":
        options["coupled_input_forget_gates"] = True
    model: nn.Module = lstm(**options)
    if name == "linear_head":
        torch.manual_seed(3)
        model = gatewright.calibrate(float_model(), sequences()).model
        model.recurrent = lstm(**WEIGHT_ONLY)
    result = gatewright.calibrate(model, sequences())
    widths = {6: RangeOptions(bits=choose_bits("bits", 6, {})), 8: RangeOptions()}
    for bits, ranges in widths.items():
        result = gatewright.calibrate(model, sequences(), bits=None if bits == 8 else bits)
        batches, axis = read_batches(sequences(), lambda inputs: 0)
        trials = Trials(
            with_brevitas_layers(copy.deepcopy(model)), batches, batches[0].head(axis, 2), ranges
        )
        every = {row: decided_width(t[0].slot, ranges) for row, t in trials.rows.items()}
        assert every and not any(map(is_weight, trials.rows.values()))
        (found,) = trials.run(every, batches)
        with torch.no_grad():
            expected = result.model(sequences())
            expected = expected[0] if isinstance(expected, tuple) else expected
            before = model(sequences()) if name == "linear_head" else None
        assert np.array_equal(found, getattr(expected, "value", expected).numpy())
        if before is not None:
            assert np.array_equal(trials.run({}, batches)[0], before.numpy())


def test_each_row_alone() -> None:
    """All else is as good as float where it has 16 bits."""
    model, x = float_model(), sequences()
    result = gatewright.calibrate(model, x, sensitivity=True, percentile=100)
    rows = {s.row: s for s in result.sensitivity}
    layer = "recurrent.layers.0"
    assert set(rows) == {
        *(f"{layer}.{k}" for k in ("io", "gate_acc", "sigmoid", "tanh", "cell_state", "weight")),
        *("head.0.weight", "head.2.weight", "head.1.act"),
    }
    errors = [s.error for s in result.sensitivity]
    assert errors == sorted(errors, reverse=True) and errors[-1] > 0
    for row in (f"{layer}.io", "head.1.act"):
        for bits, cost in ((8, rows[row].error), (9, rows[row].error_next)):
            other = {"all": 16, row: bits}
            alone = gatewright.calibrate(model, x, bits=other, weight_bits=16, percentile=100)
            assert alone.output_error.relative == pytest.approx(cost, rel=0.1)
    other = {"all": 16, f"{layer}.weight": 8}
    alone = gatewright.calibrate(model, x, bits=16, weight_bits=other, percentile=100)
    assert alone.output_error.relative == pytest.approx(rows[f"{layer}.weight"].error, rel=0.1)
    assert rows[f"{layer}.cell_state"].bits == 10
    assert all(s.accuracy is None for s in result.sensitivity)


def test_labels_give_accuracy_and_the_same_data_the_same_figures() -> None:
    model, x = float_model(), sequences(batch=200)
    results = [
        gatewright.calibrate(model, x, labels=labels_of(model, x), bits=3, sensitivity=True)
        for _ in range(2)
    ]
    assert results[0].sensitivity == results[1].sensitivity
    shares = [s.accuracy for s in results[0].sensitivity]
    assert all(share is not None and 0 <= share <= 1 for share in shares) and min(shares) < 1
    table = str(results[0]).split("Sensitivity")[1].splitlines()[1:]
    assert " ".join(table[0].split()) == "alone bits error a bit more accuracy a bit more"
    assert len(table) == 1 + len(shares)
    assert gatewright.calibrate(model, x).sensitivity == ()


@pytest.mark.parametrize("labelled", [False, True])
def test_auto_keeps_within_its_budget(labelled: bool, tmp_path: Path) -> None:
    model, x = float_model(), sequences(batch=200)
    labels = labels_of(model, x) if labelled else None
    storages = []
    for budget in (0.2, 0.02):
        result = gatewright.calibrate(model, x, labels=labels, bits="auto", max_loss=budget)
        if labelled:
            assert result.accuracy_before is not None and result.accuracy_after is not None
            assert result.accuracy_before - result.accuracy_after <= budget
        else:
            assert result.output_error.relative <= budget
        assert all(4 <= p.bits <= (16 if p.kind == "weight" else 12) for p in result.placed)
        storages.append(sum(p.bits for p in result.placed))
        assert {s.row for s in result.sensitivity} >= {"recurrent.layers.0.io"}
    assert storages[0] < storages[1]
    report = verified(result, tmp_path, sequences(seed=9).numpy(), "traced", "integer")
    assert report.mismatches == 0


def test_what_auto_finds_can_be_said() -> None:
    model, x = float_model(), sequences()
    found = gatewright.calibrate(model, x, bits="auto", weight_scale="per_channel")
    assert {s.row for s in found.sensitivity} == {*found.found["bits"], *found.found["weight_bits"]}
    said = gatewright.calibrate(model, x, **found.found)
    assert said.placed == found.placed and said.output_error == found.output_error
    assert said.found == {}


def test_auto_of_some() -> None:
    model, x = float_model(), sequences()
    result = gatewright.calibrate(
        model, x, bits={"all": 9, "cell_state": "auto", "io": "auto"}, max_loss=0.05
    )
    bits = {p.kind: p.bits for p in result.placed}
    assert (bits["weight"], bits["tanh"], bits["sigmoid"], bits["gate_acc"]) == (8, 9, 9, 9)
    assert bits["cell_state"] < 9
    weights = gatewright.calibrate(model, x, bits=12, weight_bits="auto", max_loss=0.05)
    assert {p.bits for p in weights.placed if p.kind != "weight"} == {12}
    assert min(p.bits for p in weights.placed if p.kind == "weight") < 8


def test_a_row_of_widely_spread_scales_gets_one_each() -> None:
    model, x = float_model(), sequences()
    with torch.no_grad():
        spread = torch.logspace(-2, 0, 6)[:, None]
        model.head[0].weight *= spread
        model.head[0].bias *= spread[:, 0]
        model.head[2].weight /= spread.T
    result = gatewright.calibrate(model, x, bits=16, weight_bits="auto", percentile=100)
    (placed,) = (p for p in result.placed if p.name == "head.0.weight_quant")
    assert placed.scale == 0  # per channel


def test_rare_values_are_clipped_where_that_is_cheaper() -> None:
    """One sequence in 200 drives the cell state far out; all others need small steps."""
    torch.manual_seed(0)
    model = Classifier(nn.LSTM(I, H, batch_first=True), nn.Linear(H, CLASSES)).eval()
    with torch.no_grad():
        model.recurrent.bias_ih_l0[H : 2 * H] = 4  # the forget gate stays open
        model.recurrent.weight_ih_l0[:H, 0] = 4
        model.recurrent.weight_ih_l0[2 * H : 3 * H, 0] = 4
    torch.manual_seed(1)
    x = 0.1 * torch.randn(200, 40, I)
    x[0, :, 0] = 3
    options: dict[str, Any] = {"bits": {"all": 14, "cell_state": "auto"}, "weight_bits": 14}
    rest = dict.fromkeys(("io", "gate_acc", "sigmoid", "tanh", "act"), 100)
    whole = gatewright.calibrate(model, x, percentile=100, max_loss=0.03, **options)
    found = gatewright.calibrate(model, x, percentile=rest, max_loss=0.03, **options)
    bits = [next(p.bits for p in r.placed if p.kind == "cell_state") for r in (whole, found)]
    assert bits[1] < bits[0]
    assert found.found["percentile"]["recurrent.layers.0.cell_state"] < 100


def test_progress_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    gatewright.calibrate(
        float_model(), sequences(), bits="auto", progress=lambda *run: told.append(run)
    )
    assert {stage for stage, _, _ in told} == {"sensitivity", "widths"}
    assert all(0 <= done <= total for _, done, total in told)


BAD: dict[str, dict[str, Any]] = {
    "too little": {"bits": "auto", "max_loss": 1e-7},
    "nothing": {"bits": "auto", "max_loss": 0},
    "text": {"bits": "auto", "max_loss": "1%"},
    "no search": {"max_loss": 0.1},
}


@pytest.mark.parametrize("name", BAD)
def test_budgets_that_are_refused(name: str) -> None:
    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(float_model(), sequences(), **BAD[name])
    assert caught.value.code == "GW-604" and caught.value.where == "max_loss"


@pytest.mark.usefixtures("float_files")
def test_on_the_command_line() -> None:
    run = CliRunner().invoke
    calibrate = ["compile", "float_net:net", "-o", "b", "--calibrate", "x.npy"]
    done = run(main, [*calibrate, "--sensitivity"])
    assert done.exit_code == 0 and "lstm.layers.0.cell_state" in done.output, done.output
    done = run(main, [*calibrate, "--bits", "auto", "--max-loss", "0.05", "--json"])
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout.splitlines()[-1])["calibration"]
    assert facts["output_error"]["relative"] <= 0.05
    assert {row["row"] for row in facts["sensitivity"]} >= {"lstm.layers.0.weight"}
    done = run(main, [*calibrate, "--max-loss", "0.05"])
    assert done.exit_code == 2 and "GW-604" in done.output
