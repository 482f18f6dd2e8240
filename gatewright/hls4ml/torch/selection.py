"""What a model takes of all that a recurrent layer returns: hls4ml leaves indices unread."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import reduce
from typing import Any

from gatewright.errors import GatewrightError

Path = tuple[Any, ...]
"""Indices in their order, such as (0, (slice(None), -1)) for ``out, _ = lstm(x); out[:, -1]``."""


def is_index(node: Any) -> bool:
    """Whether a node of a traced model is ``x[...]``."""
    return bool(node.op == "call_function" and node.target is operator.getitem)


def selection(where: str, node: Any) -> Path:
    """The indices behind which everything stands that reads a layer.

    Args:
        where: The module, for messages.
        node: Its call, in the traced model.

    Raises:
        GatewrightError: GW-108 where nothing or more than one thing is read.
    """
    found = {repr(path): path for path in _paths(node, ())}
    if len(found) != 1:
        raise GatewrightError(
            "GW-108",
            where=where,
            cause=f"the model reads {len(found)} different things of what it returns, and a layer "
            "of hls4ml gives one tensor.",
            remedy="Read one of out, out[:, -1] and h[-1], as in out, _ = lstm(x).",
        )
    return next(iter(found.values()))


def drop_indices(node: Any) -> None:
    """Let what reads a layer through indices read the layer, which gives what they select.

    hls4ml looks for a call by its name only, and has none by that of an index.
    """
    while indices := [user for user in node.users if is_index(user)]:
        for index in indices:
            index.replace_all_uses_with(node)
            node.graph.erase_node(index)


def take(returned: Any, path: Path) -> Any:
    """What stands behind those indices."""
    return reduce(operator.getitem, path, returned)


def _paths(node: Any, path: Path) -> Iterator[Path]:
    for user in node.users:
        if is_index(user):
            yield from _paths(user, (*path, user.args[1]))
        else:
            yield path
