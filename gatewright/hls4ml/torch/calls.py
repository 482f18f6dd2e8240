"""Calls of functions and methods: of which arguments hls4ml's reader is known to heed all."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx
from torch.nn import functional

from gatewright.errors import GatewrightError


@dataclass(frozen=True)
class _Heeded:
    """The arguments that have to be there, and no others.

    Attributes:
        tensors: How many come first.
        listed: Whether they stand in a list.
        scalar: Whether the last of them may be a number.
        integers: Whether integers may follow them.
        names: Of those by keyword.
    """

    tensors: int = 1
    listed: bool = False
    scalar: bool = False
    integers: bool = False
    names: frozenset[str] = frozenset()


_ACTIVATION = _Heeded()
_PAIR = _Heeded(2)
_ARITHMETIC = _Heeded(2, scalar=True)
_CAT = _Heeded(2, listed=True, names=frozenset({"dim"}))
_SHAPE = _Heeded(integers=True)
_SOFTMAX = _Heeded(names=frozenset({"dim"}))

_CALLS: dict[Any, _Heeded] = {
    **dict.fromkeys((torch.relu, functional.relu, torch.sigmoid, torch.tanh), _ACTIVATION),
    **dict.fromkeys(("relu", "sigmoid", "tanh"), _ACTIVATION),
    **dict.fromkeys((functional.softmax, torch.softmax, "softmax"), _SOFTMAX),
    functional.leaky_relu: _Heeded(names=frozenset({"negative_slope"})),
    functional.elu: _Heeded(names=frozenset({"alpha"})),
    **dict.fromkeys((operator.add, operator.sub, operator.mul), _ARITHMETIC),
    **dict.fromkeys((torch.add, torch.sub, torch.mul, "add", "sub", "mul"), _ARITHMETIC),
    **dict.fromkeys((torch.minimum, torch.maximum, torch.fmin, torch.fmax), _PAIR),
    **dict.fromkeys((torch.cat, torch.concat, torch.concatenate), _CAT),
    **dict.fromkeys((torch.flatten, torch.squeeze, "flatten", "squeeze", "view"), _SHAPE),
}
"""By function, and by the name of a method."""
_WITHOUT_EFFECT = {"inplace": False, "dtype": None, "_stacklevel": 3}
_FORMS = (
    "Keep to relu(x), sigmoid(x), tanh(x), softmax(x, dim=...), a + b, a - b, a * b, x + 1, x * 2, "
    "minimum(a, b), maximum(a, b), cat((a, b), dim=...) of other than the batch, x.flatten(1), "
    "x.view(...) and x.squeeze(...), with a and b two different tensors of one shape; or make it a "
    "module."
)


def check_call(node: fx.Node, source: Callable[[fx.Node], fx.Node]) -> None:
    """Refuse a call of which hls4ml would heed a part only.

    Args:
        node: Of a function or a method.
        source: From a tensor to the node whose layer gives it; hls4ml reads each once.

    Raises:
        GatewrightError: GW-108.
    """
    heeded = _CALLS.get(node.target)
    tensors: list[fx.Node] = []
    fx.node.map_arg((node.args, node.kwargs), tensors.append)
    once = len({source(tensor) for tensor in tensors}) == len(tensors)
    if heeded is None or not once or not _fits(node, heeded):
        raise GatewrightError(
            "GW-108",
            where=_written(node),
            cause="hls4ml is not known to read this call with all of its arguments.",
            remedy=_FORMS,
        )


def _written(node: fx.Node) -> str:
    name = node.target if isinstance(node.target, str) else node.target.__name__
    named = [f"{key}={value}" for key, value in node.kwargs.items()]
    return f"{name}({', '.join([*map(str, node.args), *named])})"


def _fits(node: fx.Node, heeded: _Heeded) -> bool:
    given: list[Any] = list(node.args)
    if heeded.listed:
        given = list(given[0]) + given[1:] if given else []
    first, rest = given[: heeded.tensors], given[heeded.tensors :]
    if len(first) < heeded.tensors or not all(isinstance(one, fx.Node) for one in first[:-1]):
        return False
    number = heeded.scalar and type(first[-1]) in (int, float)
    if not (number or isinstance(first[-1], fx.Node)):
        return False
    if rest and not (heeded.integers and all(type(one) is int for one in rest)):
        return False
    return _fits_names(node.kwargs, heeded)


def _fits_names(given: dict[str, Any], heeded: _Heeded) -> bool:
    named = {
        name: value
        for name, value in given.items()
        if name not in _WITHOUT_EFFECT or value != _WITHOUT_EFFECT[name]
    }
    batch = heeded.listed and named.get("dim") == 0
    return named.keys() == heeded.names and not batch
