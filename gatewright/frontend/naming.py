"""Names of nodes and values: readable module paths that no tool can trip over."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

_FORBIDDEN = re.compile(r"[^A-Za-z0-9_.]")
_MAX_LENGTH = 120

# Path parts that Brevitas puts below the module which the user named.
_INNER_PARTS = re.compile(r"^(export_handler|act_quant|activation_impl|fused_activation.*)(_\d+)?$")

ROOT = "model"
"""The name of a module that has no path of its own."""


def sanitize(path: str) -> str:
    """``path`` as ``[A-Za-z][A-Za-z0-9_.]*``; dots separate non-empty parts."""
    parts = [part for part in _FORBIDDEN.sub("_", path).split(".") if part]
    name = ".".join(parts)[:_MAX_LENGTH].strip(".")
    if not name:
        return ROOT
    return name if name[0].isalpha() else f"m{name}"


def undotted(name: str) -> str:
    """What a user calls an argument or an output, without what parts the names of a graph.

    A model's own names, ``fc.out``, ``y.codes``, hold a dot, so that none of these is one of them.
    """
    return sanitize(name.replace(".", "_"))


class Namer:
    """Gives out names, each once, ignoring case."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def unique(self, path: str) -> str:
        """``sanitize(path)``, with ``_1``, ``_2``... appended where that name is taken."""
        base = sanitize(path)
        name, count = base, 0
        while name.lower() in self._taken:
            count += 1
            name = f"{base}_{count}"
        self._taken.add(name.lower())
        return name


def call_name(base: str, call: int, taken: Collection[str]) -> str:
    """The name of a module's call: ``act``, then ``act_1``, ... that no other module has.

    Args:
        base: The module's name.
        call: Which call, from 0 on.
        taken: Names of all modules.
    """
    if not call:
        return base
    name = f"{base}_{call}"
    while name in taken:
        name += "_"
    return name


def module_names(paths: Iterable[str]) -> dict[str, str]:
    """A unique sanitized name for each module path, in the order given."""
    namer = Namer()
    return {path: namer.unique(path) for path in paths}


def path_of_node(node_name: str) -> str:
    """The module path in a node name that torch wrote.

    ``/lstm/layers.0.0/export_handler/QuantLSTMCell`` gives ``lstm.layers.0.0``, ``/fc/Gemm``
    gives ``fc``, a name without a path gives an empty string. A module in a ``Sequential`` repeats
    the container: ``/tail/tail.1/Relu`` gives ``tail.1``.
    """
    path: list[str] = []
    for part in [part for part in node_name.split("/") if part][:-1]:
        if _INNER_PARTS.match(part):
            continue
        if path and part.startswith(f"{path[-1]}."):
            path.pop()
        path.append(part)
    return ".".join(path)
