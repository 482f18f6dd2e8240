"""Soundness of the certificate: wherever float32 differs from the exact result, it says so."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from small_cells import cell

from gatewright.ir.certificate.certificate import ASSUMPTIONS, Certificate, Place
from gatewright.ir.certificate.certify import judge
from gatewright.ir.exact import activation_table, thresholds
from gatewright.ir.functions import FUNCTIONS
from gatewright.ir.functions.base import TORCH_ULPS
from gatewright.ir.lowering import rounding
from gatewright.ir.lowering.cells import build_body
from gatewright.ir.lowering.rounding import FloatPath, Rounding, RoundingLog
from gatewright.ir.quantizer import ROUNDING_MODES, Quantizer
from gatewright.ir.traced.vocabulary import LSTM_CELL
from gatewright.ir.types import IntArray, IntType

F32 = np.float32
ZERO = (Fraction(0),)
ROUND_F32 = {"ROUND": np.rint, "FLOOR": np.floor, "CEIL": np.ceil, "ROUND_TO_ZERO": np.trunc}


def f32(value: float) -> Fraction:
    return Fraction(float(F32(value)))


def certify(*roundings: Rounding) -> Certificate:
    return Certificate(tuple(judge(r)[0] for r in roundings))


def place(r: Rounding) -> Place:
    return certify(r).places[0]


def exact_codes(r: Rounding, n: IntArray) -> IntArray:
    rows = thresholds(
        r.quantizer, r.scales, r.offsets, IntType(min(r.path.lo), max(r.path.hi)), relu=r.relu
    )
    columns = [
        np.searchsorted(rows[c % len(rows)], n[..., c], side="right") for c in range(n.shape[-1])
    ]
    return np.stack(columns, axis=-1) + r.quantizer.type.lo


def torch_codes(q: Quantizer, x: np.ndarray) -> IntArray:
    """What Brevitas does in float32."""
    assert x.dtype == F32
    v = x / F32(q.scales[0]) + F32(q.zero_point)
    return q.round_float(ROUND_F32[q.rounding](v))


def dequantize(n: Any, scale: Fraction) -> np.ndarray:
    return np.asarray(n, dtype=F32) * F32(float(scale))


def near(scale: Fraction, rng: random.Random) -> Fraction:
    """A float32 a few units in the last place from ``scale``, so that ties nearly happen."""
    value = F32(float(scale))
    return f32(float(value) * (1 + rng.randint(-3, 3) * 2.0**-23))


def quantizer(scale: Fraction, rng: random.Random, bits: int = 8) -> Quantizer:
    return Quantizer(
        (scale,), rng.choice([0, 0, 0, 3, -5]), bits, True, rng.random() < 0.5, "ROUND"
    )


def differing(r: Rounding, n: IntArray, *engines: IntArray) -> int:
    """How often float32 differs; never where the certificate does not list it."""
    exact, listed = exact_codes(r, n), place(r).lists(n)
    assert listed.shape == n.shape
    for theirs in engines:
        wrong = exact != theirs
        assert not (wrong & ~listed).any(), (r.name, n[wrong & ~listed][:5])
    return sum(int((exact != theirs).sum()) for theirs in engines)


def all_pairs(a: IntType, b: IntType) -> tuple[IntArray, IntArray]:
    grid = np.meshgrid(np.arange(a.lo, a.hi + 1), np.arange(b.lo, b.hi + 1), indexing="ij")
    return grid[0].reshape(-1, 1), grid[1].reshape(-1, 1)


def test_products_over_all_pairs() -> None:
    found = 0
    a, b = IntType(0, 255), IntType(-127, 127)
    left, right = all_pairs(a, b)
    for seed in range(60):
        rng = random.Random(f"product-{seed}")
        sa, sb = f32(rng.uniform(0.001, 0.01)), f32(rng.uniform(0.001, 0.02))
        q = quantizer(near(sa * sb * 2 * rng.choice([37, 75, 101, 64]), rng), rng, 10)
        r = Rounding("h", "p", "product", q, (sa * sb,), ZERO, rounding.product((a, b), (sa, sb)))
        theirs = torch_codes(q, dequantize(left, sa) * dequantize(right, sb))
        found += differing(r, left * right, theirs)
    assert found > 1000  # otherwise the test shows nothing


def test_codes_requantized() -> None:
    found = 0
    domain = IntType(-3000, 3000)
    n = np.arange(domain.lo, domain.hi + 1)[:, None]
    for seed in range(60):
        rng = random.Random(f"requantize-{seed}")
        scale = f32(rng.uniform(0.001, 0.1))
        q = quantizer(near(scale * 2 * rng.choice([3, 7, 11]), rng), rng, 12)
        path = rounding.codes(domain, scale)
        r = Rounding("x.out", "y", "requantize", q, (scale,), ZERO, path, rng.random() < 0.5)
        real = dequantize(n, scale)
        found += differing(r, n, torch_codes(q, np.maximum(real, F32(0)) if r.relu else real))
    assert found > 100


@pytest.mark.parametrize("mode", ROUNDING_MODES)
def test_the_sum_of_codes_of_one_scale(mode: str) -> None:
    a = IntType(-128, 127)
    left, right = all_pairs(a, a)
    found = 0
    for seed in range(10):
        scale = f32(random.Random(f"sum-{seed}").uniform(0.001, 0.1))
        q = Quantizer((scale,), 0, 8, True, False, mode)
        path = rounding.add(rounding.codes(a, scale), rounding.codes(a, scale))
        r = Rounding("c", "s", "sum", q, (scale,), ZERO, path)
        found += differing(
            r, left + right, torch_codes(q, dequantize(left, scale) + dequantize(right, scale))
        )
        # Every integer lies half a code from a boundary of ROUND, and on one of the other modes.
        assert (place(r).summary.listed == 0) == (mode == "ROUND")
    assert (found > 0) == (mode != "ROUND")


def sums(terms: np.ndarray) -> list[np.ndarray]:
    """Float32 sums along the last axis in several orders."""

    def one_by_one(t: np.ndarray) -> np.ndarray:
        return np.add.accumulate(t, axis=-1, dtype=F32)[..., -1]

    ordered = np.sort(terms, axis=-1)
    magnitude = np.take_along_axis(terms, np.argsort(np.abs(terms), axis=-1), axis=-1)
    orders = [terms, terms[..., ::-1], ordered, ordered[..., ::-1], magnitude, magnitude[..., ::-1]]
    return [terms.sum(axis=-1, dtype=F32), *(one_by_one(t) for t in orders)]


def test_accumulators_in_several_orders() -> None:
    found = [accumulator(seed) for seed in range(8)]
    assert sum(found) > 50, found  # otherwise the test shows nothing


def accumulator(seed: int) -> int:
    """Random vectors through one random accumulator; how often float32 differs."""
    rng, random_ = np.random.default_rng(seed), random.Random(f"accumulator-{seed}")
    inputs, hidden, batch = *random_.choice([(1, 1), (3, 20), (40, 8)]), 2000
    channels = 4
    x_type = IntType(-128, 127)
    w = rng.integers(-127, 128, (inputs, channels))
    u = rng.integers(-127, 128, (hidden, channels))
    io = f32(random_.uniform(0.005, 0.02))
    weight = tuple(f32(random_.uniform(0.001, 0.01)) for _ in range(random_.choice([1, channels])))
    scales = tuple(s * io for s in weight)
    bias = tuple(f32(v) for v in rng.normal(0, 0.5, channels))
    if seed % 2:
        bias = tuple(f32(float(scales[0] * round(b / scales[0]))) for b in bias)
    integers = np.array([round(b / scales[c % len(scales)]) for c, b in enumerate(bias)])
    residues = tuple(b - int(integers[c]) * scales[c % len(scales)] for c, b in enumerate(bias))
    q = quantizer(near(scales[0] * 2 * random_.choice([25, 101]), random_), random_, 14)
    path = rounding.add(
        rounding.dot_product(x_type, w, scales, io), rounding.dot_product(x_type, u, scales, io)
    )
    path = rounding.add_bias(path, integers, scales, residues)
    relu = seed % 3 == 0
    r = Rounding("l/input_acc", "l/sum", "accumulator", q, scales, residues, path, relu)

    x, h = (rng.integers(-128, 128, (batch, size)) for size in (inputs, hidden))
    n = x @ w + h @ u + integers
    scale = np.array([float(s) for s in weight], dtype=F32)
    parts = []
    for values, matrix in ((x, w), (h, u)):
        real = matrix.astype(F32) * scale
        terms = dequantize(values, io)[:, None, :] * real.T[None]
        parts.append([*sums(terms), dequantize(values, io) @ real])
    constant = np.array([float(b) for b in bias], dtype=F32)
    reals = [a + b + constant for a, b in zip(*parts, strict=True)]
    summary = place(r).summary
    assert summary.inputs_listed < summary.inputs / 5
    return differing(r, n, *(torch_codes(q, np.maximum(v, F32(0)) if relu else v) for v in reals))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_tables_against_torch(function: str) -> None:
    torch = pytest.importorskip("torch", reason="needs torch")
    found = listed = entries = 0
    domain = IntType(-2048, 2047)
    n = np.arange(domain.lo, domain.hi + 1)
    for seed in range(20):
        rng = random.Random(f"{function}-{seed}")
        scale = f32(rng.uniform(0.0005, 0.01))
        step = f32(rng.uniform(0.8, 1.5) * 2.0**-15)
        q = Quantizer((step,), rng.choice([0, 7]), 16, True, False)
        path = rounding.codes(domain, scale)
        r = Rounding("g", "a", "table", q, (scale,), ZERO, path, function=FUNCTIONS[function])
        in_torch = getattr(torch, function, getattr(torch.nn.functional, function))
        value = in_torch(torch.from_numpy(dequantize(n, scale))).numpy()
        wrong = activation_table(FUNCTIONS[function], q, scale, domain) != torch_codes(q, value)
        lists = place(r).lists(n[:, None])[:, 0]
        assert not (wrong & ~lists).any(), (function, seed, n[wrong & ~lists])
        found += int(wrong.sum())
        listed += int(lists.sum())
        entries += n.size
    assert found > 10
    assert listed < entries / 20


@pytest.mark.parametrize("function", ["sigmoid", "tanh"])
def test_torch_keeps_the_assumed_error(function: str) -> None:
    torch = pytest.importorskip("torch", reason="needs torch")
    x = np.random.default_rng(5).uniform(-20, 20, 1_000_000).astype(F32)
    wide = x.astype(np.float64)
    exact = np.tanh(wide) if function == "tanh" else 1 / (1 + np.exp(-wide))
    theirs = getattr(torch, function)(torch.from_numpy(x)).numpy()
    ulp = np.spacing(np.abs(exact).astype(F32)).astype(np.float64)
    assert (np.abs(theirs - exact) / ulp).max() <= TORCH_ULPS
    assert getattr(torch, function)(torch.zeros(1)).item() == (0.5 if function == "sigmoid" else 0)


def cell_certificate(scale: Fraction) -> Certificate:
    log = RoundingLog("lstm/")
    build_body(cell(scale), IntType(-128, 127), log)
    return certify(*log.items)


def test_powers_of_two_need_no_list() -> None:
    certificate = cell_certificate(Fraction(1))
    assert [row.name for row in certificate.summary() if row.listed] == []
    assert certificate.to_json()["summary"]["proven"] == certificate.summary()[-1].boundaries > 0
    bounds = {row.name: row.error_bound for row in certificate.summary()}
    assert bounds["lstm/input_acc"] == bounds["lstm/h"] == bounds["lstm/c"] == 0


def test_sums_too_long_for_binary32_are_listed() -> None:
    w = np.full((2000, 1), 127)
    q = Quantizer((Fraction(1, 8),), 0, 8, True, False)
    path = rounding.dot_product(IntType(-128, 127), w, (Fraction(1, 2**14),), Fraction(1))
    r = Rounding("a", "n", "accumulator", q, (Fraction(1, 2**14),), ZERO, path)
    assert place(r).summary.listed == 255


def test_a_float_bias_off_the_grid_is_not_taken_for_exact() -> None:
    scales = (Fraction(1, 2**14),)
    path = rounding.dot_product(IntType(-128, 127), np.full((3, 1), 127), scales, Fraction(1))
    on, off = (
        rounding.add_bias(path, np.array([5]), scales, (residue,))
        for residue in (Fraction(1, 2**15), Fraction(1, 2**40))
    )
    q = Quantizer((Fraction(1, 8),), 0, 8, True, False)
    bounds = [
        place(Rounding("a", "n", "accumulator", q, scales, ZERO, p)).summary.error_bound
        for p in (on, off)
    ]
    assert bounds[0] == 0
    assert bounds[1] and bounds[1] > 0


def test_the_places_of_a_cell() -> None:
    certificate = cell_certificate(f32(0.7))
    names = [row.name for row in certificate.summary()]
    acc_and_gate = [f"lstm/{g}_{kind}" for g in LSTM_CELL.gates for kind in ("acc", "gate")]
    rest = [f"lstm/{n}" for n in ("forget_cell", "input_cell", "c", "hidden_tanh", "h")]
    assert names == [*acc_and_gate, *rest, "total"]
    assert certificate.place("lstm/c").summary.listed == 0
    assert certificate.place("lstm/h").source == "lstm/h_product"
    with pytest.raises(KeyError):
        certificate.lists("lstm/x", np.zeros((1, 1), dtype=np.int64))


def test_json_round_trip() -> None:
    certificate = cell_certificate(f32(0.7))
    data = certificate.to_json()
    assert data["summary"]["listed"] > 0
    assert data["assumptions"] == list(ASSUMPTIONS)
    again = Certificate.from_json(json.loads(json.dumps(data)))
    assert again.to_json() == data == cell_certificate(f32(0.7)).to_json()
    n = np.random.default_rng(1).integers(-60000, 60000, (5000, 5))
    for p in certificate.places:
        values = n if p.summary.kind == "accumulator" else np.clip(n[:, :1], -128, 127)
        name = p.summary.name
        assert (certificate.lists(name, values) == again.lists(name, values)).all()


def test_lists_agrees_with_the_counts() -> None:
    certificate = cell_certificate(f32(0.7))
    p = certificate.place("lstm/forget_acc")
    n = np.repeat(np.arange(-150000, 150001)[:, None], 5, axis=1)
    # Entries for all channels may go beyond the reach of one.
    assert p.lists(n).sum() >= p.summary.inputs_listed > 0
    for channel, _, low, high, _ in p.to_json()["entries"]:
        c = channel or 0
        assert p.lists(np.full((1, 5), low))[0, c]
        assert p.lists(np.full((1, 5), high))[0, c]


def test_extreme_scales_prove_nothing() -> None:
    q = Quantizer((Fraction(1, 2**60),), 0, 8, True, False)
    path = rounding.codes(IntType(-9, 9), Fraction(1, 3))
    p = place(Rounding("x.out", "x", "requantize", q, (Fraction(1, 3),), ZERO, path))
    assert p.summary.error_bound is None
    assert p.lists(np.arange(-9, 10)[:, None]).all()
    assert Place.from_json(json.loads(json.dumps(p.to_json()))).to_json() == p.to_json()


@pytest.mark.parametrize("terms", [4, 5000])
def test_an_output_without_quantizer_is_listed_whole_or_not_at_all(terms: int) -> None:
    rng = np.random.default_rng(terms)
    scale = f32(0.003) * f32(0.0071)
    w, x = rng.integers(100, 128, (terms, 2)), rng.integers(100, 128, (300, terms))
    path = rounding.dot_product(IntType(-128, 127), w, (scale,), f32(0.003))
    p = place(rounding.output("fc.product", (scale,), ZERO, path))
    n = x @ w
    terms32 = dequantize(x, f32(0.003))[:, None, :] * dequantize(w, f32(0.0071)).T[None]
    wrong = sum(int((np.rint(y.astype(float) / float(scale)) != n).sum()) for y in sums(terms32))
    assert p.lists(n).all() == (wrong > 0) == (terms == 5000)
    assert p.summary.listed == (2 if terms == 5000 else 0)


def test_a_flattened_path_repeats_its_channels() -> None:
    path = FloatPath((0, 1), (2, 3), (Fraction(1), Fraction(2)), ZERO, 3, False)
    assert rounding.repeat(path, 2).hi == (2, 3, 2, 3)
