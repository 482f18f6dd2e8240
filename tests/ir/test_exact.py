"""Thresholds and tables against a rational evaluation of every integer of the domain."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest

from gatewright.ir import exact
from gatewright.ir.functions import FUNCTIONS, SIGMOID, TANH, Function
from gatewright.ir.quantizer import ROUNDING_MODES, Quantizer
from gatewright.ir.types import IntType


def f32(value: float) -> Fraction:
    return Fraction(float(np.float32(value)))


@pytest.mark.parametrize("rounding", ROUNDING_MODES)
@pytest.mark.parametrize("seed", range(10))
def test_thresholds_equal_the_rational_definition(rounding: str, seed: int) -> None:
    rng = random.Random(f"{rounding}-{seed}")
    quantizer = Quantizer(
        scales=(f32(rng.choice([0.013, 0.25, 0.037])),),
        zero_point=rng.choice([0, 3, -2]),
        bit_width=rng.choice([2, 4, 8]),
        signed=rng.random() < 0.5,
        narrow=rng.random() < 0.5,
        rounding=rounding,
    )
    scales = tuple(f32(rng.choice([0.01, 0.0625, 0.0003])) for _ in range(rng.choice([1, 3])))
    offsets = tuple(f32(rng.choice([0, 0.25, -0.11])) for _ in scales)
    domain = IntType(-500, 400)
    relu = rng.random() < 0.5

    rows = exact.thresholds(quantizer, scales, offsets, domain, relu=relu)

    n = np.arange(domain.lo, domain.hi + 1)
    for c, (scale, offset) in enumerate(zip(scales, offsets, strict=True)):
        row = rows[c % len(rows)]
        codes = (n[:, None] >= row).sum(axis=1) + quantizer.code_min - quantizer.zero_point
        for value, code in zip(n, codes, strict=True):
            real = int(value) * scale + offset
            real = max(real, Fraction(0)) if relu else real
            expected = quantizer.round_exact(real / quantizer.scales[0] + quantizer.zero_point)
            assert code == expected, (seed, c, value)


@pytest.mark.parametrize("seed", range(40))
def test_fixed_point_decides_as_rationals_do(seed: int) -> None:
    """16 bits, lines that pass through integers and lines that nearly do."""
    rng = random.Random(f"line-{seed}")
    quantizer = Quantizer((Fraction(1),), 0, 16, True, False, rng.choice(ROUNDING_MODES))
    units, inclusive = quantizer.boundaries()
    slope = rng.choice(
        [
            f32(rng.uniform(0.01, 1e6)),
            Fraction(rng.randint(1, 99), 3),
            Fraction(2) ** rng.randint(-9, 9),
            Fraction(2**50 + 1, 2**50),
            f32(1e25),
        ]
    )
    start = rng.choice([Fraction(0), f32(rng.uniform(-1e4, 1e4)), Fraction(-7, 3)])
    line = exact._Line(slope, start)
    some = np.sort(np.array(rng.sample(range(units.size), 3000)))
    expected = line._decide(units[some], inclusive[some])
    assert (line.first_beyond(units, inclusive)[some] == expected).all()
    assert [quantizer.boundary(int(c) - 32767) for c in some[:200]] == [
        (Fraction(int(units[c]), 2), bool(inclusive[c])) for c in some[:200]
    ]


def test_ties_round_half_to_even() -> None:
    quantizer = Quantizer((Fraction(1),), 0, 4, True, False)
    rows = exact.thresholds(quantizer, (Fraction(1, 2),), (Fraction(0),), IntType(-20, 20))
    n = np.arange(-10, 11)
    codes = (n[:, None] >= rows[0]).sum(axis=1) - 8
    assert codes.tolist() == np.rint(n / 2).tolist()


def test_rows_collapse_only_where_every_channel_agrees() -> None:
    quantizer = Quantizer((Fraction(1),), 0, 4, True, False)
    scale, domain = (Fraction(1, 3),), IntType(-60, 60)
    nearly = exact.thresholds(quantizer, scale, (Fraction(0), Fraction(1, 10**6)), domain)
    apart = exact.thresholds(quantizer, scale, (Fraction(0), Fraction(1, 2)), domain)
    assert len(nearly) == 1
    assert len(apart) == 2


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize(
    ("scale_in", "scale_out", "signed"),
    [(0.03, 1 / 255, False), (1 / 32, 1 / 128, True), (0.5, 1 / 7, True)],
)
def test_tables_equal_interval_arithmetic(
    function: Function, scale_in: float, scale_out: float, signed: bool
) -> None:
    quantizer = Quantizer((f32(scale_out),), 0, 8, signed, False)
    domain = IntType(-128, 127)
    table = exact.activation_table(function, quantizer, f32(scale_in), domain)
    decided = [exact._decide(function, quantizer, f32(scale_in) * n) for n in range(-128, 128)]
    assert table.tolist() == decided


def test_an_undecided_entry_is_widened(monkeypatch: pytest.MonkeyPatch) -> None:
    quantizer = Quantizer((f32(1 / 255),), 0, 8, False, False)
    domain = IntType(-128, 127)
    usual = exact.activation_table(SIGMOID, quantizer, f32(0.03), domain)
    monkeypatch.setattr(exact, "UNDECIDED", 1.0)  # every entry takes the slow road
    assert exact.activation_table(SIGMOID, quantizer, f32(0.03), domain).tolist() == (
        usual.tolist()
    )


def test_sigmoid_of_zero_is_an_exact_tie() -> None:
    quantizer = Quantizer((Fraction(1, 16),), 0, 8, False, False)  # 0.5 / (1/16) = 8, no tie
    tie = Quantizer((Fraction(1, 15),), 0, 8, False, False)  # 7.5: half to even gives 8
    assert exact.activation_table(SIGMOID, quantizer, Fraction(1), IntType(0, 0)).tolist() == [8]
    assert exact.activation_table(SIGMOID, tie, Fraction(1), IntType(0, 0)).tolist() == [8]


@pytest.mark.parametrize(
    ("rounding", "codes"),
    [
        ("ROUND", [0, 64, 128]),
        ("FLOOR", [0, 64, 127]),
        ("CEIL", [1, 64, 128]),
        ("ROUND_TO_ZERO", [0, 64, 127]),
    ],
)
@pytest.mark.parametrize("scale", [1e3, 1e6, 3e38])
def test_far_arguments_stay_on_their_side_of_the_limit(
    rounding: str, codes: list[int], scale: float
) -> None:
    quantizer = Quantizer((Fraction(1, 128),), 0, 8, False, False, rounding)
    table = exact.activation_table(SIGMOID, quantizer, f32(scale), IntType(-1, 1))
    assert table.tolist() == codes
    signed = Quantizer((Fraction(1, 64),), 0, 8, True, False, rounding)
    table = exact.activation_table(TANH, signed, f32(scale), IntType(-1, 1))
    down = {"ROUND": -64, "FLOOR": -64, "CEIL": -63, "ROUND_TO_ZERO": -63}[rounding]
    up = {"ROUND": 64, "FLOOR": 63, "CEIL": 64, "ROUND_TO_ZERO": 63}[rounding]
    assert table.tolist() == [down, 0, up]
