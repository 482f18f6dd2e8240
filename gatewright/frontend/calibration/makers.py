"""The modules that compute what functions do: activations, and pools over time."""

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
from gatewright.frontend.torch.shapes import follows_from_shapes

_REQUIRED = object()


@dataclass(frozen=True)
class _ActsAs:
    """A function and its module.

    Attributes:
        make: The module, of all options.
        options: Behind the tensor: their names, each with its default.
    """

    make: Callable[..., nn.Module]
    options: dict[str, Any]


def _refused(where: str, cause: str, remedy: str) -> GatewrightError:
    return GatewrightError("GW-108", where=where, cause=cause, remedy=remedy)


def _plain(module: type[nn.Module]) -> _ActsAs:
    return _ActsAs(lambda inplace: module(), {"inplace": False})


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


_CLAMP = _ActsAs(_clamp, {"min": None, "max": None})
_WINDOW = {"kernel_size": _REQUIRED, "stride": None, "padding": 0}
_MAX_POOL = _ActsAs(
    lambda kernel, stride, padding, dilation, ceil, indices: nn.MaxPool1d(
        kernel, stride, padding, dilation, return_indices=indices, ceil_mode=ceil
    ),
    {**_WINDOW, "dilation": 1, "ceil_mode": False, "return_indices": False},
)
_FUNCTIONS: dict[Any, _ActsAs] = {
    **dict.fromkeys((torch.relu, F.relu, "relu"), _plain(nn.ReLU)),
    **dict.fromkeys((torch.tanh, F.tanh, "tanh"), _plain(nn.Tanh)),
    **dict.fromkeys((torch.sigmoid, F.sigmoid, "sigmoid"), _plain(nn.Sigmoid)),
    F.relu6: _plain(nn.ReLU6),
    F.hardsigmoid: _plain(nn.Hardsigmoid),
    F.hardtanh: _ActsAs(_hardtanh, {"min_val": -1.0, "max_val": 1.0, "inplace": False}),
    F.leaky_relu: _ActsAs(_leaky, {"negative_slope": 0.01, "inplace": False}),
    **dict.fromkeys((torch.clamp, torch.clip, "clamp", "clip"), _CLAMP),
    **dict.fromkeys(
        (torch.clamp_min, "clamp_min"), _ActsAs(lambda low: _clamp(low, None), {"min": _REQUIRED})
    ),
    **dict.fromkeys((F.max_pool1d, torch.max_pool1d), _MAX_POOL),
    F.avg_pool1d: _ActsAs(nn.AvgPool1d, {**_WINDOW, "ceil_mode": False, "count_include_pad": True}),
}
"""By function, or name of a method."""


def _function(node: fx.Node) -> _ActsAs | None:
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
    _, *options = bind(node.args, dict(node.kwargs), names, defaults)
    if "inplace" in function.options and options[-1] is True:
        raise _refused(
            node.name,
            "it changes its input in place, wherever else that is used.",
            "Leave inplace=True out.",
        )
    if any(isinstance(o, fx.Node) and follows_from_shapes(o) for o in options):
        raise _refused(
            node.name,
            "one of its options is a length or a size.",
            "Give it numbers. A pool over all steps is out.mean(dim=1) or out.amax(dim=1) of "
            "[B, T, F].",
        )
    if any(isinstance(option, fx.Node) or option is _REQUIRED for option in options):
        raise _refused(
            node.name,
            "one of its options is computed.",
            "Give it numbers.",
        )
    return function.make(*options)
