"""Walking clang's tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clang.cindex import CursorKind

CALLABLES = (CursorKind.FUNCTION_DECL, CursorKind.CXX_METHOD, CursorKind.FUNCTION_TEMPLATE)
LOOPS = (CursorKind.FOR_STMT, CursorKind.WHILE_STMT, CursorKind.DO_STMT)
_WRAPPERS = (CursorKind.UNEXPOSED_EXPR, CursorKind.PAREN_EXPR)


def walk(cursor: Any, parents: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """All below a cursor, each with what it lies in, the innermost last; a constant's parts not.

    What stands in a ``constexpr`` variable or a ``static_assert`` is computed by the compiler.
    """
    inside = (*parents, cursor)
    for child in cursor.get_children():
        if child.kind == CursorKind.STATIC_ASSERT or is_constexpr(child):
            continue
        yield child, inside
        yield from walk(child, inside)


def is_constexpr(cursor: Any) -> bool:
    """Whether it is a variable that is declared ``constexpr``."""
    if cursor.kind != CursorKind.VAR_DECL or not cursor.type.is_const_qualified():
        return False
    for token in cursor.get_tokens():
        if token.spelling == "constexpr":
            return True
        if token.spelling in ("=", "{", cursor.spelling):
            return False
    return False


def plain(cursor: Any) -> Any:
    """An expression without casts and brackets around it; of a template's parameter its value."""
    while cursor.kind in _WRAPPERS or _is_given(cursor):
        inner = list(cursor.get_children())
        if len(inner) != 1:
            break
        cursor = inner[0]
    return cursor


def _is_given(cursor: Any) -> bool:
    return bool(cursor.kind == CursorKind.DECL_REF_EXPR and cursor.referenced is None)


def body_of(function: Any) -> Any:
    """The braces of a function's definition, or None."""
    blocks = [c for c in function.get_children() if c.kind == CursorKind.COMPOUND_STMT]
    return blocks[-1] if blocks else None


def key(cursor: Any) -> tuple[str, int, int]:
    """Where it begins: the same of a template and of what is made of it."""
    start = cursor.extent.start
    return ("" if start.file is None else start.file.name, start.line, start.column)
