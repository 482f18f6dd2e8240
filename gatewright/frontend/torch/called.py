"""What a forward() calls, held against what can be traced, before any of it is."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import fx, nn

from gatewright.errors import GatewrightError
from gatewright.frontend.torch.arithmetic import PURE
from gatewright.frontend.torch.obstacles import Obstacles
from gatewright.frontend.torch.on_host import LOG_SOFTMAX_CALLS, SOFTMAX_CALLS
from gatewright.frontend.torch.registry import (
    FUNCTION_EMITTERS,
    METHOD_EMITTERS,
    module_emitter,
    unsupported_call,
)
from gatewright.frontend.torch.remedies import of_call, of_function
from gatewright.frontend.torch.shapes import follows_from_shapes
from gatewright.frontend.torch.symbolic import symbolic_graph


def check_calls(
    model: nn.Module, examples: Sequence[torch.Tensor], replaced: Callable[[fx.Node], bool]
) -> None:
    """Refuse a model that calls what has no emitter, all of it at once.

    Args:
        model: In eval mode.
        examples: One for each argument of its forward().
        replaced: Whether a call is still to be replaced by one of a layer that has an emitter.

    Raises:
        GatewrightError: GW-101, GW-108; GW-109 of ``replaced``.
    """
    obstacles = Obstacles()
    for node in symbolic_graph(model, examples).nodes:
        try:
            if not replaced(node):
                _check(node, model)
        except GatewrightError as error:
            obstacles.add(node, error)
    obstacles.check()


def _check(node: fx.Node, model: nn.Module) -> None:
    module = model.get_submodule(str(node.target)) if node.op == "call_module" else None
    if module is not None:
        module_emitter(str(node.target), module)
    elif node.op in ("call_function", "call_method") and not _is_known(node):
        raise unsupported_call(callable_name(node), remedy=of_call(node))
    calls = (*SOFTMAX_CALLS, *LOG_SOFTMAX_CALLS)
    if isinstance(module, nn.Softmax | nn.LogSoftmax) or (module is None and node.target in calls):
        _check_softmax(node)


def _check_softmax(node: fx.Node) -> None:
    """Refuse one behind which a model goes on; what an argmax is given is told there."""
    goes_on = (u for u in node.users if u.op != "output" and "argmax" not in str(u.target))
    if next(goes_on, None) is not None:
        raise unsupported_call(
            "softmax",
            "the model goes on behind it, and no kernel computes exponentials.",
            of_function("softmax"),
        )


def _is_known(node: fx.Node) -> bool:
    table: dict[Any, Any] = FUNCTION_EMITTERS if node.op == "call_function" else METHOD_EMITTERS
    if isinstance(node.target, type) or node.target in table or not node.all_input_nodes:
        return True
    return _is_constant(node)


def _is_constant(node: fx.Node) -> bool:
    """Whether a call computes of shapes, parameters and buffers alone what may be computed."""
    if node.op == "get_attr" or follows_from_shapes(node):
        return True
    sources = node.all_input_nodes
    return node.target in PURE and bool(sources) and all(map(_is_constant, sources))


def callable_name(node: fx.Node) -> str:
    """What an error calls a function or method."""
    if node.op == "call_method":
        return f".{node.target}()"
    name = getattr(node.target, "__name__", str(node.target))
    if getattr(operator, name, None) is node.target:
        return f"operator {name}"
    return f"{getattr(node.target, '__module__', None) or 'torch'}.{name}"
