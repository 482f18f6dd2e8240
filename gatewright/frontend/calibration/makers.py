"""The modules that compute what functions do: of activations, windows over time, and layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import fx, nn

from gatewright.errors import GatewrightError
from gatewright.frontend.emit_arithmetic import check_slope
from gatewright.frontend.torch.on_host import SIGMOID_CALLS
from gatewright.frontend.torch.registry import bind

_REQUIRED = object()


@dataclass(frozen=True)
class _Function:
    """A function and its module.

    Attributes:
        make: The module, of all options.
        options: Behind the tensor: their names, each with its default.
    """

    make: Callable[..., nn.Module]
    options: dict[str, Any]


def _refused(where: str, cause: str, remedy: str) -> GatewrightError:
    return GatewrightError("GW-108", where=where, cause=cause, remedy=remedy)


def _plain(module: type[nn.Module]) -> _Function:
    return _Function(lambda inplace: module(), {"inplace": False})


def _hardtanh(low: Any, high: Any, inplace: Any = False) -> nn.Module:
    return nn.Hardtanh(float(low), float(high))


def _clamp(low: Any, high: Any) -> nn.Module:
    if high is None and low == 0:
        return nn.ReLU()
    if low is None or high is None:
        raise _refused(
            "clamp",
            f"it clamps from {low} to {high}, and quantizers of calibration are symmetric.",
            "Clamp from -a to a, from 0 to a, or clamp(min=0), a ReLU.",
        )
    return _hardtanh(low, high)


def _leaky(slope: Any, inplace: Any) -> nn.Module:
    check_slope("leaky_relu", float(slope))
    return nn.LeakyReLU(float(slope))


def _with(made: Any, weight: torch.Tensor, bias: torch.Tensor | None) -> Any:
    """A layer with these values, which need no gradient."""
    made.weight = nn.Parameter(weight.detach().clone(), requires_grad=False)
    if bias is not None:
        made.bias = nn.Parameter(bias.detach().clone(), requires_grad=False)
    return made


def _linear(weight: Any, bias: Any) -> nn.Module:
    outputs, inputs = weight.shape
    made: nn.Module = _with(nn.Linear(inputs, outputs, bias is not None), weight, bias)
    return made


def _conv(
    weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any
) -> nn.Module:
    outputs, inputs, kernel = weight.shape
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    conv = nn.Conv1d(inputs * groups, outputs, kernel, bias=bias is not None, **options)
    made: nn.Module = _with(conv, weight, bias)
    return made


def _embedding(weight: Any, padding_idx: Any, max_norm: Any, *rest: Any) -> nn.Module:
    made: nn.Module = _with(nn.Embedding(*weight.shape, max_norm=max_norm), weight, None)
    return made


_CLAMP = _Function(_clamp, {"min": None, "max": None})
_WINDOW = {"kernel_size": _REQUIRED, "stride": None, "padding": 0}
_MAX_POOL = _Function(
    nn.MaxPool1d, {**_WINDOW, "dilation": 1, "ceil_mode": False, "return_indices": False}
)
_TABLE_OPTIONS = {"norm_type": 2.0, "scale_grad_by_freq": False, "sparse": False}
_FUNCTIONS: dict[Any, _Function] = {
    **dict.fromkeys((torch.relu, F.relu, "relu"), _plain(nn.ReLU)),
    **dict.fromkeys((torch.tanh, F.tanh, "tanh"), _plain(nn.Tanh)),
    **dict.fromkeys((torch.sigmoid, F.sigmoid, "sigmoid"), _plain(nn.Sigmoid)),
    F.relu6: _plain(nn.ReLU6),
    F.hardsigmoid: _plain(nn.Hardsigmoid),
    F.hardtanh: _Function(_hardtanh, {"min_val": -1.0, "max_val": 1.0, "inplace": False}),
    F.leaky_relu: _Function(_leaky, {"negative_slope": 0.01, "inplace": False}),
    **dict.fromkeys((torch.clamp, torch.clip, "clamp", "clip"), _CLAMP),
    **dict.fromkeys(
        (torch.clamp_min, "clamp_min"), _Function(lambda low: _clamp(low, None), {"min": _REQUIRED})
    ),
    **dict.fromkeys((F.max_pool1d, torch.max_pool1d), _MAX_POOL),
    F.avg_pool1d: _Function(
        nn.AvgPool1d, {**_WINDOW, "ceil_mode": False, "count_include_pad": True}
    ),
    F.linear: _Function(_linear, {"weight": _REQUIRED, "bias": None}),
    F.conv1d: _Function(
        _conv,
        {"weight": _REQUIRED, "bias": None, "stride": 1, "padding": 0, "dilation": 1, "groups": 1},
    ),
    F.embedding: _Function(
        _embedding, {"weight": _REQUIRED, "padding_idx": None, "max_norm": None, **_TABLE_OPTIONS}
    ),
}
"""By function, or name of a method."""


def _function(node: fx.Node) -> _Function | None:
    if node.op not in ("call_function", "call_method") or not (node.args or node.kwargs):
        return None
    target = node.target if node.op == "call_function" else str(node.target)
    if target in SIGMOID_CALLS and all(user.op == "output" for user in node.users):
        return None  # the host's
    return _FUNCTIONS.get(target)


def becomes_a_module(node: fx.Node) -> bool:
    """Whether a call is of such a function."""
    return _function(node) is not None


def module_of(node: fx.Node) -> nn.Module:
    """The module that computes what a call does of its tensor.

    Raises:
        GatewrightError: GW-108 where none does, GW-109 for an option that none has.
    """
    function = _function(node)
    assert function is not None
    names, defaults = ("input", *function.options), (None, *function.options.values())
    _, *options = map(_value, bind(node.args, dict(node.kwargs), names, defaults))
    if "inplace" in function.options and options[-1] is True:
        raise _refused(
            node.name,
            "it changes its input in place, wherever else that is used.",
            "Leave inplace=True out.",
        )
    if any(isinstance(option, fx.Node) or option is _REQUIRED for option in options):
        raise _refused(
            node.name,
            "one of its options is computed.",
            "Give it numbers, and parameters or buffers of the model.",
        )
    return function.make(*options)


def _value(option: Any) -> Any:
    """A parameter or buffer, or an option as it is."""
    is_own = isinstance(option, fx.Node) and option.op == "get_attr"
    return option.meta["value"] if is_own else option
