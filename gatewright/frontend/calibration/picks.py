"""Items of a tensor that calls of a graph pick, as numbers of its elements."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
from torch import fx


def numbers_of(shape: Sequence[int]) -> torch.Tensor:
    """The elements of a tensor, numbered."""
    return torch.arange(math.prod(shape)).reshape(*shape)


def source_of(node: Any, picks: Collection[Any]) -> fx.Node | None:
    """The tensor that such calls, one behind the other, begin with."""
    while isinstance(node, fx.Node) and node.target in picks:
        node = node.args[0]
    return node if isinstance(node, fx.Node) else None


def computed(node: fx.Node, known: Mapping[fx.Node, Any]) -> Any:
    """What calls that pick items, and ask for sizes to pick by, give of known tensors.

    Returns:
        None where they need another tensor.
    """
    if node in known:
        return known[node]
    given = {source: computed(source, known) for source in node.all_input_nodes}
    if not given or None in given.values():
        return None
    args, kwargs = fx.node.map_arg((node.args, node.kwargs), given.__getitem__)
    if node.op == "call_method":
        return getattr(args[0], str(node.target))(*args[1:], **kwargs)
    return node.target(*args, **kwargs) if node.op == "call_function" else None
