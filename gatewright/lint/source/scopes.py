"""The braces that a pragma stands in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from clang.cindex import CursorKind

from gatewright.lint.source.cursors import CALLABLES, LOOPS, body_of, key
from gatewright.lint.source.parse import is_ours, place

_HOLDERS = (
    *(CursorKind.NAMESPACE, CursorKind.LINKAGE_SPEC, CursorKind.UNEXPOSED_DECL),
    *(CursorKind.STRUCT_DECL, CursorKind.CLASS_DECL, CursorKind.CLASS_TEMPLATE),
    CursorKind.CLASS_TEMPLATE_PARTIAL_SPECIALIZATION,
)
_DEFINED = (
    *CALLABLES,
    CursorKind.CONSTRUCTOR,
    CursorKind.DESTRUCTOR,
    CursorKind.CONVERSION_FUNCTION,
)


class Braces(Enum):
    """Whose body braces are."""

    FUNCTION = "function"
    LOOP = "loop"
    BLOCK = "block"
    NONE = "none"
    """A line between statements of none: in an expression, or between a loop and its one line."""
    OUTSIDE = "outside"
    """No function at all."""


@dataclass(frozen=True)
class Standing:
    """Where a line stands.

    Attributes:
        braces: Of what.
        key: Where they begin.
        function: Where the function's own braces begin.
    """

    braces: Braces
    key: tuple[str, int, int] = ("", 0, 0)
    function: tuple[str, int, int] = ("", 0, 0)


class Scopes:
    """The functions of a unit as they are written, templates as such.

    Args:
        unit: As clang read it.
    """

    def __init__(self, unit: Any) -> None:
        self._bodies: dict[str, list[Any]] = {}
        for child in unit.get_children():
            if is_ours(child):
                self._collect(child)

    def _collect(self, cursor: Any) -> None:
        if cursor.kind in _HOLDERS:
            for child in cursor.get_children():
                self._collect(child)
        elif cursor.kind in _DEFINED:
            body = body_of(cursor)
            if body is not None:
                self._bodies.setdefault(place(body)[0], []).append(body)

    def of(self, file: str, line: int) -> Standing:
        """Where a whole line stands.

        Args:
            file: Path below the build.
            line: From 1.
        """
        for body in self._bodies.get(file, ()):
            if _holds(body, line):
                return _innermost(body, line)
        return Standing(Braces.OUTSIDE)


def _innermost(body: Any, line: int) -> Standing:
    parent, node, braces = None, body, Braces.FUNCTION
    while node is not None:
        inner = next((c for c in node.get_children() if _holds(c, line)), None)
        if inner is None:
            break
        parent, node = node, inner
    if parent is not None:
        is_loop = parent.kind in LOOPS
        braces = Braces.LOOP if is_loop else Braces.BLOCK
    if node.kind != CursorKind.COMPOUND_STMT:
        braces = Braces.NONE
    return Standing(braces, key(node), key(body))


def _holds(cursor: Any, line: int) -> bool:
    return bool(cursor.extent.start.line < line < cursor.extent.end.line)
