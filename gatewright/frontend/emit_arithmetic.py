"""Arithmetic of the traced graph: of two tensors, and of a tensor and constants."""

from __future__ import annotations

import dataclasses

import numpy as np

from gatewright.errors import GatewrightError
from gatewright.frontend.builder import GraphBuilder
from gatewright.frontend.emit import activation, known_layouts
from gatewright.frontend.spec import Layout, Value
from gatewright.ir.types import Float32Array

_CHANNELS_FIRST = Layout(batch_first=True, channels_first=True)
_DOES = {"Add": "adds", "Sub": "subtracts", "Mul": "multiplies"}


def pair(builder: GraphBuilder, name: str, op: str, a: Value, b: Value) -> Value:
    """``Add``, ``Sub`` or ``Mul`` of two quantized tensors of one shape.

    Raises:
        GatewrightError: GW-106 where their shapes differ, GW-301 where one is not quantized.
    """
    layouts = known_layouts((a, b))
    if a.shape != b.shape or len(layouts) > 1:
        raise GatewrightError(
            "GW-106",
            where=name,
            cause=f"it {_DOES[op]} tensors of shapes {list(a.shape)} and {list(b.shape)}.",
            remedy="Give both one shape, both of sequences or both of single steps.",
        )
    if a.grid is None or b.grid is None:
        brevitas = (
            "use brevitas.nn.QuantEltwiseAdd" if op == "Add" else "put a QuantIdentity behind"
        )
        raise GatewrightError(
            "GW-301",
            where=name,
            cause=f"one of the tensors it {_DOES[op]} is not quantized.",
            remedy=f"Calibrate: gatewright.calibrate(model, data), --calibrate data.npy; or "
            f"{brevitas}.",
        )
    out = builder.node(op, name, [a.name, b.name])[0]
    layout = layouts[0] if layouts else None
    return dataclasses.replace(a, name=out, grid=None, quant_tensor=False, layout=layout)


def by_constant(
    builder: GraphBuilder, name: str, op: str, x: Value, constant: Float32Array
) -> Value:
    """``Sub``, ``Mul`` or ``Div`` of a tensor and a constant, one number or one a feature.

    Raises:
        GatewrightError: GW-104 for a constant that is not finite, or divides by 0; GW-106 where it
            has another shape.
    """
    values = np.ravel(constant)
    layout = x.layout if values.size == 1 else _layout_by(x, constant)
    a_feature = (x.shape[1], 1) if layout == _CHANNELS_FIRST else x.shape[-1:]
    last = constant.shape[-len(a_feature) :]
    if values.size != 1 and (values.size != a_feature[0] or last != a_feature):
        raise GatewrightError(
            "GW-106",
            where=name,
            cause=f"a constant of shape {list(constant.shape)} meets a tensor {list(x.shape)}.",
            remedy="Use a number, or one for each feature: [F], or [F, 1] where it is [B, F, T].",
        )
    if not np.isfinite(values).all() or (op == "Div" and not values.all()):
        raise GatewrightError(
            "GW-104",
            where=name,
            cause="its constant is not finite, or divides by 0.",
            remedy="Add what keeps it from 0, as std + 1e-5, or load a sound checkpoint.",
        )
    given = values.reshape(a_feature) if values.size > 1 else values[0]
    names = [x.name, builder.initializer(f"{name}.constant", given)]
    out = builder.node(op, name, names)[0]
    return dataclasses.replace(x, name=out, grid=None, quant_tensor=False, layout=layout)


def _layout_by(x: Value, constant: Float32Array) -> Layout | None:
    """That of a tensor; where no layer has told it, constants [F, 1] do."""
    if x.layout is not None or len(x.shape) != 3 or x.stack:
        return x.layout
    return _CHANNELS_FIRST if constant.shape[-2:] == (x.shape[1], 1) else None


def leaky(builder: GraphBuilder, name: str, x: Value, slope: float) -> Value:
    """``LeakyRelu`` of a quantized tensor.

    Raises:
        GatewrightError: As ``check_slope``; GW-301 where x is not quantized.
    """
    check_slope(name, slope)
    _check_codes(name, x)
    out = builder.node("LeakyRelu", name, [x.name], alpha=slope)[0]
    return dataclasses.replace(x, name=out, grid=None, quant_tensor=False)


def check_slope(name: str, slope: float) -> None:
    """GW-109 for a slope below 0 that is no power of two up to 1."""
    if not 0 < slope <= 1 or np.frexp(slope)[0] != 0.5:
        raise GatewrightError(
            "GW-109",
            where=name,
            cause=f"its slope below 0 is {slope:g}, which is none of 1, 2**-1, 2**-2, ...",
            remedy="Use one: negative_slope=2**-7 is near 0.01, 0.125 near 0.1, 0.25 near 0.2; "
            "without slope use nn.ReLU.",
        )


def magnitude(builder: GraphBuilder, name: str, x: Value) -> Value:
    """``Abs`` of a quantized tensor; GW-301 where it is not quantized."""
    _check_codes(name, x)
    return activation(builder, name, "Abs", x)


def negate(builder: GraphBuilder, name: str, x: Value) -> Value:
    """``Neg`` of a tensor."""
    return activation(builder, name, "Neg", x)


def _check_codes(name: str, x: Value) -> None:
    if x.grid is None:
        raise GatewrightError(
            "GW-301",
            where=name,
            cause="its input is not quantized.",
            remedy="Calibrate: gatewright.calibrate(model, data), --calibrate data.npy; or put a "
            "QuantIdentity before it.",
        )
