"""Runs cover every interval they stand for, and hardly more."""

from __future__ import annotations

import json
import random
from fractions import Fraction

import numpy as np
import pytest

from gatewright.ir.certificate import certify
from gatewright.ir.certificate.certificate import Certificate
from gatewright.ir.certificate.runs import SHORTEST, find_runs
from gatewright.ir.lowering import rounding
from gatewright.ir.lowering.rounding import Rounding
from gatewright.ir.quantizer import ROUNDING_MODES, Quantizer
from gatewright.ir.types import IntArray, IntType


def spaced(pitch: float, slack: float, count: int, growth: float = 0.0) -> tuple[IntArray, ...]:
    """Integers within ``slack`` of the points of a comb; some intervals may be empty."""
    j = np.arange(count)
    center = pitch * (j - count / 3) + 0.21
    reach = slack + growth * np.abs(center)
    lows, highs = np.ceil(center - reach), np.floor(center + reach)
    return j + 5, lows.astype(np.int64), highs.astype(np.int64), center


@pytest.mark.parametrize("pitch", [1.0, 7.3, 1000.7, 123456.789])
@pytest.mark.parametrize("slack", [0.3, 40.0])
@pytest.mark.parametrize("growth", [0.0, 1e-6])
def test_runs_cover_and_hardly_widen(pitch: float, slack: float, growth: float) -> None:
    codes, lows, highs, centers = spaced(pitch, slack, 20_000, growth)
    wide = [lows.copy(), highs.copy()]
    left = lows <= highs
    exact = int(np.maximum(highs - lows + 1, 0).sum())
    runs = 0
    for part, run in find_runs(3, codes, lows, highs, centers):
        assert (run.channel, run.code, run.count) == (3, codes[part.start], part.stop - part.start)
        wide[0][part], wide[1][part] = run.bounds()
        left[part] = False
        runs += 1
    listed = lows <= highs
    assert (wide[0] <= lows)[listed].all() and (wide[1] >= highs)[listed].all()
    assert np.maximum(wide[1] - wide[0] + 1, 0).sum() <= exact * 9 / 8
    assert runs < 300
    assert left.sum() <= SHORTEST * runs


def test_irregular_intervals_stay_single() -> None:
    rng = np.random.default_rng(0)
    lows = np.sort(rng.integers(0, 10**9, 5000))
    assert not list(find_runs(0, np.arange(5000), lows, lows, lows.astype(float)))


def test_codes_that_are_no_neighbours_are_no_run() -> None:
    codes, lows, highs, centers = spaced(100.0, 5.0, 200)
    assert list(find_runs(0, codes, lows, highs, centers))
    assert not list(find_runs(0, codes * 2, lows, highs, centers))


@pytest.mark.parametrize("mode", ROUNDING_MODES)
@pytest.mark.parametrize("seed", range(4))
def test_a_certificate_in_runs_lists_all_that_one_without_does(
    mode: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng, random_ = np.random.default_rng(seed), random.Random(f"runs-{mode}-{seed}")
    channels, terms = 3, random_.choice([20, 40])
    w = rng.integers(-127, 128, (terms, channels))
    scales = tuple(Fraction(float(np.float32(s))) for s in rng.uniform(1e-6, 1e-4, channels))
    x = IntType(-(2 ** random_.choice([13, 15])), 127)
    step = Fraction(float(np.float32(random_.uniform(1e-5, 1e-3))))
    q = Quantizer((step,), random_.choice([0, 9]), 16, True, False, mode)
    offsets = tuple(Fraction(float(np.float32(o))) for o in rng.normal(0, 0.1, channels))
    path = rounding.dot_product(x, w, scales, Fraction(1))
    path = rounding.add_bias(path, np.zeros(channels, dtype=np.int64), scales, offsets)
    place = Rounding("a", "n", "accumulator", q, scales, offsets, path, seed % 2 == 1)

    monkeypatch.setattr(certify, "LONG_LIST", 100)
    short = Certificate((certify.judge(place)[0],))
    monkeypatch.setattr(certify, "LONG_LIST", 10**9)
    long = Certificate((certify.judge(place)[0],))
    a, b = short.places[0], long.places[0]
    assert a.runs and not b.runs
    assert len(a.to_json()["entries"]) + len(a.runs) < len(b.to_json()["entries"]) / 4
    assert a.summary.listed == b.summary.listed
    assert b.summary.inputs_listed <= a.summary.inputs_listed <= b.summary.inputs_listed * 9 / 8
    n = np.stack(
        [rng.integers(lo, hi + 1, 200_000) for lo, hi in zip(path.lo, path.hi, strict=True)]
    )
    some, fewer = a.lists(n.T), b.lists(n.T)
    assert not (fewer & ~some).any()
    assert fewer.any()
    again = Certificate.from_json(json.loads(json.dumps(short.to_json())))
    assert again.to_json() == short.to_json()
    assert (again.lists("a", n.T) == some).all()
