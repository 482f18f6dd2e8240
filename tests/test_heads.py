"""Every head behind a recurrent layer: torch = traced = integer = standard = C-sim."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from head_models import HEADS, H, T, inputs, make

import gatewright

SEQUENCES = 300


@pytest.mark.parametrize("name", HEADS)
def test_every_level_agrees(name: str, tmp_path: Path) -> None:
    model = make(name)
    first = bool(model.lstm.layers[0][0].cell.batch_first)
    build = gatewright.compile(model, torch.from_numpy(inputs(2, first)), tmp_path / "build")
    report = build.verify(inputs(SEQUENCES, first, seed=1), model=model)
    assert report.mismatches == 0, report.divergence
    assert [c.level for c in report.comparisons] == list(gatewright.LEVELS)
    for comparison in report.comparisons:
        assert comparison.compared["h"] == SEQUENCES * T * H
        assert comparison.compared["output"] > 0
    levels = report.comparisons[1:]
    assert all(not c.differing.total() for c in levels[1:]), "only floats may differ at boundaries"
