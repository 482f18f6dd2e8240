"""Lowerings of sums, differences and products of two tensors, and of what constants do to one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import onnx

from gatewright.errors import GatewrightError
from gatewright.ir import ops
from gatewright.ir.graph import Op
from gatewright.ir.lowering import rounding
from gatewright.ir.lowering.state import LoweringState
from gatewright.ir.lowering.values import Affine
from gatewright.ir.ops.lookup import wrapped_table
from gatewright.ir.quantizer import Scales
from gatewright.ir.types import IntArray

_TABLE_BITS = 16


def lower_sub(state: LoweringState, node: onnx.NodeProto) -> None:
    """A difference, or a constant that waits for the next quantizer."""
    constant = _constant(state, node)
    if constant is None:
        lower_sum(state, node, ops.SUB)
        return
    value = state.number(node, node.input[0])
    shifts = tuple(-c for c in constant)
    state.values[node.output[0]] = _shifted(value, shifts)


def lower_sum(state: LoweringState, node: onnx.NodeProto, op: Op) -> None:
    """The sum or difference of codes of one scale."""
    a, b = (state.codes(node, name) for name in node.input)
    if a.scales != b.scales:
        raise GatewrightError(
            "GW-301",
            where=node.name,
            cause="it adds or subtracts tensors whose quantizers have different scales.",
            remedy="Share one quantizer between them: brevitas.nn.QuantEltwiseAdd, the same "
            "QuantIdentity behind each, or gatewright.calibrate(model, data), which places one.",
        )
    name = state.graph.add(op, [a.name, b.name], [f"{node.name}.{op.name.lower()}"], name=node.name)
    other = rounding.scaled(b.path, (Fraction(-1),), 0) if op == ops.SUB else b.path
    state.values[node.output[0]] = Affine(name, a.scales, rounding.add(a.path, other))


def lower_mul(state: LoweringState, node: onnx.NodeProto) -> None:
    """A product of codes, or with a constant that scales take in."""
    constant = _constant(state, node)
    if constant is not None:
        value = state.number(node, node.input[0])
        state.values[node.output[0]] = _scaled(state, node, value, constant, 1)
        return
    a, b = (state.codes(node, name) for name in node.input)
    name = state.graph.add(ops.MUL, [a.name, b.name], [f"{node.name}.product"], name=node.name)
    types, scales = (state.graph[a.name].type, state.graph[b.name].type), (a.scales[0], b.scales[0])
    path = rounding.product(types, scales)
    state.values[node.output[0]] = Affine(name, (scales[0] * scales[1],), path)


def lower_div(state: LoweringState, node: onnx.NodeProto) -> None:
    """A quotient by a constant: torch may multiply by its inverse, which is rounded too."""
    constant = _constant(state, node)
    if constant is None or not all(constant):
        raise GatewrightError(
            "GW-205",
            where=node.name,
            cause="it divides by what is no constant, or 0.",
            remedy="Divide by constants only.",
        )
    value = state.number(node, node.input[0])
    state.values[node.output[0]] = _scaled(state, node, value, tuple(1 / c for c in constant), 2)


def lower_neg(state: LoweringState, node: onnx.NodeProto) -> None:
    """The integers turned round."""
    value = state.number(node, node.input[0])
    state.values[node.output[0]] = _scaled(state, node, value, (Fraction(-1),), 0)


def lower_abs(state: LoweringState, node: onnx.NodeProto) -> None:
    """The magnitudes of codes."""
    _by_table(state, node, np.abs, Fraction(1))


def lower_leaky(state: LoweringState, node: onnx.NodeProto) -> None:
    """Codes below 0 times a slope ``2**-k``, in units that are worth so much less."""
    slope = Fraction(next(a.f for a in node.attribute if a.name == "alpha"))
    if not rounding.power_of_two(slope) or slope > 1:
        raise GatewrightError(
            "GW-205",
            where=node.name,
            cause=f"its alpha is {float(slope):g}, which is no power of two up to 1.",
            remedy="Train with a slope such as 2**-7.",
        )
    units = int(1 / slope)
    _by_table(state, node, lambda n: np.where(n < 0, n, n * units), slope)


def _by_table(
    state: LoweringState,
    node: onnx.NodeProto,
    function: Callable[[IntArray], IntArray],
    unit: Fraction,
) -> None:
    """Integers of codes, each unit of which is worth so much of one of theirs."""
    value = state.codes(node, node.input[0])
    domain = state.graph[value.name].type
    if domain.bits > _TABLE_BITS:
        raise GatewrightError(
            "GW-302",
            where=node.name,
            cause=f"it is given codes of {domain.bits} bits, a table has {_TABLE_BITS}.",
            remedy="Give the quantizer before it fewer bits.",
        )
    entries = function(np.arange(domain.lo, domain.hi + 1))
    table = state.graph.add_constant(f"{node.name}.table", wrapped_table(entries, domain))
    output = f"{node.name}.integers"
    name = state.graph.add(ops.LOOKUP, [value.name, table], [output], name=node.name)
    scale = value.scales[0] * unit
    path = rounding.codes(state.graph[name].type, scale)
    state.values[node.output[0]] = Affine(name, (scale,), path)


def _constant(state: LoweringState, node: onnx.NodeProto) -> Scales | None:
    """The second operand where it is a constant: one number, or one a feature."""
    values = state.traced.initializers.get(node.input[1])
    if values is None:
        return None
    return tuple(Fraction(float(v)) for v in np.ravel(values))


def _scaled(
    state: LoweringState, node: onnx.NodeProto, value: Affine, gains: Scales, roundings: int
) -> Affine:
    """A value times constants: those below 0 turn their channel round, 0 empties it."""
    width = state.graph[value.name].shape[-1]
    assert isinstance(width, int)
    signs = np.array([(g > 0) - (g < 0) for g in gains], dtype=np.int64)
    name = value.name
    if (signs != 1).any():
        factors = np.broadcast_to(signs, width).copy()
        constant = state.graph.add_constant(f"{node.name}.signs", factors)
        name = state.graph.add(ops.MUL, [name, constant], [f"{node.name}.signed"], name=node.name)
    channels = range(max(len(gains), len(value.scales), len(value.offsets)))
    return replace(
        value,
        name=name,
        # A channel times 0 holds zeros, whatever they are worth.
        scales=tuple(_item(value.scales, c) * (abs(_item(gains, c)) or 1) for c in channels),
        offsets=tuple(_item(value.offsets, c) * _item(gains, c) for c in channels),
        path=rounding.scaled(value.path, gains, roundings),
        quantizer=None,
    )


def _shifted(value: Affine, shifts: Scales) -> Affine:
    """A value plus constants, which wait for the next quantizer."""
    channels = range(max(len(shifts), len(value.offsets)))
    return replace(
        value,
        offsets=tuple(_item(value.offsets, c) + _item(shifts, c) for c in channels),
        path=rounding.add_bias(
            value.path, np.zeros(len(shifts), dtype=np.int64), value.scales, shifts
        ),
        quantizer=None,
    )


def _item(values: Scales, channel: int) -> Fraction:
    return values[channel % len(values)]
