"""What float32 may give at a place of rounding, at the ends of functions, scales and codes."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from gatewright.ir.certificate.certify import judge
from gatewright.ir.exact import activation_table, thresholds
from gatewright.ir.functions import FUNCTIONS, TANH
from gatewright.ir.graph import Graph
from gatewright.ir.lowering import IntegerModel, rounding
from gatewright.ir.lowering.rounding import KnownStep, Rounding, RoundingLog
from gatewright.ir.lowering.state import look_up, requantize
from gatewright.ir.quantizer import ROUNDING_MODES, Quantizer
from gatewright.ir.types import IntArray, IntType
from gatewright.verify.replay import LocalDifferences, replay

F32 = np.float32
SMALLEST_NORMAL = F32(2.0**-126)
ZERO = (Fraction(0),)
ROUND_F32 = {"ROUND": np.rint, "FLOOR": np.floor, "CEIL": np.ceil, "ROUND_TO_ZERO": np.trunc}

Float = np.ndarray
Engine = Callable[[Float], Float]


def gradual(x: Float) -> Float:
    return x


def flushed(x: Float) -> Float:
    return np.where(np.abs(x) < SMALLEST_NORMAL, F32(0), x)


ENGINES = (gradual, flushed)


def f32(value: float) -> Fraction:
    return Fraction(float(F32(value)))


def engines(step: Fraction) -> tuple[Engine, ...]:
    """Nothing can be divided by a scale that is flushed to zero."""
    return ENGINES if step >= SMALLEST_NORMAL else (gradual,)


def power(rng: random.Random, low: float, high: float) -> Fraction:
    return f32(10.0 ** rng.uniform(low, high))


def at_least(step: Fraction) -> Fraction:
    """As a scale, which may not vanish."""
    return max(f32(float(step)), Fraction(1, 2**149))


def codes_of(q: Quantizer, x: Float, engine: Engine) -> IntArray:
    """What Brevitas does in float32."""
    with np.errstate(over="ignore"):
        v = engine(x / F32(q.scales[0])) + F32(q.zero_point)
    return q.round_float(ROUND_F32[q.rounding](v))


def quantizer(rng: random.Random, scale: Fraction, mode: str) -> Quantizer:
    zero_point = rng.choice([0, 0, 1, 40])
    return Quantizer(
        (scale,), zero_point, rng.choice([2, 5, 8, 16]), rng.random() < 0.5, False, mode
    )


def explained(r: Rounding, n: IntArray, exact: IntArray, theirs: IntArray) -> int:
    """How often float32 differs: only where that is listed, and within what is said to be given."""
    place, reach = judge(r)
    wrong = exact != theirs
    assert not (wrong & ~place.lists(n[:, None])[:, 0]).any(), (r, n[wrong][:5])
    if wrong.any():
        assert reach is not None
        assert reach.contains(theirs[wrong]), (r, reach, theirs[wrong])
    return int(wrong.sum())


@pytest.mark.parametrize("mode", ROUNDING_MODES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_tables_where_functions_vanish_and_saturate(function: str, mode: str) -> None:
    torch = pytest.importorskip("torch", reason="needs torch")
    domain = IntType(-300, 300)
    n = np.arange(domain.lo, domain.hi + 1)
    found = 0
    for seed in range(40):
        rng = random.Random(f"{function}-{mode}-{seed}")
        scale = power(rng, -9, 6)
        step = rng.choice([f32(1 / rng.choice([1, 15, 64, 100, 255])), power(rng, -10, 1), scale])
        q = quantizer(rng, step, mode)
        path = rounding.codes(domain, scale)
        r = Rounding("g", "a", "table", q, (scale,), ZERO, path, function=FUNCTIONS[function])
        exact = activation_table(FUNCTIONS[function], q, scale, domain)
        in_torch = getattr(torch, function, getattr(torch.nn.functional, function))
        value = in_torch(torch.from_numpy(n.astype(F32) * F32(scale))).numpy()
        for engine in engines(step):
            found += explained(r, n, exact, codes_of(q, engine(value), engine))
    if FUNCTIONS[function].attained:  # and so differs inside only, also on ties
        assert found > 0
        return
    # Nearest does not round apart what differs by the last place only.
    assert (found > 100) == (mode != "ROUND"), found


@pytest.mark.parametrize("mode", ROUNDING_MODES)
def test_products_that_underflow(mode: str) -> None:
    rng_np = np.random.default_rng(3)
    found = 0
    for seed in range(80):
        rng = random.Random(f"product-{mode}-{seed}")
        types = IntType(0, 255), IntType(-128, 127)
        scales = power(rng, -30, 6), power(rng, -24, 6)
        if rng.random() < 0.4:  # the one so small that it is no normal float, the other large
            scales = power(rng, -42, -38), power(rng, 28, 36)
        unit = scales[0] * scales[1]
        step = at_least(rng.choice([power(rng, -42, 3), unit * rng.choice([1, 3, 200])]))
        q = quantizer(rng, step, mode)
        r = Rounding("h", "p", "product", q, (unit,), ZERO, rounding.product(types, scales))
        a, b = rng_np.integers(0, 256, 400), rng_np.integers(-128, 128, 400)
        n = a * b
        exact = step_codes(r, n)
        for engine in engines(step):
            x = engine(a.astype(F32) * engine(F32(scales[0])))
            y = engine(b.astype(F32) * engine(F32(scales[1])))
            found += explained(r, n, exact, codes_of(q, engine(x * y), engine))
    assert found > 50


@pytest.mark.parametrize("mode", ROUNDING_MODES)
def test_sums_of_tiny_terms(mode: str) -> None:
    rng_np = np.random.default_rng(4)
    found = 0
    for seed in range(40):
        rng = random.Random(f"sum-{mode}-{seed}")
        w = rng_np.integers(-127, 128, (6, 1))
        unit, scale = power(rng, -40, 2), power(rng, -40, 2)
        step = at_least(rng.choice([power(rng, -42, 3), unit * scale * rng.choice([1, 50])]))
        q = quantizer(rng, step, mode)
        path = rounding.dot_product(IntType(-128, 127), w, (unit * scale,), unit)
        r = Rounding("a", "s", "accumulator", q, (unit * scale,), ZERO, path)
        x = rng_np.integers(-128, 128, (400, 6))
        n = (x @ w)[:, 0]
        exact = step_codes(r, n)
        for engine in engines(step):
            terms = engine(
                engine(x.astype(F32) * engine(F32(unit)))
                * engine(w[:, 0].astype(F32) * engine(F32(scale)))
            )
            total = terms[:, 0]
            for k in range(1, 6):
                total = engine(total + terms[:, k])
            found += explained(r, n, exact, codes_of(q, total, engine))
    assert found > 50


def step_codes(r: Rounding, n: IntArray) -> IntArray:
    (row,) = thresholds(r.quantizer, r.scales, r.offsets, IntType(r.path.lo[0], r.path.hi[0]))
    return np.searchsorted(row, n, side="right") + r.quantizer.type.lo


def graph_of(log: RoundingLog) -> Graph:
    """FLOOR of the sum of two codes of one scale, and a table."""
    scale = f32(0.01)
    q = Quantizer((scale,), 0, 8, True, False, "FLOOR")
    graph = Graph("g")
    graph.add_input("n", IntType(-18, 18), ("B", 1))
    path = rounding.add(*[rounding.codes(IntType(-9, 9), scale)] * 2)
    requantize(graph, "n", "c", q, (scale,), ZERO, kind="sum", path=path, log=log)
    look_up(graph, "c", "t", TANH, q, scale, log=log)
    graph.outputs = ["t"]
    return graph


def wide(known: dict[str, KnownStep] | None = None) -> Graph:
    return graph_of(RoundingLog(reach=lambda r: judge(r)[1], known=known or {}))


def test_a_range_is_widened_behind_a_listed_place() -> None:
    exact, widened = graph_of(RoundingLog()), wide()
    assert (exact["c"].type, widened["c"].type) == (IntType(-18, 18), IntType(-19, 18))
    assert widened["t"].type.lo < exact["t"].type.lo
    table, longer = exact["t.table"].value, widened["t.table"].value
    assert table is not None
    assert longer is not None
    assert np.array_equal(longer, wide({"t": (exact["c"].type, table)})["t.table"].value)
    assert longer[-18] == table[-18] == longer[-19] + 1


def replayed(graph: Graph, c: int) -> list[LocalDifferences]:
    """A run of one sequence in which c is what it is, and t what follows from that."""
    model = IntegerModel(graph, (), (), (), 1, False)
    t = graph["t.table"].value
    assert t is not None
    taps = {"c": np.array([[c]]), "t": t[np.array([[c]])]}
    return replay(model, {"n": np.array([[-18]])}, taps, {"t": taps["t"]})


def test_what_follows_out_of_reach_of_exact_arithmetic_is_replayed() -> None:
    (found,) = replayed(wide(), -19)
    assert (found.name, found.in_reach, found.count) == ("c", True, 1)
    assert replayed(wide(), -18) == []
    assert not replayed(graph_of(RoundingLog()), -19)[0].in_reach
    assert not replayed(wide(), -25)[0].in_reach
