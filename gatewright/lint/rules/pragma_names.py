"""What pragmas name is there, and is something that they can act on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clang.cindex import CursorKind, StorageClass, TypeKind

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.source.cursors import CALLABLES
from gatewright.lint.source.probes import is_number_fault
from gatewright.lint.source.types import dimensions, element, is_stream, is_struct, plain_type
from gatewright.lint.view import View

_NAME = "pragma-names"
_REMEDY = "Name what is declared above the pragma, and of the kind that it acts on."


def _is_array(expression: Any) -> bool:
    is_pointer = plain_type(expression.type).kind == TypeKind.POINTER
    return is_pointer or dimensions(expression.type) != ()


def _is_storage(expression: Any) -> bool:
    return _is_array(expression) or is_stream(expression.type)


def _is_struct(expression: Any) -> bool:
    return is_struct(element(expression.type))


def _stays(expression: Any) -> bool:
    declared = expression.referenced
    if declared.kind == CursorKind.FIELD_DECL:
        return all(_stays(part) for part in expression.get_children())
    is_local = declared.semantic_parent.kind in CALLABLES
    return not is_local or declared.storage_class == StorageClass.STATIC


def _is_parameter(expression: Any) -> bool:
    return bool(expression.referenced.kind == CursorKind.PARM_DECL)


_KINDS: Mapping[str, tuple[Any, str]] = {
    "aggregate": (_is_struct, "a struct, or an array of them"),
    "array_partition": (_is_array, "an array"),
    "array_reshape": (_is_array, "an array"),
    "bind_storage": (_is_storage, "an array or a stream"),
    "disaggregate": (_is_struct, "a struct, or an array of them"),
    "function_instantiate": (_is_parameter, "a parameter of the function"),
    "interface": (_is_parameter, "a parameter of the function"),
    "reset": (_stays, "static or global"),
    "stream": (_is_storage, "a stream or an array"),
}


def _check(view: View) -> Iterator[Finding]:
    for pragma, says in view.refused:
        if not is_number_fault(says):
            yield Finding(_NAME, pragma.file, pragma.line, f"{says}.", _REMEDY)
    for bound in (one for function in view.functions for one in view.bound[function]):
        is_kind, kind = _KINDS.get(bound.directive, (None, ""))
        for expression in (e for found in bound.variables.values() for e in found):
            if is_kind is not None and not is_kind(expression):
                reason = f"{expression.spelling} is not {kind}, which {bound.directive} acts on."
                pragma = bound.placed.pragma
                yield Finding(_NAME, pragma.file, pragma.line, reason, _REMEDY)


RULE = Rule(
    _NAME,
    "What a pragma names is declared where it stands, and is of the kind that it acts on.",
    "Vitis HLS warns, and ignores the pragma.",
    _REMEDY,
    "hls-llvm-project, ParseXlxPragma.cpp, SemaXlxAttr.cpp and DiagnosticHLSKinds.td",
    _check,
)
