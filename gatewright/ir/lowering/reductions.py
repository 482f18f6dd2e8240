"""Lowerings of mean and maximum over time, and of the class of the largest value."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import onnx

from gatewright.errors import GatewrightError
from gatewright.ir import ops
from gatewright.ir.lowering import rounding
from gatewright.ir.lowering.rounding import Rounding
from gatewright.ir.lowering.state import LoweringState
from gatewright.ir.lowering.values import Affine, ClassIndex
from gatewright.ir.quantizer import Quantizer

WIDEST_SHIFT = 2**56
"""Units of an integer; beyond, shifts of classes are brought closer, which any order allows."""


def lower_mean(state: LoweringState, node: onnx.NodeProto) -> None:
    """An integer sum over time, each unit of which is worth 1 / T of one before."""
    value = _sequence(state, node)
    state.fixed_steps = True
    steps = state.steps_of(value.name)
    name = state.graph.add(
        ops.REDUCE_SUM, [value.name], [f"{node.name}.total"], name=node.name, steps=state.steps
    )
    state.values[node.output[0]] = replace(
        value,
        name=name,
        scales=tuple(s / steps for s in value.scales),
        path=rounding.mean(value.path, steps),
        quantizer=None,
    )


def lower_sum(state: LoweringState, node: onnx.NodeProto) -> None:
    """An integer sum over time."""
    value = _sequence(state, node)
    state.fixed_steps = True
    steps = state.steps_of(value.name)
    name = state.graph.add(
        ops.REDUCE_SUM, [value.name], [f"{node.name}.total"], name=node.name, steps=state.steps
    )
    offsets = tuple(offset * steps for offset in value.offsets)
    path = rounding.total(value.path, steps)
    state.values[node.output[0]] = replace(
        value, name=name, offsets=offsets, path=path, quantizer=None
    )


def lower_min(state: LoweringState, node: onnx.NodeProto) -> None:
    """The maximum of the integers turned round."""
    value = _sequence(state, node)
    name = _negated(state, value.name, f"{node.name}.negated")
    largest = state.graph.add(ops.REDUCE_MAX, [name], [f"{node.name}.max"], name=node.name)
    name = _negated(state, largest, f"{node.name}.min")
    state.values[node.output[0]] = replace(value, name=name)


def _negated(state: LoweringState, source: str, name: str) -> str:
    width = state.graph[source].shape[-1]
    assert isinstance(width, int)
    constant = state.graph.add_constant(f"{name}.sign", np.full(width, -1, dtype=np.int64))
    return state.graph.add(ops.MUL, [source, constant], [name])


def lower_max(state: LoweringState, node: onnx.NodeProto) -> None:
    """The maximum of the integers: scales are positive."""
    value = _sequence(state, node)
    name = state.graph.add(ops.REDUCE_MAX, [value.name], [f"{node.name}.max"], name=node.name)
    state.values[node.output[0]] = replace(value, name=name)


def _sequence(state: LoweringState, node: onnx.NodeProto) -> Affine:
    """The value reduced, which has to be a sequence reduced over time."""
    value = state.number(node, node.input[0])
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    axes = state.traced.initializers[node.input[1]].tolist()
    time = state.axes(node.input[0]).index("T")
    if len(state.graph[value.name].shape) != 3 or axes != [time] or attributes.get("keepdims", 1):
        raise GatewrightError(
            "GW-205",
            where=node.name,
            cause=f"it reduces axes {axes}.",
            remedy="Reduce over time only: out.mean(dim=1) with batch_first, else dim=0.",
        )
    return value


def lower_argmax(state: LoweringState, node: onnx.NodeProto) -> None:
    """The index of the largest integer, where integers of all channels are comparable."""
    value = state.number(node, node.input[0])
    if len(set(value.scales)) > 1 or value.normalized:
        raise GatewrightError(
            "GW-301",
            where=node.name,
            cause="the integers it compares have a scale of their own in each class.",
            remedy="Put a QuantIdentity before argmax, or give the layer before it weights with "
            "one scale for all channels.",
        )
    scale = value.scales[0]
    source, fractions = value.name, [Fraction(0)]
    if len(set(value.offsets)) > 1:
        source, fractions = _comparable(state, node, value)
    name = state.graph.add(ops.ARGMAX, [source], [f"{node.name}.index"], name=node.name)
    keys = state.graph[source]
    if keys.shape[-1] != 1:
        grid = Quantizer((scale,), 0, 32, signed=True, narrow=False)
        path = replace(value.path, lo=(keys.type.lo,), hi=(keys.type.hi,))
        offsets = tuple(f * scale for f in fractions)
        state.roundings.add(Rounding(name, source, "argmax", grid, (scale,), offsets, path))
    state.values[node.output[0]] = ClassIndex(name)


def _closer(shifts: list[Fraction], span: int) -> list[Fraction]:
    """Shifts in the same order, no further apart than decides it for integers of that span."""
    moved = {min(shifts): Fraction(0)}
    for low, high in pairwise(sorted(set(shifts))):
        moved[high] = moved[low] + min(high - low, Fraction(span + 1))
    return [moved[shift] for shift in shifts]


def _comparable(
    state: LoweringState, node: onnx.NodeProto, value: Affine
) -> tuple[str, list[Fraction]]:
    """Integers in the order of ``n * scale + offset`` where the offsets of channels differ.

    In units of the scale the value is ``n`` plus an integer plus a fraction below 1. With R
    different fractions it is ordered as ``(n + integer) * R + rank of the fraction``.

    Returns:
        The tensor, and the fractions in ascending order.
    """
    shifts = [(o - min(value.offsets)) / value.scales[0] for o in value.offsets]
    if max(shifts) * len(shifts) > WIDEST_SHIFT:
        type_ = state.graph[value.name].type
        shifts = _closer(shifts, type_.hi - type_.lo)
    whole = [shift.numerator // shift.denominator for shift in shifts]
    parts = [shift - w for shift, w in zip(shifts, whole, strict=True)]
    fractions = sorted(set(parts))
    count = len(fractions)
    terms = [w * count + fractions.index(p) for w, p in zip(whole, parts, strict=True)]
    graph = state.graph
    constants = {"ranks": [count] * len(terms), "terms": terms}
    factors, added = (
        graph.add_constant(f"{node.name}.{key}", np.array(values, dtype=np.int64))
        for key, values in constants.items()
    )
    product = graph.add(
        ops.MUL, [value.name, factors], [f"{node.name}.product"], name=f"{node.name}.order"
    )
    return graph.add(ops.ADD, [product, added], [f"{node.name}.keys"]), fractions
