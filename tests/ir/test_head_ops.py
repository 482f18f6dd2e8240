"""Heads in exact arithmetic: thresholds against brute force, and the certificate against floats.

Whatever torch and ONNX Runtime compute in float32 may differ from the exact integers only where the
certificate says so.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import random
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from gatewright.ir import functions, interpreter
from gatewright.ir.certificate.certificate import Place
from gatewright.ir.certificate.certify import judge
from gatewright.ir.certificate.float_error import argmax_gap
from gatewright.ir.exact import ROOT_BITS, Inverse, function_thresholds, inverse_root
from gatewright.ir.functions.tanh import RUNTIME_ULPS
from gatewright.ir.graph import Graph
from gatewright.ir.lowering import activations, reductions, rounding
from gatewright.ir.lowering.rounding import Rounding
from gatewright.ir.lowering.state import LoweringState
from gatewright.ir.lowering.values import Affine
from gatewright.ir.quantizer import ROUNDING_MODES, Quantizer
from gatewright.ir.traced.operands import TracedGraph
from gatewright.ir.types import IntArray, IntType

torch = pytest.importorskip("torch", reason="needs torch")

F32 = np.float32
FUNCTIONS = {
    "hardsigmoid": torch.nn.functional.hardsigmoid,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}
REAL = {
    "hardsigmoid": lambda x: min(max((x + 3) / 6, mpmath.mpf(0)), mpmath.mpf(1)),
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "tanh": mpmath.tanh,
}
WIDE = {
    "hardsigmoid": lambda x: np.clip((x + 3) / 6, 0, 1),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
}
BYTE = IntType(-128, 127)


def f32(value: float) -> Fraction:
    return Fraction(float(F32(value)))


def byte(scale: float, zero_point: int = 0, bits: int = 8, mode: str = "ROUND") -> Quantizer:
    return Quantizer((f32(scale),), zero_point, bits, True, False, mode)


def in_runtime(
    op: str, x: np.ndarray, *constants: np.ndarray, opset: int = 20, **attributes: Any
) -> np.ndarray:
    """One standard op through ONNX Runtime, as qonnx runs the traced graph."""
    names = [f"c{i}" for i in range(len(constants))]
    graph = helper.make_graph(
        [helper.make_node(op, ["x", *names], ["y"], **attributes)],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(c, n) for c, n in zip(constants, names, strict=True)],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9
    ).SerializeToString()
    result: np.ndarray = onnxruntime.InferenceSession(model).run(None, {"x": x})[0]
    return result


def function_in_runtime(name: str, x: np.ndarray) -> np.ndarray:
    function = functions.FUNCTIONS[name]
    return in_runtime(function.op, x, **function.attributes)


def torch_codes(q: Quantizer, y: np.ndarray) -> IntArray:
    """What Brevitas and qonnx do in float32."""
    return q.round_float(y.astype(F32) / F32(float(q.scales[0])) + F32(q.zero_point))


def certify(*roundings: Rounding) -> Place:
    """The last of these places."""
    return judge(roundings[-1])[0]


class Bench:
    """A lowering of a few nodes behind codes of one quantizer, without a recurrent layer."""

    def __init__(
        self, node: Any, constants: dict[str, np.ndarray], shape: tuple[Any, ...], scale: Fraction
    ) -> None:
        tensors = [numpy_helper.from_array(v, k) for k, v in constants.items()]
        sequence = helper.make_tensor_value_info("sequence", TensorProto.FLOAT, None)
        proto = helper.make_graph([node], "g", [sequence], [], tensors)
        self.state = LoweringState(TracedGraph(proto), Graph("bench"), {}, False)
        self.state.shapes = [[1, 1 if len(shape) == 2 else shape[1], shape[-1]]]
        self.node = node
        free = ("B", shape[-1]) if len(shape) == 2 else ("B", "T", shape[-1])
        name = self.state.graph.add_input("n", BYTE, free)
        path = rounding.codes(BYTE, scale)
        codes = Quantizer((scale,), 0, 8, True, False)
        self.state.values["x"] = Affine(name, (scale,), path, quantizer=codes)

    def quantize(self, q: Quantizer) -> None:
        """Quantize what the node gives."""
        value = self.state.values[self.node.output[0]]
        assert isinstance(value, Affine)
        activations.quantize(self.state, value, "q", q)
        self.state.graph.outputs = ["q"]

    def run(self, n: IntArray) -> tuple[IntArray, IntArray, Place]:
        """The exact codes, the integers that enter the quantizer, and what is listed of them."""
        (codes,) = interpreter.run(self.state.graph, {"n": n})[0].values()
        taps = interpreter.run(self.state.graph, {"n": n})[1] | {"n": n}
        place = certify(*self.state.roundings.items)
        return codes, taps[place.source], place


def differing(exact: IntArray, theirs: IntArray, source: IntArray, place: Place) -> int:
    """How often floats differ, never where the certificate does not list it."""
    wrong = exact != theirs
    unlisted = wrong & ~place.lists(source)
    assert not unlisted.any(), source[unlisted][:5]
    return int(wrong.sum())


@pytest.mark.parametrize("mode", ROUNDING_MODES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_thresholds_by_brute_force(function: str, mode: str) -> None:
    rng = random.Random(f"{function}-{mode}")
    domain = IntType(-300, 300)
    n = range(domain.lo, domain.hi + 1)
    for zero_point in (0, 3):
        q = byte(rng.choice([1 / 64, 0.011, 0.3]), zero_point, 6, mode)
        scales = (f32(0.01), f32(0.037), Fraction(1, 32))
        offsets = (Fraction(0), f32(0.1), Fraction(-5, 32))
        rows = function_thresholds(functions.FUNCTIONS[function], q, scales, offsets, domain)
        with mpmath.workprec(400):
            for row, scale, offset in zip(rows, scales, offsets, strict=True):
                x = [scale * v + offset for v in n]
                y = [REAL[function](mpmath.mpf(v.numerator) / v.denominator) for v in x]
                codes = [
                    q.round_exact(Fraction(*_ratio(value)) / q.scales[0] + zero_point)
                    for value in y
                ]
                found = np.searchsorted(row, list(n), side="right") + q.type.lo
                assert found.tolist() == codes


@pytest.mark.parametrize("seed", range(12))
def test_binary64_decides_as_intervals_do(seed: int) -> None:
    rng = random.Random(seed)
    function, mode = rng.choice(sorted(FUNCTIONS)), rng.choice(ROUNDING_MODES)
    step = rng.choice([1 / 255, 2.0**-12, 2.0**-7, 1e-3, 0.3])
    q = Quantizer((f32(step),), rng.choice([0, 3]), rng.choice([4, 12]), rng.random() < 0.5, False)
    q = dataclasses.replace(q, rounding=mode)
    scales = (f32(10 ** rng.uniform(-7, 0)), f32(10 ** rng.uniform(-3, 0)))
    offsets = (Fraction(0), f32(rng.gauss(0, 2)))
    domain = IntType(-(2 ** rng.randint(4, 31)), 2**20)
    halves, inclusive = q.boundaries()
    half = q.scales[0] / 2
    rows = function_thresholds(functions.FUNCTIONS[function], q, scales, offsets, domain)
    for c, row in enumerate(np.broadcast_to(rows, (2, rows.shape[1]))):
        assert row.tolist() == [
            Inverse(functions.FUNCTIONS[function], (u - 2 * q.zero_point) * half, at).first(
                scales[c], offsets[c], domain
            )
            for u, at in zip(halves.tolist(), inclusive.tolist(), strict=True)
        ]


def _ratio(value: Any) -> tuple[int, int]:
    sign, mantissa, exponent, _ = value._mpf_
    number = -mantissa if sign else mantissa
    return (int(number) << exponent, 1) if exponent >= 0 else (int(number), 1 << -exponent)


def test_inverse_roots() -> None:
    assert inverse_root(Fraction(9, 16)) == Fraction(4, 3)
    for value in (Fraction(1, 3), f32(1e-5) + f32(0.7), Fraction(2) ** -149, Fraction(10**38 + 1)):
        root = inverse_root(value)
        error = 1 - root * root * value  # twice the relative error, and positive
        assert 0 < error < Fraction(2) ** -ROOT_BITS * 2


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_runtime_keeps_the_assumed_error(function: str) -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, s, 100_000) for s in (1e-3, 0.1, 1, 5, 30)]).astype(F32)
    x = np.concatenate([x, np.zeros(1, dtype=F32)])
    y = function_in_runtime(function, x).astype(np.float64)
    exact = WIDE[function](x.astype(np.float64))
    relative, absolute = functions.FUNCTIONS[function].runtime_error
    bound = (relative if function == "hardsigmoid" else 0) * exact + absolute
    if function == "tanh":
        bound = RUNTIME_ULPS * np.spacing(np.abs(exact).astype(F32)).astype(np.float64)
    assert (np.abs(y - exact) <= bound)[:-1].all()
    assert y[-1] == exact[-1]
    assert (np.abs(y - exact)[:-1] > bound[:-1] / 64).any()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_of_sums(function: str) -> None:
    found = 0
    for seed in range(5):
        rng = np.random.default_rng([seed, len(function)])
        columns, channels, rows = 40, 3, 20000
        w = rng.integers(-127, 128, (columns, channels))
        x = rng.integers(-128, 128, (rows, columns))
        sw, sx = f32(rng.uniform(0.001, 0.01)), f32(rng.uniform(0.001, 0.01))
        bias = rng.normal(0, 0.3, channels).astype(F32)
        scales, residues = (sw * sx,), tuple(Fraction(float(b)) for b in bias)
        path = rounding.dot_product(BYTE, w, scales, sx)
        path = rounding.add_bias(path, np.zeros(channels, dtype=np.int64), scales, residues)
        q = byte(1 / 2000, int(rng.choice([0, 0, 40])), 12)
        f = functions.FUNCTIONS[function]
        r = Rounding("q", "n", "accumulator", q, scales, residues, path, False, f, True)
        place = certify(r)
        n = x @ w
        reach = IntType(min(path.lo), max(path.hi))
        thresholds = function_thresholds(f, q, scales, residues, reach)
        exact = np.stack(
            [np.searchsorted(thresholds[c], n[:, c], side="right") for c in range(channels)], -1
        )
        real = (x.astype(F32) * F32(float(sx))) @ (w.astype(F32) * F32(float(sw))) + bias
        for y in (
            FUNCTIONS[function](torch.from_numpy(real)).numpy(),
            function_in_runtime(function, real),
        ):
            found += differing(exact + q.type.lo, torch_codes(q, y), n, place)
    assert found > 10


@pytest.mark.parametrize("power", [False, True])
@pytest.mark.parametrize("steps", [1, 3, 8, 37])
def test_means(steps: int, power: bool) -> None:
    found = 0
    for seed in range(12):
        rng = np.random.default_rng([seed, steps])
        scale = Fraction(1, 64) if power else f32(rng.uniform(0.01, 0.03))
        node = helper.make_node("ReduceMean", ["x", "axes"], ["y"], name="m", keepdims=0)
        axes = np.array([1])
        bench = Bench(node, {"axes": axes}, ("B", steps, 6), scale)
        reductions.lower_mean(bench.state, node)
        # Such a scale puts many sums onto boundaries, as nearly as float32 can tell.
        q = byte(float(scale) * 2 * rng.integers(1, 9) / steps, int(rng.choice([0, 0, 5])), 12)
        bench.quantize(q)
        n = rng.integers(-128, 128, (3000, steps, 6))
        exact, source, place = bench.run(n)
        real = n.astype(F32) * F32(float(scale))
        for y in (
            torch.from_numpy(real).mean(dim=1).numpy(),
            in_runtime("ReduceMean", real, axes, keepdims=0),
        ):
            found += differing(exact, torch_codes(q, y), source, place)
    assert found > 0 or power or steps == 1


def batch_norm(
    rng: np.random.Generator, scale: Fraction, channels: int = 8
) -> tuple[Bench, dict[str, np.ndarray], float]:
    constants = {
        "weight": rng.normal(0, 1, channels).astype(F32),
        "bias": rng.normal(0, 1, channels).astype(F32),
        "mean": rng.normal(0, 1, channels).astype(F32),
        "var": rng.uniform(0.05, 4, channels).astype(F32),
    }
    constants["weight"][0] = 0.0
    eps = float(F32(10.0 ** rng.uniform(-6, -1)))
    node = helper.make_node("BatchNormalization", ["x", *constants], ["y"], name="b", epsilon=eps)
    bench = Bench(node, constants, ("B", channels), scale)
    activations.lower_batch_norm(bench.state, node)
    return bench, constants, eps


def test_batch_normalization() -> None:
    found = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        scale = f32(rng.uniform(0.005, 0.05))
        bench, c, eps = batch_norm(rng, scale)
        q = byte(rng.uniform(0.5, 1) * 1e-3, int(rng.choice([0, 7])), 13)
        bench.quantize(q)
        n = np.repeat(np.arange(-128, 128)[:, None], 8, axis=1)
        exact, source, place = bench.run(n)
        real = n.astype(F32) * F32(float(scale))
        arguments = [torch.from_numpy(c[k]) for k in ("mean", "var", "weight", "bias")]
        theirs = torch.nn.functional.batch_norm(torch.from_numpy(real), *arguments, eps=eps)
        in_steps = (real - c["mean"]) / np.sqrt(c["var"] + F32(eps)) * c["weight"] + c["bias"]
        for y in (
            theirs.numpy(),
            in_steps.astype(F32),
            in_runtime("BatchNormalization", real, *c.values(), epsilon=eps),
        ):
            found += differing(exact, torch_codes(q, y), source, place)
        with mpmath.workprec(300):
            for channel in range(8):
                assert exact[:, channel].tolist() == [
                    _normalized(int(v) * scale, c, channel, eps, q) for v in n[:, channel]
                ]
    assert found > 0


def _normalized(x: Fraction, c: dict[str, np.ndarray], i: int, eps: float, q: Quantizer) -> int:
    weight, bias, mean, var = (
        mpmath.mpf(float(c[k][i])) for k in ("weight", "bias", "mean", "var")
    )
    y = (mpmath.mpf(x.numerator) / x.denominator - mean) / mpmath.sqrt(var + eps) * weight + bias
    return q.round_exact(Fraction(*_ratio(y)) / q.scales[0] + q.zero_point)


@pytest.mark.parametrize("mode", ROUNDING_MODES)
def test_rational_roots_keep_their_ties(mode: str) -> None:
    constants = {
        "weight": np.array([0.5, -0.5, 0.0], dtype=F32),
        "bias": np.array([0.25, 0.0, 0.4375], dtype=F32),
        "mean": np.array([0.5, -0.25, 1.0], dtype=F32),
        "var": np.array([0.125, 0.125, 0.125], dtype=F32),
    }
    node = helper.make_node("BatchNormalization", ["x", *constants], ["y"], name="b", epsilon=0.125)
    bench = Bench(node, constants, ("B", 3), Fraction(1, 16))
    activations.lower_batch_norm(bench.state, node)
    q = byte(0.125, 0, 8, mode)
    bench.quantize(q)
    n = np.repeat(np.arange(-128, 128)[:, None], 3, axis=1)
    exact, _, _ = bench.run(n)
    w, b, m = (constants[k].astype(np.float64) for k in ("weight", "bias", "mean"))
    expected = ((n / 16 - m) * 2 * w + b) / 0.125  # every number here is a binary64
    assert (expected * 2 % 2 == 1).any()  # ties
    assert np.array_equal(exact, q.round_float(expected))


def argmax_rounding(scale: Fraction, offsets: tuple[Fraction, ...], k: int = 32) -> Rounding:
    path = rounding.dot_product(BYTE, np.full((k, 4), 3), (scale,), Fraction(1))
    grid = Quantizer((scale,), 0, 32, True, False)
    return Rounding("i", "n", "argmax", grid, (scale,), offsets, path)


def test_gaps_of_an_argmax() -> None:
    zero = (Fraction(0),)
    assert argmax_gap(argmax_rounding(Fraction(1, 1024), zero))[0] == -1
    assert argmax_gap(argmax_rounding(f32(0.001), zero))[0] == 0
    gap, error = argmax_gap(argmax_rounding(f32(0.001), zero, 30_000))
    assert gap == math.floor(2 * error) > 1
    # Fractions 0 and nearly 0 are ranks 0 and 1 of 2; so are those of n and n - 1 nearly alike.
    near = (Fraction(0), f32(0.001) / 2**20)
    assert argmax_gap(argmax_rounding(f32(0.001), near))[0] == 1
    far = (Fraction(0), f32(0.001) / 2)
    assert argmax_gap(argmax_rounding(f32(0.001), far))[0] == 0
    above = (Fraction(0), f32(0.001) * (1 - Fraction(1, 2**20)))
    assert argmax_gap(argmax_rounding(f32(0.001), above))[0] == 1
    codes = Rounding(
        "i", "n", "argmax", byte(0.1), (f32(0.1),), zero, rounding.codes(BYTE, f32(0.1))
    )
    assert argmax_gap(codes)[0] == -1


def test_shifts_brought_closer_keep_the_order_of_all_integers() -> None:
    for seed in range(200):
        rng = random.Random(seed)
        span = rng.choice([0, 1, 5, 40])
        far = (0, 1, span, span + 1, 3 * span + 2, 2**70)
        shifts = [Fraction(rng.choice(far)) + Fraction(rng.randint(0, 3), 3) for _ in range(4)]
        shifts = [s - min(shifts) for s in shifts]
        moved = reductions._closer(shifts, span)
        assert max(moved) <= 4 * (span + 1)
        for n, m in ((0, span), (span, 0), (rng.randint(0, span), rng.randint(0, span))):
            for (a, b), (c, d) in itertools.product(zip(shifts, moved, strict=True), repeat=2):
                before, after = n + a - (m + c), n + b - (m + d)
                assert (before > 0, before == 0) == (after > 0, after == 0)
