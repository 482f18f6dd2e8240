"""Random models: torch = traced = integer = standard = C-sim, on every value all of them show.

CI runs a third of the first models, others with each commit; ``--rotating all`` runs all of them,
``--models 200`` as many as it says, ``--first`` moves on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from choices import choice
from commit_choice import drawn
from linted import check_linted
from random_models import Spec, make

import gatewright

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

FIRST, MODELS = choice("first"), choice("models")
SEEDS = range(FIRST, FIRST + (20 if MODELS is None else MODELS))
CHOSEN = drawn(SEEDS, 5, "rotating") if MODELS is None else SEEDS
# Some of each third.
LINTED = (0, 3, 4)
SEQUENCES = 64


@pytest.mark.parametrize("seed", CHOSEN)
def test_every_level_agrees(
    seed: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    spec = Spec.draw(seed)
    record_property("model", str(spec))
    model = make(spec)
    example = torch.from_numpy(spec.inputs(spec.B))
    build = gatewright.compile(model, example, tmp_path / "build")
    gatewright.check(build)
    if MODELS is not None or seed % 8 in LINTED:
        check_linted(build)
    report = build.verify(spec.inputs(SEQUENCES), model=model)
    assert report.mismatches == 0, report.divergence
    assert [c.level for c in report.comparisons] == list(gatewright.FAST_LEVELS)
    for comparison in report.comparisons:
        assert comparison.compared["h"] == comparison.compared["c"] == SEQUENCES * spec.T * spec.H
        assert comparison.compared["output"] > 0
    record_property("float32 boundary cases", sum(c.boundary for c in report.comparisons))
