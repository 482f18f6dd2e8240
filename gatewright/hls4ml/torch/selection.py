"""What a model takes of all that a recurrent layer returns: hls4ml leaves indices unread."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import reduce
from typing import Any

from gatewright.errors import GatewrightError

Path = tuple[Any, ...]
"""Indices in their order, such as (0, (slice(None), -1)) for ``out, _ = lstm(x); out[:, -1]``."""


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


def take(returned: Any, path: Path) -> Any:
    """What stands behind those indices."""
    return reduce(operator.getitem, path, returned)


def _paths(node: Any, path: Path) -> Iterator[Path]:
    for user in node.users:
        if user.op == "call_function" and user.target is operator.getitem:
            yield from _paths(user, (*path, user.args[1]))
        else:
            yield path
