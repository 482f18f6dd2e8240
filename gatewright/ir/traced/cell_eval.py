"""``QuantLSTMCell`` in exact real arithmetic, without thresholds.

A second opinion on the lowering: sums are integers, each quantizer is a division and a rounding in
binary64, and whatever lies too near a rounding boundary for binary64 is decided in rationals.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from gatewright.ir.exact import activation_table
from gatewright.ir.quantizer import Quantizer, Scales
from gatewright.ir.traced.cell_spec import LstmCellSpec
from gatewright.ir.traced.vocabulary import GATES
from gatewright.ir.types import IntArray

# binary64 errs by some 2**-50 here; nearer to a boundary than this, rationals decide.
UNDECIDED = 2.0**-36


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
    near = np.abs(v - np.rint(2 * v) / 2) < UNDECIDED * np.maximum(1.0, np.abs(v))
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


def evaluate(spec: LstmCellSpec, x: IntArray) -> dict[str, IntArray]:
    """Run the layer from a zero state.

    Args:
        spec: The cell.
        x: Centered integers [B, T, I].

    Returns:
        By tap name, [B, T, H]: the accumulators' and gates' codes, products, c and h.
    """
    q = spec.quantizers
    tables = {gate: _gate_table(spec, gate) for gate in GATES}
    tanh = _Table("tanh", q["hidden_state_tanh"], q["cell_state"])
    h = np.zeros((x.shape[0], spec.hidden_size), dtype=np.int64)
    c = h.copy()
    zero = (Fraction(0),)
    history: list[dict[str, IntArray]] = []
    for t in range(x.shape[1]):
        step: dict[str, IntArray] = {}
        for gate in GATES:
            p = spec.gates[gate]
            n = _matmul(x[:, t], p.w) + _matmul(h, p.u) + p.bias
            step[f"{gate}_acc"] = requantize(q[f"{gate}_acc"], n, p.scales, p.residues)
            step[f"{gate}_gate"] = tables[gate](step[f"{gate}_acc"])
        state = q["cell_state"].scales[0]
        for name, gate, value, unit in (
            ("forget_cell", "forget", c, state),
            ("input_cell", "input", step["cell_gate"], q["cell_tanh"].scales[0]),
        ):
            scale = spec.gate_quantizer(gate)[1].scales[0] * unit
            product = step[f"{gate}_gate"] * value
            step[name] = requantize(q["cell_state"], product, (scale,), zero)
        total = step["forget_cell"] + step["input_cell"]
        c = step["c"] = requantize(q["cell_state"], total, (state,), zero)
        step["hidden_tanh"] = tanh(c)
        scale = q["output_sigmoid"].scales[0] * q["hidden_state_tanh"].scales[0]
        product = step["output_gate"] * step["hidden_tanh"]
        h = step["h"] = requantize(q["output"], product, (scale,), zero)
        history.append(step)
    return {name: np.stack([s[name] for s in history], axis=1) for name in history[0]}


class _Table:
    """A non-linearity on the codes of one quantizer."""

    def __init__(self, function: str, output: Quantizer, source: Quantizer) -> None:
        self.low = source.type.lo
        self.entries = activation_table(function, output, source.scales[0], source.type)

    def __call__(self, codes: IntArray) -> IntArray:
        entries: IntArray = self.entries[codes - self.low]
        return entries


def _gate_table(spec: LstmCellSpec, gate: str) -> _Table:
    function, output = spec.gate_quantizer(gate)
    return _Table(function, output, spec.quantizers[f"{gate}_acc"])


def _matmul(a: IntArray, b: IntArray) -> IntArray:
    # Sums stay far below 2**53, where binary64 is exact; BLAS has no integer product.
    return (a.astype(np.float64) @ b.astype(np.float64)).astype(np.int64)
