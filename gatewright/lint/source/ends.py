"""Who reads a stream and who writes it: through references, packs and what hands them on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clang.cindex import CursorKind

from gatewright.lint.source.cursors import plain
from gatewright.lint.source.functions import CppFunction, arguments
from gatewright.lint.source.types import is_stream

_WRITES = ("write", "write_nb", "operator<<")


class Ends:
    """Of all functions together.

    Args:
        functions: What the top level calls.
    """

    def __init__(self, functions: tuple[CppFunction, ...]) -> None:
        self._of = {function.cursor.get_usr(): function for function in functions}
        self._returned: dict[CppFunction, set[int]] = {}
        self._used: dict[CppFunction, dict[int, set[str]]] = {}

    def used(self, function: CppFunction) -> dict[int, set[str]]:
        """Of each stream among the parameters, by its place: whether it is read and written."""
        if function not in self._used:
            found: dict[int, set[str]] = {}
            self._used[function] = found
            names = {p.hash: i for i, p in enumerate(function.parameters)}
            for declared, end in self._touched(function):
                if declared.hash in names:
                    found.setdefault(names[declared.hash], set()).add(end)
        return self._used[function]

    def reads(self, node: Any) -> bool:
        """Whether a node reads a stream, itself or by what it calls."""
        if node.kind != CursorKind.CALL_EXPR:
            return False
        callee = None if node.referenced is None else self._of.get(node.referenced.get_usr())
        if callee is not None:
            return any("read" in ends for ends in self.used(callee).values())
        return any(end == "read" for _, end in _member_call(node))

    def _touched(self, function: CppFunction) -> Iterator[tuple[Any, str]]:
        """Variables that are streams, and what is done to each."""
        for node, _ in function.of_kind(CursorKind.CALL_EXPR):
            for stream, end in _member_call(node):
                yield from ((declared, end) for declared in self.meant(stream))
        for call, callee in function.calls:
            given = arguments(call)
            for index, ends in self.used(callee).items():
                for declared in self.meant(given[index]) if index < len(given) else ():
                    yield from ((declared, end) for end in ends)

    def meant(self, expression: Any) -> list[Any]:
        """The variables that an expression of a stream may stand for."""
        expression = plain(expression)
        if expression.kind == CursorKind.DECL_REF_EXPR:
            return [expression.referenced]
        callee = None
        if expression.kind == CursorKind.CALL_EXPR and expression.referenced is not None:
            callee = self._of.get(expression.referenced.get_usr())
        if callee is None:
            return []
        given = arguments(expression)
        return [v for i in self._gives(callee) if i < len(given) for v in self.meant(given[i])]

    def _gives(self, function: CppFunction) -> set[int]:
        """The parameters that a function returns a reference to."""
        if function not in self._returned:
            self._returned[function] = set()
            names = {p.hash: i for i, p in enumerate(function.parameters)}
            returned = (
                declared
                for node, _ in function.of_kind(CursorKind.RETURN_STMT)
                for value in node.get_children()
                for declared in self.meant(value)
            )
            self._returned[function] = {names[d.hash] for d in returned if d.hash in names}
        return self._returned[function]


def _member_call(call: Any) -> Iterator[tuple[Any, str]]:
    """The stream that a call is a method of, if it is one of a stream, and which end that is."""
    member = next(iter(call.get_children()), None)
    if member is not None and member.kind == CursorKind.MEMBER_REF_EXPR:
        of = next(iter(member.get_children()), None)
        if of is not None and is_stream(of.type):
            yield of, "write" if member.spelling in _WRITES else "read"
