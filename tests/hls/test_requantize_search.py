"""The checked multiplier equals its thresholds on every integer of the domain."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest

from gatewright.hls_templates.requantize.search import EVEN, ODD, UP, Affine, find_affine
from gatewright.ir.exact import thresholds
from gatewright.ir.quantizer import ROUNDING_MODES, Quantizer
from gatewright.ir.types import IntArray, IntType


def apply(affine: Affine, n: IntArray, out: IntType, channel: int) -> IntArray:
    m = affine.multipliers[channel % len(affine.multipliers)]
    v = n * m + affine.offsets[channel % len(affine.offsets)]
    if affine.ties != UP:
        odd = ((v >> affine.shift) & 1) ^ (affine.ties == ODD)
        v = v + (1 << affine.shift >> 1) - 1 + odd
    return np.clip(v >> affine.shift, out.lo, out.hi)


def check(rows: IntArray, bias: int, domain: IntType) -> Affine:
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
