"""The checked multiplier equals its thresholds on every integer of the domain."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from gatewright.hls_templates.kernels.requantize.corrected import (
    evaluate_corrected,
    find_corrected,
)
from gatewright.hls_templates.kernels.requantize.rescaling import (
    EVEN,
    LIMB,
    ODD,
    UP,
    Rescaling,
    evaluate_wide,
)
from gatewright.hls_templates.kernels.requantize.search import Problem, find_affine, find_wide
from gatewright.ir.exact import thresholds
from gatewright.ir.quantizer import ROUNDING_MODES, Quantizer
from gatewright.ir.types import IntArray, IntType


def apply(affine: Rescaling, n: IntArray, out: IntType, channel: int) -> IntArray:
    m = affine.multipliers[channel % len(affine.multipliers)]
    v = n * m + affine.offsets[channel % len(affine.offsets)]
    if affine.ties != UP:
        odd = ((v >> affine.shift) & 1) ^ (affine.ties == ODD)
        v = v + (1 << affine.shift >> 1) - 1 + odd
    return np.clip(v >> affine.shift, out.lo, out.hi)


def check(rows: IntArray, bias: int, domain: IntType) -> Rescaling:
    n = np.arange(domain.lo, domain.hi + 1)
    expected = [np.searchsorted(row, n, side="right") + bias for row in rows]
    out = IntType(min(int(e[0]) for e in expected), max(int(e[-1]) for e in expected))
    affine = find_affine(rows, bias, domain, out)
    assert affine is not None
    for channel, codes in enumerate(expected):
        assert (apply(affine, n, out, channel) == codes).all()
    return affine


@pytest.mark.parametrize("seed", range(60))
def test_affine_equals_thresholds_everywhere(seed: int) -> None:
    rng = random.Random(seed)
    bits = rng.choice([2, 3, 4, 6, 8])
    step = Fraction(float(np.float32(rng.uniform(0.001, 0.1))))
    unit = Fraction(float(np.float32(rng.uniform(1e-5, 0.02))))
    if rng.random() < 0.3:
        step, unit = Fraction(1, 2 ** rng.randint(2, 8)), Fraction(1, 2 ** rng.randint(2, 14))
    rounding = rng.choice(ROUNDING_MODES[:3])
    quantizer = Quantizer((step,), rng.choice([0, 0, 3]), bits, True, rng.random() < 0.5, rounding)
    offsets = tuple(Fraction(float(np.float32(rng.uniform(-1, 1)))) for _ in range(3))
    if rng.random() < 0.4:
        offsets = (Fraction(0),)
    domain = IntType(-rng.randint(1, 200_000), rng.randint(1, 200_000))
    rows = thresholds(quantizer, (unit,), offsets, domain)
    check(rows, quantizer.type.lo, domain)


@pytest.mark.parametrize("ties", [UP, EVEN, ODD])
@pytest.mark.parametrize("seed", range(20))
def test_a_peak_is_the_first_of_the_highest(seed: int, ties: int) -> None:
    """The gap is concave, so its neighbours tell."""
    rng = np.random.default_rng(seed)
    domain = IntType(-int(rng.integers(1, 1 << 20)), int(rng.integers(1, 1 << 20)))
    size = (3, int(rng.choice([1, 2, 15, 255])))
    rows = np.sort(rng.integers(domain.lo, domain.hi + 1, size=size, endpoint=True), axis=1)
    problem = Problem(rows, -8, domain, IntType(-8, size[1] - 8 + 1))
    peak = problem.peak(ties)
    before, here, after = (
        problem.tangent(np.clip(m, 0, problem.limit), ties).gap for m in (peak - 1, peak, peak + 1)
    )
    assert ((before < here) | (peak == 0)).all()
    assert ((after <= here) | (peak == problem.limit)).all()


def test_halving_with_ties_to_even_needs_the_even_form() -> None:
    quantizer = Quantizer((Fraction(1),), 0, 8, True, False)
    domain = IntType(-300, 300)
    rows = thresholds(quantizer, (Fraction(1, 2),), (Fraction(0),), domain)
    affine = check(rows, -128, domain)
    assert affine.ties == EVEN
    assert affine.shift == 1


def test_equal_scales_give_a_plain_clip() -> None:
    quantizer = Quantizer((Fraction(1),), 0, 8, True, False)
    domain = IntType(-300, 300)
    affine = check(thresholds(quantizer, (Fraction(1),), (Fraction(0),), domain), -128, domain)
    assert (affine.shift, affine.multipliers.tolist(), affine.offsets.tolist()) == (0, [1], [0])


def test_one_moved_threshold_is_not_papered_over() -> None:
    quantizer = Quantizer((Fraction(1),), 0, 8, True, False)
    domain = IntType(-30000, 30000)
    rows = thresholds(quantizer, (Fraction(1, 100),), (Fraction(0),), domain)
    rows[0, 100] += 40
    affine = find_affine(rows, -128, domain, IntType(-128, 127))
    assert affine is None


def test_a_wide_domain_with_few_thresholds_does_not_wrap() -> None:
    """Products of such multipliers once left int64 and were taken for equal."""
    domain, out = IntType(-(2**28), 2**28 - 1), IntType(-8, 7)
    exact = [-(-(2 * k - 1) * 3 * 2**28 // 2) for k in range(-7, 8)]
    rows = np.clip(np.array([exact]), domain.lo, domain.hi + 1)
    affine = find_affine(rows, -8, domain, out)
    assert affine is not None
    edges = np.unique(np.clip(np.concatenate([rows[0] - 1, rows[0]]), domain.lo, domain.hi))
    expected = np.searchsorted(rows[0], edges, side="right") - 8
    assert (apply(affine, edges, out, 0) == expected).all()


@pytest.mark.parametrize("bits", [20, 31, 33, 40])
def test_channels_of_very_different_scales(bits: int) -> None:
    """A dead channel never leaves one code; its neighbours use all of theirs."""
    quantizer = Quantizer((Fraction(1, 100),), 0, 8, True, False)
    domain = IntType(-(2**bits), 2**bits - 1)
    units = tuple(Fraction(float(np.float32(10.0**-e))) for e in (3, 8, 12, 30))
    rows = thresholds(quantizer, units, (Fraction(1, 3),), domain)
    out = IntType(-128, 127)
    affine = find_affine(rows, -128, domain, out)
    edges = np.concatenate([rows - 1, rows, np.full((4, 1), domain.lo)], axis=1)
    edges = np.clip(edges, domain.lo, domain.hi)
    if affine is None:  # a channel's own thresholds may ask for more bits than a product has
        assert bits > 20
        return
    for c, n in enumerate(edges):
        expected = np.searchsorted(rows[c], n, side="right") - 128
        assert (apply(affine, n, out, c) == expected).all()


def wobbling(bits: int, rows: int, wobble: int, seed: int) -> tuple[IntArray, IntType]:
    """Thresholds of a line, each some integers off, as float32 sets them; clipped at the ends."""
    rng = np.random.default_rng(seed)
    domain = IntType(-(1 << bits + 9) - 7, (1 << bits + 9) + 3)
    slope = rng.uniform(900, 1100)
    codes = np.arange(-(1 << bits - 1) + 1, 1 << bits - 1)
    line = slope * (codes - 0.5) + rng.integers(-9000, 9000, (rows, 1))
    off = rng.integers(-wobble, wobble + 1, line.shape)
    return np.clip(np.sort(line.astype(np.int64) + off), domain.lo, domain.hi + 1), domain


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("seed", range(6))
def test_corrected_equals_thresholds_everywhere(seed: int, rows: int) -> None:
    bits = 5 + seed
    thresholds, domain = wobbling(bits, rows, 40 if seed % 2 else 3, seed)
    out, bias = IntType(-(1 << bits - 1), (1 << bits - 1) - 1), -(1 << bits - 1)
    assert find_affine(thresholds, bias, domain, out) is None
    found = find_corrected(thresholds, bias, domain, out)
    assert found is not None
    n = np.broadcast_to(np.arange(domain.lo, domain.hi + 1), (rows, domain.hi - domain.lo + 1))
    expected = [
        np.searchsorted(t, m, side="right") + bias for t, m in zip(thresholds, n, strict=True)
    ]
    assert (evaluate_corrected(found, n, out) == np.stack(expected)).all()
    # It is no affine form in disguise, and a bound that is one less shows.
    assert found.bounds.max() > 0
    worse = replace(found, bounds=found.bounds - (found.bounds == found.bounds.max()))
    assert (evaluate_corrected(worse, n, out) != np.stack(expected)).any()


def test_thresholds_far_off_a_line_are_not_corrected() -> None:
    rows = np.sort(np.random.default_rng(0).integers(-60_000, 60_000, (1, 255)))
    domain, out = IntType(-70_000, 70_000), IntType(-128, 127)
    assert find_corrected(rows, -128, domain, out) is None


def test_a_channel_of_one_code_is_corrected_with_the_others() -> None:
    thresholds, domain = wobbling(8, 3, 30, 1)
    thresholds[1] = domain.hi + 1
    out = IntType(-128, 127)
    found = find_corrected(thresholds, -128, domain, out)
    assert found is not None
    n = np.broadcast_to(np.arange(domain.lo, domain.hi + 1), (3, domain.hi - domain.lo + 1))
    assert (evaluate_corrected(found, n, out)[1] == -128).all()


def fine_line(bits: int, seed: int) -> tuple[IntArray, IntType]:
    """Thresholds of a scale that no 63 bits hold, of three channels with offsets of their own."""
    rng = random.Random(seed)
    step = Fraction(float(np.float32(rng.uniform(1e-4, 2e-4))))
    unit = Fraction(float(np.float32(rng.uniform(1.9e-8, 2.1e-8))))
    offsets = tuple(Fraction(float(np.float32(rng.uniform(-1, 1)))) for _ in range(3))
    domain = IntType(-(2**27) - 5, 2**27 - 3)
    quantizer = Quantizer((step,), 0, bits, True, False)
    return thresholds(quantizer, (unit,), offsets, domain), domain


@pytest.mark.parametrize("seed", range(4))
def test_wide_equals_thresholds_where_no_product_of_a_word_does(seed: int) -> None:
    bits = 16
    rows, domain = fine_line(bits, seed)
    out, bias = IntType(-(1 << bits - 1), (1 << bits - 1) - 1), -(1 << bits - 1)
    assert find_affine(rows, bias, domain, out) is None
    wide = find_wide(rows, bias, domain, out)
    assert wide is not None and wide.sum_bits(domain) < 64
    rng = np.random.default_rng(seed)
    n = np.concatenate([rows - 1, rows, rng.integers(domain.lo, domain.hi + 1, (3, 9999))], axis=1)
    n = np.clip(n, domain.lo, domain.hi)
    expected = [np.searchsorted(t, m, side="right") + bias for t, m in zip(rows, n, strict=True)]
    assert (evaluate_wide(wide, n, out) == np.stack(expected)).all()
    m = wide.high.multipliers * 2**LIMB + wide.low.multipliers
    without = replace(wide, low=replace(wide.low, multipliers=wide.low.multipliers * 0))
    assert (m > 2**31).all(), "the low limb is needed"
    assert (evaluate_wide(without, n, out) != np.stack(expected)).any()


@pytest.mark.parametrize("ties", [UP, EVEN, ODD])
@pytest.mark.parametrize("seed", range(6))
def test_corners_bound_the_offset_as_all_thresholds_do(seed: int, ties: int) -> None:
    rng = np.random.default_rng(seed)
    rows, domain = wobbling(6, 2, 500 * (seed % 2), seed)
    rows[0, :9] = domain.lo
    problem = Problem(rows, -32, domain, IntType(-31, 31))
    for shift in (1, 7, 20):
        m = rng.integers(0, 1 << shift + 3, 2)
        codes = problem.codes << shift
        if ties != UP:
            codes = codes - (1 << shift >> 1) + ((problem.codes & 1) ^ (ties == ODD))
        room = codes - rows * m[:, None]
        low = np.where(problem.reached, room, -(2**61)).max(axis=1)
        high = np.where(problem.awaited, room + m[:, None] - 1, 2**61).min(axis=1)
        found = problem.offsets(m, shift, ties)
        assert (found[0] == low).all() and (found[1] == high).all()
