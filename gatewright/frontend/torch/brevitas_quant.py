"""Reads Brevitas quantizers; the only place that knows their insides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import numpy as np
import torch
from brevitas.proxy.parameter_quant import BiasQuantProxyFromInjector, WeightQuantProxyFromInjector
from brevitas.proxy.runtime_quant import (
    ActQuantProxyFromInjector,
    DynamicActQuantProxyFromInjector,
)
from brevitas.quant_tensor import IntQuantTensor
from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend.spec import (
    Parameter,
    QuantSpec,
    Value,
    act_spec,
    bias_spec,
    binary_spec,
    make_spec,
    quantize_values,
    weight_spec,
)
from gatewright.frontend.torch.checks import check_calibrated
from gatewright.ir.types import Float32Array

_PROBES = 512
_READ: ContextVar[dict[Any, Any] | None] = ContextVar("read", default=None)
_T = TypeVar("_T")


@contextmanager
def read_once() -> Iterator[None]:
    """Let each quantizer be read once in the block, in which no model changes."""
    token = _READ.set({})
    try:
        yield
    finally:
        _READ.reset(token)


def to_numpy(tensor: torch.Tensor) -> Float32Array:
    """A tensor as float32 numpy, not shared with torch."""
    return np.array(tensor.detach().cpu().numpy(), dtype=np.float32)


def is_enabled(proxy: Any) -> bool:
    """Whether a quantizer proxy quantizes at all."""
    return proxy is not None and bool(proxy.is_quant_enabled)


def read_act(where: str, proxy: Any) -> QuantSpec:
    """The quantizer of an activation.

    Args:
        where: Module path, for errors.
        proxy: Brevitas' activation quantizer proxy, in eval mode.

    Raises:
        GatewrightError: GW-107 for anything but an enabled per-tensor integer quantizer, GW-103
            where its scale was never set, GW-105 where the scale is bad.
    """
    return _once(("act", id(proxy)), lambda: _read_act(where, proxy))


def _once(key: Any, read: Callable[[], _T]) -> _T:
    """What is read, or was read before in a block of ``read_once``."""
    known = _READ.get()
    if known is None:
        return read()
    if key not in known:
        known[key] = read()
    found: _T = known[key]
    return found


def _read_act(where: str, proxy: Any) -> QuantSpec:
    _require(where, proxy, ActQuantProxyFromInjector)
    if isinstance(proxy, DynamicActQuantProxyFromInjector):
        raise _unsupported(where, "its scale depends on the input (dynamic quantization)")
    check_calibrated(where, proxy)
    with torch.no_grad():
        spec = _spec(where, proxy, proxy.scale(), proxy.zero_point(), proxy.bit_width())
    spec = act_spec(where, spec)
    tensor_quant = proxy.fused_activation_quant_proxy.tensor_quant
    _probe(where, spec, lambda x: tensor_quant(x)[0])
    return spec


def _probe(where: str, spec: QuantSpec, quantize: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """Compare a quantizer with its spec on values all over its range and outside (GW-107)."""
    lo, hi = spec.code_range
    zero_point = float(spec.zero_point)
    codes = np.linspace(lo - 3.3 - zero_point, hi + 3.3 - zero_point, _PROBES)
    codes = np.concatenate([codes, np.arange(-8, 9) / 2])  # ties
    values = (codes * float(spec.scale)).astype(np.float32)
    with torch.no_grad():
        seen = to_numpy(quantize(torch.from_numpy(values)))
    if not np.array_equal(seen, quantize_values(values, spec)):
        raise _unsupported(where, "it does not compute clamp(round(x / scale + zero_point))")


def read_weight(where: str, module: Any, quantized: Callable[[], Any]) -> Parameter:
    """The weight [rows, ...] of a module.

    Args:
        where: Module path, for errors.
        module: Has ``weight`` and ``weight_quant``.
        quantized: Gives Brevitas' quantized weight.

    Returns:
        The raw weight where ``Quant`` with rounding ROUND gives Brevitas' values, otherwise the
        values that Brevitas quantized.
    """
    return _once(("weight", id(module)), lambda: _read_weight(where, module, quantized))


def _read_weight(where: str, module: Any, quantized: Callable[[], Any]) -> Parameter:
    _require(where, module.weight_quant, WeightQuantProxyFromInjector)
    if module.weight_quant.requires_quant_input:
        raise _unsupported(where, "it depends on the quantization of its input")
    check_calibrated(where, module.weight_quant)
    with torch.no_grad():
        out = quantized()
    raw = to_numpy(module.weight)
    spec = _spec_of(where, module.weight_quant, out, rounding="ROUND")
    return _parameter(where, raw, out, weight_spec(where, spec, raw.shape))


def read_bias(where: str, owner: Any, x: Value, quantized_weight: Callable[[], Any]) -> Parameter:
    """The bias [rows] of a module; without a quantizer it stays float.

    Args:
        where: Module path, for errors.
        owner: Has ``bias`` (not None) and ``bias_quant``.
        x: The layer's quantized input; ``Int32Bias`` takes its scale.
        quantized_weight: Gives Brevitas' quantized weight, for the same reason.
    """
    grid = None if x.grid is None else (x.grid.scale.tobytes(), x.grid.zero_point.tobytes())
    key = ("bias", id(owner), grid)
    return _once(key, lambda: _read_bias(where, owner, x, quantized_weight))


def _read_bias(where: str, owner: Any, x: Value, quantized_weight: Callable[[], Any]) -> Parameter:
    raw = to_numpy(owner.bias)
    if not is_enabled(owner.bias_quant):
        return Parameter(raw, None)
    _require(where, owner.bias_quant, BiasQuantProxyFromInjector)
    check_calibrated(where, owner.bias_quant)
    with torch.no_grad():
        out = owner.bias_quant(owner.bias, _quant_tensor(x), quantized_weight())
    spec = _spec_of(where, owner.bias_quant, out, rounding=str(owner.bias_quant.rounding_mode))
    return _parameter(where, raw, out, bias_spec(where, spec, raw.shape[0]))


def _quant_tensor(x: Value) -> Any:
    """A stand-in for ``x`` that carries its scale; Brevitas reads the scale from the input."""
    if x.grid is None:
        raise ValueError(f"{x.name} is not quantized")
    return IntQuantTensor(
        torch.zeros(x.shape),
        torch.from_numpy(x.grid.scale.copy()),
        torch.from_numpy(x.grid.zero_point.copy()),
        torch.tensor(float(x.grid.bit_width)),
        x.grid.signed,
        False,
    )


def _parameter(where: str, raw: Float32Array, out: Any, spec: QuantSpec) -> Parameter:
    expected = to_numpy(out.value)
    # No Quant node rounds to a sign alone, so binary values are written as they are quantized.
    for values in (expected,) if out.bit_width == 1 else (raw, expected):
        if np.array_equal(quantize_values(values, spec), expected):
            return Parameter(values, spec)
    raise _unsupported(where, "its quantized values do not lie on the grid of its scale")


def _spec_of(where: str, proxy: Any, out: Any, rounding: str) -> QuantSpec:
    if not isinstance(out, IntQuantTensor):
        raise _unsupported(where, f"it gives a {type(out).__name__}, not an IntQuantTensor")
    if out.bit_width == 1:
        return binary_spec(where, to_numpy(out.scale))
    return _spec(where, proxy, out.scale, out.zero_point, out.bit_width, rounding)


def _spec(
    where: str,
    proxy: Any,
    scale: torch.Tensor,
    zero_point: torch.Tensor,
    bit_width: torch.Tensor,
    rounding: str | None = None,
) -> QuantSpec:
    return make_spec(
        where,
        scale=to_numpy(scale),
        zero_point=to_numpy(zero_point),
        bit_width=float(bit_width),
        signed=bool(proxy.is_signed),
        narrow=bool(proxy.is_narrow_range),
        rounding=rounding or str(proxy.rounding_mode),
    )


def _require(where: str, proxy: Any, kind: type[nn.Module]) -> None:
    if not is_enabled(proxy):
        raise GatewrightError(
            "GW-107",
            where=where,
            cause="this quantizer is None or disabled, so its values are not integers.",
            remedy="Place it from data with gatewright.calibrate(model, data) (on the command "
            "line --calibrate data.npy), or give it an integer quantizer, such as "
            "Int8ActPerTensorFloat for activations or Int8WeightPerTensorFloat for weights.",
        )
    if not isinstance(proxy, kind) or proxy.is_groupwise:
        raise _unsupported(where, f"it is a {type(proxy).__name__}")


def _unsupported(where: str, what: str) -> GatewrightError:
    return GatewrightError(
        "GW-107",
        where=where,
        cause=f"{what}, which is not supported.",
        remedy="Use a uniform integer quantizer with a fixed scale, such as Int8ActPerTensorFloat "
        "or Int8WeightPerChannelFloat; no minifloat or group-wise ones, binary ones for weights.",
    )
