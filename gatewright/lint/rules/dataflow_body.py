"""The top level is a dataflow region of declarations and calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clang.cindex import CursorKind, StorageClass, TypeKind

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.source.cursors import plain
from gatewright.lint.source.parse import place
from gatewright.lint.source.probes import is_probe
from gatewright.lint.source.scopes import Braces
from gatewright.lint.view import View

_NAME = "dataflow-body"
_REMEDY = "Leave declarations of streams, and calls of functions that return nothing."


def _check(view: View) -> Iterator[Finding]:
    for function in view.functions:
        told = view.told(function, "dataflow")
        if any(one.placed.scope.braces is Braces.FUNCTION for one in told):
            for statement in function.body.get_children():
                for where, reason in _wrong(plain(statement)):
                    yield Finding(_NAME, *place(where), reason, _REMEDY)
        elif function is view.functions[0]:
            reason = f"{function.name} is no dataflow region: its kernels run one after the other."
            yield Finding(_NAME, *function.place, reason, "Write #pragma HLS dataflow.")


def _wrong(statement: Any) -> Iterator[tuple[Any, str]]:
    if statement.kind == CursorKind.DECL_STMT:
        for declared in statement.get_children():
            if declared.kind == CursorKind.VAR_DECL and declared.storage_class != StorageClass.NONE:
                yield declared, f"{declared.spelling} is static: it is treated as if it were not."
    elif statement.kind == CursorKind.CALL_EXPR:
        if not is_probe(statement) and statement.type.get_canonical().kind != TypeKind.VOID:
            yield statement, f"{statement.spelling} returns a value, which no process may."
    elif statement.kind != CursorKind.NULL_STMT:
        yield statement, "there is something else than declarations and calls."


RULE = Rule(
    _NAME,
    "The body of a dataflow region has declarations and calls of functions that return nothing.",
    "The region is not canonical: it may be serialized, or refused.",
    _REMEDY,
    "UG1399, Canonical Body; hls-llvm-project, DiagnosticHLSKinds.td",
    _check,
)
