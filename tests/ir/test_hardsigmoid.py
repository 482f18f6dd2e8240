"""What torch and ONNX Runtime make of a hardsigmoid, and the exact one at the limits it attains."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
from onnx import TensorProto, helper

from gatewright.ir.certificate.certify import judge
from gatewright.ir.exact import activation_table, function_thresholds
from gatewright.ir.functions import FUNCTIONS
from gatewright.ir.lowering import rounding
from gatewright.ir.lowering.rounding import Rounding
from gatewright.ir.quantizer import ROUNDING_MODES, Quantizer
from gatewright.ir.types import IntArray, IntType

torch = pytest.importorskip("torch", reason="needs torch")

F32 = np.float32
Floats = npt.NDArray[np.float32]
HARDSIGMOID = FUNCTIONS["hardsigmoid"]
ROUND_F32 = {"ROUND": np.rint, "FLOOR": np.floor, "CEIL": np.ceil, "ROUND_TO_ZERO": np.trunc}


def in_torch(x: Floats) -> Floats:
    y: Floats = torch.nn.functional.hardsigmoid(torch.from_numpy(x)).numpy()
    return y


def in_runtime(x: Floats) -> Floats:
    node = helper.make_node("HardSigmoid", ["x"], ["y"], **HARDSIGMOID.attributes)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in "xy"]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    y: Floats = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]
    return y


def multiplied(x: Floats) -> Floats:
    """As torch computes it on a GPU."""
    y: Floats = np.clip(x + F32(3), F32(0), F32(6)) * F32(1 / 6)
    return y


ENGINES: dict[str, Callable[[Floats], Floats]] = {
    "torch": in_torch,
    "runtime": in_runtime,
    "multiplied": multiplied,
}


def arguments() -> Floats:
    """All floats around 3 and -3, and some of everywhere."""
    rng = np.random.default_rng(0)
    edge = (np.array([3], F32).view(np.int32) + np.arange(-100_000, 100_000)).astype(np.int32)
    around = edge.view(F32)
    spread = [rng.normal(0, s, 200_000).astype(F32) for s in (1e-3, 0.1, 1, 5, 1e6)]
    ends = np.array([0, -0.0, 3.4e38, -3.4e38, 1e-45], F32)
    return np.concatenate([around, -around, *spread, ends])


def test_engines_bit_by_bit() -> None:
    x = arguments()
    alpha = F32(1 / 6)
    of_torch = np.clip(x + F32(3), F32(0), F32(6)) / F32(6)
    assert np.array_equal(in_torch(x), of_torch)
    with np.errstate(over="ignore"):
        assert np.array_equal(in_runtime(x), np.clip(alpha * x + F32(0.5), F32(0), F32(1)))
    for size in (1, 3, 15, 16, 17, 33):  # whole vectors, and what is left of them
        assert np.array_equal(in_torch(x[:size]), of_torch[:size])


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_keep_the_assumed_error(engine: str) -> None:
    x = arguments()
    y = ENGINES[engine](x).astype(np.float64)
    exact = HARDSIGMOID.values(x.astype(np.float64))
    runtime = engine == "runtime"
    relative, absolute = HARDSIGMOID.runtime_error if runtime else HARDSIGMOID.torch_error
    bound = relative * exact + absolute
    assert (np.abs(y - exact) <= bound).all()
    assert (np.abs(y - exact) > bound / 4).any()
    flat = np.abs(x) >= 3
    assert np.array_equal(y[flat], (x[flat] > 0).astype(np.float64))
    assert (y[x == 0] == 0.5).all()


def code(q: Quantizer, x: Fraction) -> int:
    y = min(max(x / 6 + Fraction(1, 2), Fraction(0)), Fraction(1))
    return q.round_exact(y / q.scales[0] + q.zero_point)


@pytest.mark.parametrize("mode", ROUNDING_MODES)
@pytest.mark.parametrize("zero_point", [0, 3])
@pytest.mark.parametrize("signed", [False, True])
def test_codes_begin_where_the_definition_says(mode: str, zero_point: int, signed: bool) -> None:
    """Boundaries at 0 and at 1 too, on which whole stretches of integers lie."""
    domain = IntType(-600, 600)
    n = np.arange(domain.lo, domain.hi + 1)
    for step in (Fraction(1, 64), Fraction(1, 15), Fraction(2), Fraction(float(F32(1 / 100)))):
        q = Quantizer((step,), zero_point, 7, signed, False, mode)
        for scale in (Fraction(1, 64), Fraction(3, 100), Fraction(float(F32(0.01)))):
            expected = [code(q, int(v) * scale) for v in n]
            assert activation_table(HARDSIGMOID, q, scale, domain).tolist() == expected
            offset = Fraction(-1, 8)
            rows = function_thresholds(HARDSIGMOID, q, (scale,), (offset,), domain)
            found = np.searchsorted(rows[0], n, side="right") + q.type.lo
            assert found.tolist() == [code(q, int(v) * scale + offset) for v in n]


def float_codes(q: Quantizer, y: Floats) -> IntArray:
    v = y / F32(float(q.scales[0])) + F32(q.zero_point)
    return q.round_float(ROUND_F32[q.rounding](v))


@pytest.mark.parametrize("mode", ROUNDING_MODES)
@pytest.mark.parametrize("kind", ["table", "requantize"])
def test_floats_differ_where_listed(kind: str, mode: str) -> None:
    found = listed = 0
    domain = IntType(-4000, 4000)
    n = np.arange(domain.lo, domain.hi + 1)
    for seed in range(16):
        rng = random.Random(f"{kind}-{mode}-{seed}")
        scale = Fraction(float(F32(rng.choice([1 / 512, 3 / 1000, 0.01 * rng.random() + 1e-3]))))
        step = Fraction(float(F32(rng.choice([2.0**-7, 2.0**-12, 1 / 255, 1e-4, 3.0, 0.25]))))
        zero_point = rng.choice([0, 0, 5, -7])
        q = Quantizer((step,), zero_point, 14, True, False, mode)
        path = rounding.codes(domain, scale)
        if kind == "table":
            exact = activation_table(HARDSIGMOID, q, scale, domain)
        else:
            rows = function_thresholds(HARDSIGMOID, q, (scale,), (Fraction(0),), domain)
            exact = np.searchsorted(rows[0], n, side="right") + q.type.lo
        x = n.astype(F32) * F32(float(scale))
        for engine, compute in ENGINES.items():
            runtime = engine == "runtime"
            r = Rounding(
                "q", "n", kind, q, (scale,), (Fraction(0),), path, False, HARDSIGMOID, runtime
            )
            place, reach = judge(r)
            theirs, lists = float_codes(q, compute(x)), place.lists(n[:, None])[:, 0]
            wrong = exact != theirs
            assert not (wrong & ~lists).any(), (engine, seed, n[wrong & ~lists][:5])
            if wrong.any():
                assert reach is not None and reach.contains(theirs[wrong])
            found += int(wrong.sum())
            listed += int(lists.sum())
    assert listed < 16 * 3 * n.size / 8
    assert found > 0


@pytest.mark.parametrize("mode", ROUNDING_MODES)
@pytest.mark.parametrize("kind", ["table", "requantize"])
def test_nothing_is_listed_where_it_is_constant(kind: str, mode: str) -> None:
    """A boundary lies on 0, and one on 1: float32 gives just these, and their very codes."""
    domain = IntType(-4000, 4000)
    n = np.arange(domain.lo, domain.hi + 1)
    q = Quantizer((Fraction(1, 128),), 0, 9, True, False, mode)
    scale = Fraction(1, 256)
    path = rounding.codes(domain, scale)
    r = Rounding("q", "n", kind, q, (scale,), (Fraction(0),), path, False, HARDSIGMOID, True)
    lists = judge(r)[0].lists(n[:, None])[:, 0]
    flat = np.abs(n) * float(scale) > 3 * (1 + 2.0**-19)
    assert not lists[flat].any()
    assert lists[~flat].any()


def test_a_limit_that_the_division_rounds_is_listed() -> None:
    """1 / step is just above a code: float32 puts it on the code, and CEIL tells the two apart."""
    steps = {d: F32(1 / d) for d in range(3, 250)}
    below = next(d for d, s in steps.items() if F32(1) / s == d and 1 / Fraction(float(s)) > d)
    q = Quantizer((Fraction(float(steps[below])),), 0, 9, True, False, "CEIL")
    assert float_codes(q, np.ones(1, F32)).tolist() == [below]
    domain, scale = IntType(-4000, 4000), Fraction(1, 256)
    n = np.arange(domain.lo, domain.hi + 1)
    path = rounding.codes(domain, scale)
    for kind in ("table", "requantize"):
        r = Rounding("q", "n", kind, q, (scale,), (Fraction(0),), path, False, HARDSIGMOID)
        lists = judge(r)[0].lists(n[:, None])[:, 0]
        assert activation_table(HARDSIGMOID, q, scale, IntType(4000, 4000)).tolist() == [below + 1]
        assert lists[n >= 3 * 256].all()


@pytest.mark.parametrize("zero_point", [0, 40])
def test_a_zero_point_may_swallow_a_value(zero_point: int) -> None:
    """1 / 2**26 and 40 are 40 in float32, and exactly they are more."""
    q = Quantizer((Fraction(2**26),), zero_point, 8, False, False, "CEIL")
    domain = IntType(-8, 8)
    path = rounding.codes(domain, Fraction(1))
    for name in FUNCTIONS:
        function = FUNCTIONS[name]
        r = Rounding("q", "n", "table", q, (Fraction(1),), (Fraction(0),), path, False, function)
        exact = activation_table(function, q, Fraction(1), domain)
        y = function.values(np.arange(-8.0, 9.0)).astype(F32)
        wrong = exact != float_codes(q, y)
        lists = judge(r)[0].lists(np.arange(-8, 9)[:, None])[:, 0]
        assert not (wrong & ~lists).any(), name
        assert wrong.any() == (zero_point > 0)
