"""Arrays that are partitioned into registers, and what names the same variable."""

from __future__ import annotations

from typing import Any

from clang.cindex import CursorKind

from gatewright.lint.source.cursors import plain
from gatewright.lint.source.probes import BoundPragma
from gatewright.lint.source.types import dimensions


def identity(expression: Any) -> tuple[Any, ...]:
    """What an expression names: a variable, and the members on the way into it."""
    expression = plain(expression)
    inner: tuple[Any, ...] = ()
    if expression.kind == CursorKind.MEMBER_REF_EXPR:
        inner = tuple(part for c in expression.get_children() for part in identity(c))
    declared = expression.referenced
    return (*inner, None if declared is None else declared.hash)


def complete(variable: Any, partitions: list[BoundPragma]) -> bool:
    """Whether an array is partitioned completely in all its dimensions.

    Args:
        variable: What names it.
        partitions: Pragmas of its function.
    """
    parts: set[int] = set()
    whole = set(range(1, len(dimensions(variable.type)) + 1))
    for bound in partitions:
        names = map(identity, bound.variables.get("variable", ()))
        if bound.options.get("type", "complete") != "complete" or identity(variable) not in names:
            continue
        dim = bound.values.get("dim", 1)
        parts |= whole if dim == 0 else {dim}
    return whole <= parts
