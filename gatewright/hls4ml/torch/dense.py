"""Handlers of ``QuantLinear``, ``QuantIdentity``, ``QuantReLU``: hls4ml's layers, exact types."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import torch
from hls4ml.model.types import FixedPrecisionType

from gatewright.errors import GatewrightError
from gatewright.frontend.spec import QuantSpec
from gatewright.frontend.torch.brevitas_quant import is_enabled, read_act, read_weight, to_numpy
from gatewright.hls4ml.precision import input_type, power_of_two
from gatewright.hls4ml.standin import AUTO, GatewrightStandIn, Real, linear
from gatewright.hls4ml.torch.handled import Handled
from gatewright.ir.quantizer import Quantizer
from gatewright.ir.types import Float32Array, IntType

_MOST_BITS = 48
"""Of a constant: with what it is added to, a double has to hold it."""


def quant_linear(
    operation: str,
    layer_name: str,
    input_names: list[str],
    input_shapes: list[list[int | None]],
    node: Any,
    module: Any,
    data_reader: Any,
    config: dict[str, Any],
) -> Handled:
    """``QuantLinear``: a dense layer with exact sums, or rounded to its output quantizer."""
    where = str(node.target)
    weight, bias = _weight(where, module), _bias(where, module)
    types: dict[str, FixedPrecisionType | str] = {"accum": AUTO, "result": AUTO}
    types["weight"] = exact_type(where, "weight", weight)
    if bias is not None:
        types["bias"] = exact_type(where, "bias", bias)
    if is_enabled(module.output_quant):
        types["result"] = _act_type(f"{where}.output_quant", module.output_quant)
    takes = None
    if is_enabled(module.input_quant):
        takes = _act_type(f"{where}.input_quant", module.input_quant)
    attributes = {
        "weight_data": weight.T,
        "bias_data": bias,
        "use_bias": bias is not None,
        "n_in": module.in_features,
        "n_out": module.out_features,
    }
    shape = [*input_shapes[0][:-1], module.out_features]
    return _stand_in(layer_name, input_names, Real("Dense", attributes, types, takes)), shape


def quant_identity(
    operation: str,
    layer_name: str,
    input_names: list[str],
    input_shapes: list[list[int | None]],
    node: Any,
    module: Any,
    data_reader: Any,
    config: dict[str, Any],
) -> Handled:
    """``QuantIdentity``: rounding."""
    precision = _act_type(str(node.target), module.act_quant)
    return _stand_in(layer_name, input_names, linear(precision)), input_shapes[0]


def quant_relu(
    operation: str,
    layer_name: str,
    input_names: list[str],
    input_shapes: list[list[int | None]],
    node: Any,
    module: Any,
    data_reader: Any,
    config: dict[str, Any],
) -> Handled:
    """``QuantReLU``: what is negative becomes zero, the rest is rounded."""
    types = {"result": _act_type(str(node.target), module.act_quant)}
    real = Real("Activation", {"activation": "relu"}, types)
    return _stand_in(layer_name, input_names, real), input_shapes[0]


def exact_type(where: str, what: str, values: Float32Array) -> FixedPrecisionType:
    """The narrowest type that holds constants exactly: each is some integer over a power of two.

    Args:
        where: The module, for messages.
        what: They are of.
        values: Finite.

    Raises:
        GatewrightError: GW-304 where it would be too wide.
    """
    exact = [Fraction(float(value)) for value in values.flat]
    fraction = max(value.denominator.bit_length() - 1 for value in exact)
    codes = [int(value * 2**fraction) for value in exact]
    held = IntType.of(np.array(codes, dtype=object))
    if held.bits > _MOST_BITS:
        raise GatewrightError(
            "GW-304",
            where=where,
            cause=f"its {what} takes {held.bits} bits to hold exactly.",
            remedy=f"Give it a {what} quantizer with power-of-two scales, or leave it out.",
        )
    return FixedPrecisionType(held.bits, held.bits - fraction, held.signed)


def _stand_in(name: str, inputs: list[str], real: Real) -> dict[str, Any]:
    kind = GatewrightStandIn.__name__
    return {"name": name, "class_name": kind, "inputs": inputs, "real": real}


def _act_type(where: str, proxy: Any) -> FixedPrecisionType:
    return input_type(where, _quantizer(read_act(where, proxy)))


def _quantizer(spec: QuantSpec) -> Quantizer:
    scales = tuple(Fraction(float(scale)) for scale in np.atleast_1d(spec.scale).flat)
    return Quantizer(
        scales, int(spec.zero_point), int(spec.bit_width), spec.signed, spec.narrow, spec.rounding
    )


def _weight(where: str, module: Any) -> Float32Array:
    """As it is quantized, [out, in]."""
    spec = read_weight(f"{where}.weight_quant", module, module.quant_weight).quant
    assert spec is not None
    for scale in np.unique(spec.scale):
        power_of_two(where, "weight", Fraction(float(scale)))
    with torch.no_grad():
        return to_numpy(module.quant_weight().value)


def _bias(where: str, module: Any) -> Float32Array | None:
    """As it is quantized, [out]; None for none."""
    if module.bias is None:
        return None
    if not is_enabled(module.bias_quant):
        return to_numpy(module.bias)
    if module.bias_quant.requires_input_scale and not is_enabled(module.input_quant):
        raise GatewrightError(
            "GW-301",
            where=f"{where}.bias_quant",
            cause="it takes its scale from the input, which is no QuantTensor in hls4ml.",
            remedy="Give the layer an input_quant, or use bias_quant=None.",
        )
    with torch.no_grad():
        x = module.input_quant(torch.zeros(1, module.in_features))
        return to_numpy(module.bias_quant(module.bias, x, module.quant_weight()).value)
