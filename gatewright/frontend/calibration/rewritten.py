"""What a forward() that was rewritten has to hold: its constants, and the outputs it had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import fx, nn

from gatewright.errors import GatewrightError
from gatewright.frontend.onnx.plain.check import alike
from gatewright.frontend.torch.watch import tensors_of


def keep_constants(graph: fx.Graph, model: nn.Module) -> None:
    """Let a model itself hold what its graph reads: its layers are to be replaced by others.

    A parameter or buffer of the model's own stays what it is.
    """
    for node in graph.nodes:
        target = str(node.target)
        if node.op == "get_attr" and ("." in target or not hasattr(model, target)):
            node.target = free_name(model, target.replace(".", "_"))
            model.register_buffer(node.target, node.meta["value"].detach())


def free_name(model: nn.Module, name: str) -> str:
    """A name that a model has no attribute of."""
    while hasattr(model, name):
        name += "_"
    return name


def check_rewritten(
    expected: Sequence[Any], made: nn.Module, examples: Sequence[Any], where: str, remedy: str
) -> None:
    """Refuse a module that computes something else than what it was made of.

    Args:
        expected: What that gave for the examples.
        made: The module.
        examples: One for each argument of its forward().
        where: For errors.
        remedy: What else to write.

    Raises:
        GatewrightError: GW-110.
    """
    with torch.no_grad():
        given = tensors_of(made(*examples))
    if len(given) != len(expected) or not all(map(alike, expected, given)):
        raise GatewrightError(
            "GW-110",
            where=where,
            cause="the layer that it was taken for computes something else.",
            remedy=remedy,
        )
