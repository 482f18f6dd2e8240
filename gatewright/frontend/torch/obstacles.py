"""Everything that keeps a forward() from compiling, gathered in its order."""

from __future__ import annotations

import linecache
from dataclasses import dataclass, field
from pathlib import Path

from torch import fx

from gatewright.errors import GatewrightError, together

TOLD_TOGETHER = frozenset({"GW-101", "GW-108", "GW-109"})
"""What is refused of one call alone, so that calls behind it can be looked at all the same."""
_OF_A_CALL = TOLD_TOGETHER | {"GW-106"}
OF_FILE = "node "
"""Begins, in the place of a Python file, the name of the node of a file that a call was read of."""


class Obstacle:
    """Stands for what a call that is refused would give."""


@dataclass
class Obstacles:
    """Those of one trace.

    Attributes:
        found: The errors so far.
    """

    found: list[GatewrightError] = field(default_factory=list)

    def add(self, node: fx.Node, error: GatewrightError) -> Obstacle:
        """Note an error of a call, with its line; one of another kind is raised at once.

        Raises:
            GatewrightError: That error.
        """
        told = located(node, error)
        if error.code not in TOLD_TOGETHER:
            raise told from error
        if str(told) not in map(str, self.found):  # a loop calls again and again
            self.found.append(told)
        return Obstacle()

    def check(self) -> None:
        """Refuse a model with any.

        Raises:
            GatewrightError: The first one, the others with it.
        """
        if self.found:
            raise together(self.found)


def located(node: fx.Node, error: GatewrightError) -> GatewrightError:
    """The error with the line of forward() that it comes from, where that is in a user's file."""
    line = shown_line(node)
    if not line or error.code not in _OF_A_CALL:
        return error
    return GatewrightError(
        error.code,
        where=error.where,
        cause=f"{error.cause.rstrip('.')}{line}.",
        remedy=error.remedy,
    )


def shown_line(node: fx.Node) -> str:
    """The line of forward() that a call comes from, in parentheses; empty where none is known."""
    file, number = node.meta.get("line", ("", 0))
    if file.startswith(OF_FILE):
        return f" ({file})"
    text = linecache.getline(file, number).strip()
    known = text and not file.startswith("<")
    return f" ({Path(file).name}, line {number}: {text})" if known else ""
