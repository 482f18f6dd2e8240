"""Cells in exact real arithmetic, without thresholds.

A second opinion on the lowering: sums are integers, each quantizer is a division and a rounding in
binary64, and whatever lies too near a rounding boundary for binary64 is decided in rationals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from gatewright.ir.exact import activation_table
from gatewright.ir.functions import FUNCTIONS, TANH, Function
from gatewright.ir.quantizer import Quantizer, Scales
from gatewright.ir.traced.cell_spec import CellSpec
from gatewright.ir.types import IntArray

# binary64 errs by some 2**-50 here; nearer to a boundary than this, rationals decide.
_UNDECIDED = 2.0**-36


def requantize(quantizer: Quantizer, n: IntArray, scales: Scales, offsets: Scales) -> IntArray:
    """``quantize(n * scale + offset)`` for integers n [..., C], exactly.

    Args:
        quantizer: Per tensor.
        n: Integers.
        scales: One or one a channel.
        offsets: One or one a channel.

    Returns:
        Centered integers of the same shape.
    """
    step = quantizer.scales[0]
    gain = np.array([float(s / step) for s in scales])
    shift = np.array([float(o / step) for o in offsets])
    v = n * gain + shift + quantizer.zero_point
    result = quantizer.round_float(v)
    near = np.abs(v - np.rint(2 * v) / 2) < _UNDECIDED * np.maximum(1.0, np.abs(v))
    if near.any():
        channel = np.broadcast_to(np.arange(n.shape[-1]), n.shape)[near]
        pairs, inverse = np.unique(np.stack([n[near], channel]), axis=1, return_inverse=True)
        decided = [
            quantizer.round_exact(
                (int(value) * scales[int(c) % len(scales)] + offsets[int(c) % len(offsets)]) / step
                + quantizer.zero_point
            )
            for value, c in pairs.T
        ]
        result[near] = np.array(decided, dtype=np.int64)[inverse.ravel()]
    return result


Step = dict[str, IntArray]

_ZERO: Scales = (Fraction(0),)


def evaluate(spec: CellSpec, x: IntArray, states: Sequence[IntArray]) -> Step:
    """Run the layer.

    Args:
        spec: The cell.
        x: Centered integers [B, T, I].
        states: The initial states, centered integers [B, H], in the order of the cell's form.

    Returns:
        By tap name, [B, T, H] in the order of time: the accumulators' and gates' codes, products,
        the states.
    """
    step = _STEPS[spec.form.op](spec)
    order = range(x.shape[1])
    history: list[Step] = []
    for t in reversed(order) if spec.reverse else order:
        taps = step(x[:, t], *states)
        states = [taps[name] for name in spec.form.states]
        history.append(taps)
    if spec.reverse:
        history.reverse()
    return {name: np.stack([taps[name] for taps in history], axis=1) for name in history[0]}


def _accumulate(spec: CellSpec, gate: str, x: IntArray, h: IntArray) -> IntArray:
    p = spec.gates[gate]
    n = _matmul(x, p.w) + _matmul(h, p.u) + p.bias
    return requantize(spec.quantizers[f"{gate}_acc"], n, p.scales, p.residues)


def _rnn(spec: CellSpec) -> Callable[..., Step]:
    q = spec.quantizers
    (gate,) = spec.form.gates
    source = f"{gate}_acc"
    if spec.nonlinearity == "relu":
        act: Callable[[IntArray], IntArray] = _relu(q["output"], q[source])
    else:
        act = _Table(FUNCTIONS[spec.nonlinearity], q["output"], q[source])

    def step(x: IntArray, h: IntArray) -> Step:
        acc = _accumulate(spec, gate, x, h)
        return {source: acc, "h": act(acc)}

    return step


def _relu(output: Quantizer, source: Quantizer) -> Callable[[IntArray], IntArray]:
    return lambda codes: requantize(output, np.maximum(codes, 0), source.scales, _ZERO)


def _lstm(spec: CellSpec) -> Callable[..., Step]:
    q = spec.quantizers
    tables = {gate: _Table(*spec.gate_quantizer(gate), q[f"{gate}_acc"]) for gate in spec.gates}
    tanh = _Table(TANH, q["hidden_state_tanh"], q["cell_state"])
    state = q["cell_state"].scales[0]
    unit = {gate: spec.gate_quantizer(gate)[1].scales[0] for gate in spec.form.gates}

    def step(x: IntArray, h: IntArray, c: IntArray) -> Step:
        taps: Step = {}
        for gate in spec.gates:
            acc = taps[f"{gate}_acc"] = _accumulate(spec, gate, x, h)
            taps[f"{gate}_gate"] = tables[gate](acc)
        if spec.cifg:
            taps["forget_gate"] = spec.coupled_one - taps["input_gate"]
        for name, factors, scale in (
            ("forget_cell", (taps["forget_gate"], c), unit["forget"] * state),
            ("input_cell", (taps["input_gate"], taps["cell_gate"]), unit["input"] * unit["cell"]),
        ):
            product = factors[0] * factors[1]
            taps[name] = requantize(q["cell_state"], product, (scale,), _ZERO)
        total = taps["forget_cell"] + taps["input_cell"]
        taps["c"] = requantize(q["cell_state"], total, (state,), _ZERO)
        taps["hidden_tanh"] = tanh(taps["c"])
        scale = unit["output"] * q["hidden_state_tanh"].scales[0]
        product = taps["output_gate"] * taps["hidden_tanh"]
        taps["h"] = requantize(q["output"], product, (scale,), _ZERO)
        return taps

    return step


_STEPS = {"QuantLSTMCell": _lstm, "QuantRNNCell": _rnn}


class _Table:
    """A non-linearity on the codes of one quantizer."""

    def __init__(self, function: Function, output: Quantizer, source: Quantizer) -> None:
        self.low = source.type.lo
        self.entries = activation_table(function, output, source.scales[0], source.type)

    def __call__(self, codes: IntArray) -> IntArray:
        entries: IntArray = self.entries[codes - self.low]
        return entries


def _matmul(a: IntArray, b: IntArray) -> IntArray:
    # Sums stay far below 2**53, where binary64 is exact; BLAS has no integer product.
    return (a.astype(np.float64) @ b.astype(np.float64)).astype(np.int64)
