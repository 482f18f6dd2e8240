"""Extreme models: every difference between torch, traced and integer is one that is listed.

CI runs some of the first 500, drawn by seed; ``--extreme 500`` runs as many as it says, and
``--first`` moves on.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from choices import choice
from commit_choice import drawn
from extreme_models import Draw, inputs, make
from float_bench import compare

from gatewright.verify.result import Report

pytestmark = pytest.mark.slow

TOTAL, DRAWN = 500, 40
FIRST, COUNT = choice("first"), choice("extreme")
SEEDS = (
    range(FIRST, FIRST + COUNT)
    if COUNT
    else drawn(sorted(random.Random(16).sample(range(TOTAL), DRAWN)), 2, "rotating")
)


def check(seed: int, folder: Path) -> Report:
    """Compare the levels of the model of a seed."""
    model = make(Draw(seed))
    return compare(model, inputs(model), folder)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_difference_is_listed(
    seed: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    report = check(seed, tmp_path)
    assert report.mismatches == 0, report.divergence
    assert all(pair.compared["h"] > 0 for pair in report.comparisons)
    record_property("float32 boundary cases", sum(c.boundary for c in report.comparisons))


def test_some_models_do_differ(tmp_path: Path) -> None:
    reports = [check(seed, tmp_path) for seed in SEEDS[:8]]
    assert sum(report.comparisons[0].boundary > 0 for report in reports) > 1
