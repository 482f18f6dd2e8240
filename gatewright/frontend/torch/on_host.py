"""What a model ends in and kernels leave to the host: softmax, its logarithm, sigmoid."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import nn
from torch.overrides import TorchFunctionMode

from gatewright.errors import GatewrightError
from gatewright.frontend.spec import Value
from gatewright.frontend.torch.activations import only_input
from gatewright.frontend.torch.arranged import OF_STEPS, Arranged
from gatewright.frontend.torch.registry import (
    OnHost,
    Tracing,
    bind,
    emits,
    emits_call,
    expect_value,
    unsupported_call,
)

SOFTMAX_CALLS = (torch.softmax, F.softmax, "softmax")
LOG_SOFTMAX_CALLS = (torch.log_softmax, F.log_softmax, "log_softmax")
SIGMOID_CALLS = (torch.sigmoid, F.sigmoid, "sigmoid")
ON_HOST_CALLS = (*SOFTMAX_CALLS, *LOG_SOFTMAX_CALLS, *SIGMOID_CALLS)
_NAMES = frozenset({"softmax", "log_softmax", "sigmoid"})


def _of_last_axis(name: str, value: Value, dim: Any) -> OnHost:
    if dim not in (-1, len(value.shape) - 1):
        raise unsupported_call(
            name,
            f"it is taken along axis {dim}.",
            f"Write {name}(y, dim=-1), of the features; "
            "attention, over time, has no kernel: pool with mean or max, or take the last step.",
        )
    return OnHost(value, name)


def _along_features(name: str) -> Any:
    def emitter(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> OnHost:
        options = {k: v for k, v in kwargs.items() if k not in ("dtype", "_stacklevel")}
        source, dim = bind(args[:2], options, ("input", "dim"), (None, None))
        return _of_last_axis(name, expect_value(name, source), dim)

    return emitter


def _sigmoid(ctx: Tracing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> OnHost:
    given = squeezed(args[0]) if isinstance(args[0], Arranged) else None
    if given is not None:
        return OnHost(given.value, "squeezed_sigmoid")
    return OnHost(expect_value("sigmoid", args[0]), "sigmoid")


for _calls, _emitter in (
    (SOFTMAX_CALLS, _along_features("softmax")),
    (LOG_SOFTMAX_CALLS, _along_features("log_softmax")),
    (SIGMOID_CALLS, _sigmoid),
):
    emits_call(functions=_calls[:2], methods=_calls[2:])(_emitter)


def squeezed(arranged: Arranged) -> OnHost | None:
    """``y.squeeze(-1)`` of one feature, as an output; None for any other arrangement.

    Raises:
        GatewrightError: GW-108 of the one step of [B, F, 1].
    """
    if arranged.origin == OF_STEPS:
        raise unsupported_call(
            "squeeze",
            "at the end of a model it drops an axis of features, and that is one of steps.",
            "Take the one step by its number: y[:, :, 0] for y.squeeze(2).",
        )
    if arranged.origin != "squeeze":
        return None
    try:
        value = arranged.elements.whole(replace(arranged, index=arranged.index.unsqueeze(-1)))
    except GatewrightError:
        return None
    return OnHost(value, "squeeze")


@emits(nn.Softmax, nn.LogSoftmax)
def softmax(
    ctx: Tracing, module: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> OnHost:
    """The last layer, along the features."""
    name = "softmax" if isinstance(module, nn.Softmax) else "log_softmax"
    return _of_last_axis(name, only_input(path, args, kwargs), module.dim)


class BeforeHost(TorchFunctionMode):  # type: ignore[misc]
    """Keeps what such functions are given while it is entered."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: list[tuple[torch.Tensor, Any]] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        known = isinstance(result, torch.Tensor) and bool(args)
        dropped = known and name == "squeeze" and (*result.shape, 1) == tuple(args[0].shape)
        if known and (name in _NAMES or dropped):
            self._calls.append((result, args[0]))
        return result

    def before(self, tensor: Any) -> Any:
        """What was given to the function that made a tensor, or the tensor itself."""
        for made, given in reversed(self._calls):
            if made is tensor:
                tensor = given
        return tensor
