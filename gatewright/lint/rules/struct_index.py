"""No array inside a struct is indexed at run time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clang.cindex import CursorKind

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.source.cursors import plain
from gatewright.lint.source.parse import place
from gatewright.lint.view import View

_NAME = "struct-index"
_REMEDY = "Copy its values into a partitioned array of the function's own, and index that."


def _check(view: View) -> Iterator[Finding]:
    for node in view.passes.nodes:
        if node.kind != CursorKind.ARRAY_SUBSCRIPT_EXPR:
            continue
        array, index = (plain(part) for part in node.get_children())
        if _is_member(array) and not view.statics.is_static(index):
            reason = f"{array.spelling} lies in a struct, and its index is known at run time only."
            yield Finding(_NAME, *place(node), reason, _REMEDY)


def _is_member(array: Any) -> bool:
    declared = array.referenced
    is_field = declared is not None and declared.kind == CursorKind.FIELD_DECL
    return bool(array.kind == CursorKind.MEMBER_REF_EXPR and is_field)


RULE = Rule(
    _NAME,
    "In a pipeline no array inside a struct is indexed at run time.",
    "The array becomes a memory of two ports, or the struct a multiplexer a member.",
    _REMEDY,
    "UG1399, Structs, and Array Partitioning",
    _check,
)
