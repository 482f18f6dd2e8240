"""The functions that hardware is made of: what the top level calls, each template as it is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from clang.cindex import CursorKind

from gatewright.lint.source.cursors import CALLABLES, body_of, plain, walk
from gatewright.lint.source.parse import is_ours, place


@dataclass(eq=False)
class CppFunction:
    """A function, with what its templates were given.

    Attributes:
        cursor: Its definition.
        nodes: All of its body, each with what it lies in.
        calls: Those of other functions of ours, in order: the call, and what it calls.
        callers: Where it is called: by whom, the call, and what that lies in.
    """

    cursor: Any
    nodes: list[tuple[Any, tuple[Any, ...]]] = field(default_factory=list)
    calls: list[tuple[Any, CppFunction]] = field(default_factory=list)
    callers: list[tuple[CppFunction, Any, tuple[Any, ...]]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """As it is called."""
        return str(self.cursor.spelling)

    @property
    def place(self) -> tuple[str, int]:
        """File and line."""
        return place(self.cursor)

    @property
    def parameters(self) -> list[Any]:
        """Their declarations; a pack has as many as it was given."""
        return [c for c in self.cursor.get_children() if c.kind == CursorKind.PARM_DECL]

    @property
    def body(self) -> Any:
        """Its braces."""
        return body_of(self.cursor)

    def of_kind(self, *kinds: Any) -> Iterator[tuple[Any, tuple[Any, ...]]]:
        """Nodes of some kinds, each with what it lies in."""
        return ((node, parents) for node, parents in self.nodes if node.kind in kinds)


def reached(unit: Any, top: str) -> dict[str, CppFunction]:
    """What the top level calls, directly or round about, by clang's name for it; itself first.

    Empty where there is no top level.
    """
    tops = [c for c in _declared(unit.cursor) if c.spelling == top and c.is_definition()]
    found: dict[str, CppFunction] = {}
    for function in tops[:1]:
        _reach(function, found)
    return found


def _declared(cursor: Any) -> Iterator[Any]:
    return (c for c in cursor.get_children() if c.kind == CursorKind.FUNCTION_DECL and is_ours(c))


def _reach(cursor: Any, found: dict[str, CppFunction]) -> CppFunction:
    name = str(cursor.get_usr())
    if name in found:
        return found[name]
    function = found[name] = CppFunction(cursor)
    body = function.body
    function.nodes = [] if body is None else list(walk(body))
    for node, parents in function.nodes:
        callee = called(node)
        if callee is None:
            continue
        other = _reach(callee, found)
        function.calls.append((node, other))
        other.callers.append((function, node, parents))
    return function


def called(node: Any) -> Any:
    """The definition of a function of ours that an expression calls, or None."""
    if node.kind != CursorKind.CALL_EXPR:
        return None
    callee = node.referenced
    if callee is None or callee.kind not in CALLABLES or not is_ours(callee):
        return None
    if callee.is_default_method():  # which is written nowhere
        return None
    return callee.get_definition()


def arguments(call: Any) -> list[Any]:
    """Of a call, without casts."""
    return [plain(argument) for argument in call.get_arguments()]
