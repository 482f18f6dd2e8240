"""A calibrated model is trained on through its quantizers, and compiles as before."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commit_choice import has_turn

pytest.importorskip("brevitas")
pytest.importorskip("sklearn")

import torch
from hasty import hasty_environment
from partial_models import (
    CLASSES,
    WEIGHT_ONLY,
    Classifier,
    H,
    I,
    T,
    same_state,
    sequences,
    state_of,
)
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import gatewright
from gatewright.errors import GatewrightError

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.compiles, pytest.mark.slow]


def calibrated() -> gatewright.Calibration:
    torch.manual_seed(0)
    model = Classifier(nn.LSTM(I, H, batch_first=True), nn.Linear(H, CLASSES)).eval()
    return gatewright.calibrate(model, sequences(), weight_bits=4)


def batches(targets: torch.Tensor | None = None) -> list[tuple[torch.Tensor, torch.Tensor]]:
    x = sequences(batch=32)
    y = (x.sum((1, 2)) > 0).long() if targets is None else targets
    return [(x[:16], y[:16]), (x[16:], y[16:])]


@pytest.mark.skipif(not has_turn(3, "rotating"), reason="has its turn with another commit")
def test_the_page_regains_four_bit_weights(tmp_path: Path) -> None:
    page = (ROOT / "docs/finetune.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=hasty_environment(BREVITAS_JIT="1"),
    )
    assert done.returncode == 0, done.stderr
    shares = dict(re.findall(r"(\w+) +([\d.]+)%", done.stdout))
    before, lost, regained = (float(shares[n]) for n in ("float", "calibrated", "tuned"))
    assert lost < regained and regained >= before - 0.5


def test_weights_and_scales_move_and_what_is_given_stays(tmp_path: Path) -> None:
    result = calibrated()
    before = state_of(result.model)
    tuned = gatewright.finetune(result, batches(), steps=12, learning_rate=0.02)
    assert same_state(before, state_of(result.model))
    after = state_of(tuned)
    both = before.keys() & after.keys()  # of constants, TorchScript lists others in a copy
    assert not tuned.training
    moved = {name for name in both if not torch.equal(before[name], after[name])}
    assert any(name.endswith("scaling_impl.value") for name in moved)
    assert any(name.endswith("weight") for name in moved)
    x, y = sequences(batch=32), batches()[0][1]
    with torch.no_grad():
        errors = [nn.functional.cross_entropy(m(x[:16]), y) for m in (result.model, tuned)]
    assert errors[1] < errors[0]
    build = gatewright.compile(tuned, x[:1], tmp_path / "b")
    assert build.verify(x.numpy(), model=tuned, levels=("traced", "integer")).mismatches == 0


def test_the_same_seed_gives_the_same_model() -> None:
    result, x = calibrated(), sequences(batch=32)
    states = []
    for _ in range(2):
        torch.manual_seed(3)
        loader = DataLoader(TensorDataset(x, batches()[0][1].repeat(2)), 8, shuffle=True)
        states.append(state_of(gatewright.finetune(result.model, loader, steps=5)))
    assert same_state(*states)


def test_values_and_a_loss_of_ones_own() -> None:
    result = calibrated()
    pairs = batches(torch.zeros(32, CLASSES))
    called = []

    def loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        called.append(output.shape)
        return (output - target).abs().mean()

    for options in ({}, {"loss": loss}):
        tuned = gatewright.finetune(result, pairs, steps=10, learning_rate=0.02, **options)
        with torch.no_grad():
            sizes = [m(pairs[0][0]).abs().mean() for m in (result.model, tuned)]
        assert sizes[1] < sizes[0]
    assert called == [(16, CLASSES)] * 10


def test_classes_of_every_step() -> None:
    import brevitas.nn as qnn

    torch.manual_seed(0)
    result = gatewright.calibrate(
        qnn.QuantLSTM(I, H, batch_first=True, **WEIGHT_ONLY).eval(), sequences()
    )
    classes = torch.zeros(24, T, dtype=torch.int64)
    tuned = gatewright.finetune(result, [(sequences(), classes)], steps=8, learning_rate=0.02)
    with torch.no_grad():
        first = [m(sequences())[0][..., 0].mean() for m in (result.model, tuned)]
    assert first[1] > first[0]


BAD: dict[str, tuple[Any, Any]] = {
    "steps": (batches(), 0),
    "half a step": (batches(), 1.5),
    "no pair": ([sequences()], 1),
    "nothing": ([], 1),
    "once only": (iter(batches()), 5),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused(name: str) -> None:
    loader, steps = BAD[name]
    with pytest.raises(GatewrightError) as caught:
        gatewright.finetune(calibrated(), loader, steps=steps)
    assert caught.value.code == "GW-604"
    assert np.isin(caught.value.where, ["steps", "loader"])
