"""There is nothing in the C++ that no hardware can be made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from clang.cindex import CursorKind, TypeKind

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.pragmas.parse import without_comments
from gatewright.lint.source.functions import CppFunction
from gatewright.lint.source.parse import place
from gatewright.lint.source.types import plain_type
from gatewright.lint.view import View

_NAME = "subset"
_REMEDY = "Write it with arrays of constant size, loops and functions that are called by name."
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<([^>\n]*)>", re.MULTILINE)
_KNOWN = {
    *("cstddef", "cstdint", "type_traits"),
    *("ap_fixed.h", "ap_int.h", "hls_stream.h", "ap_axi_sdata.h"),
}
_KINDS = {
    CursorKind.CXX_NEW_EXPR: "it takes memory of the heap",
    CursorKind.CXX_DELETE_EXPR: "it gives memory of the heap back",
    CursorKind.CXX_THROW_EXPR: "it throws an exception",
    CursorKind.CXX_TRY_STMT: "it catches exceptions",
    CursorKind.CXX_DYNAMIC_CAST_EXPR: "it asks for a type at run time",
    CursorKind.CXX_TYPEID_EXPR: "it asks for a type at run time",
    CursorKind.GOTO_STMT: "it jumps",
    CursorKind.INDIRECT_GOTO_STMT: "it jumps",
}
_VARIABLES = (CursorKind.VAR_DECL, CursorKind.PARM_DECL, CursorKind.FIELD_DECL)
_FLOATS = (TypeKind.HALF, TypeKind.FLOAT, TypeKind.DOUBLE, TypeKind.LONGDOUBLE)
_ARRAYS_OF_ANY_SIZE = (TypeKind.VARIABLEARRAY, TypeKind.INCOMPLETEARRAY)


def _check(view: View) -> Iterator[Finding]:
    yield from _included(view)
    for fault in view.faults:
        yield Finding(_NAME, fault.file, fault.line, f"{fault.says}.", _REMEDY)
    if not view.functions:
        yield Finding(_NAME, "hls/top.cpp", 1, "there is no top level.", _REMEDY)
    for function in view.functions:
        if function in _below(function):
            yield Finding(_NAME, *function.place, f"{function.name} calls itself.", _REMEDY)
        for node, _ in function.nodes:
            reason = _KINDS.get(node.kind) or _indirect(node) or _of_a_processor(node)
            if reason:
                yield Finding(_NAME, *place(node), f"{reason}.", _REMEDY)


def _included(view: View) -> Iterator[Finding]:
    for name, text in sorted(view.texts.items()):
        blank = without_comments(text)
        for found in _INCLUDE.finditer(blank):
            line = blank.count("\n", 0, found.start()) + 1
            if found[1] not in _KNOWN and not view.is_skipped(name, line):
                reason = f"<{found[1]}> is of what a processor runs."
                yield Finding(_NAME, name, line, reason, _REMEDY)


def _below(function: CppFunction) -> set[CppFunction]:
    """What a function calls, directly or round about."""
    found: set[CppFunction] = set()
    waiting = [callee for _, callee in function.calls]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [callee for _, callee in one.calls]
    return found


def _of_a_processor(node: Any) -> str:
    if node.kind not in _VARIABLES:
        return ""
    if node.type.is_volatile_qualified():
        return f"{node.spelling} is volatile: each access of it is a step of its own"
    if plain_type(node.type).get_canonical().kind in _FLOATS:
        return f"{node.spelling} is a floating point number: no operator of it is exact or short"
    return ""


def _indirect(node: Any) -> str:
    if node.kind == CursorKind.CALL_EXPR:
        callee = node.referenced
        if (
            callee is not None
            and callee.kind == CursorKind.CXX_METHOD
            and callee.is_virtual_method()
        ):
            return f"{callee.spelling} is virtual"
        if callee is not None and callee.kind in _VARIABLES:
            return f"{callee.spelling} is called by its address"
    if node.kind == CursorKind.VAR_DECL:
        type_ = plain_type(node.type)
        if type_.kind in _ARRAYS_OF_ANY_SIZE:
            return f"the size of {node.spelling} is known at run time only"
        if type_.kind == TypeKind.POINTER and _is_function(type_.get_pointee()):
            return f"{node.spelling} is the address of a function"
    return ""


def _is_function(type_: Any) -> bool:
    return type_.get_canonical().kind in (TypeKind.FUNCTIONPROTO, TypeKind.FUNCTIONNOPROTO)


RULE = Rule(
    _NAME,
    "No heap, recursion, virtual call, address of a function, exception, volatile variable, "
    "floating point number or library of C++.",
    "Vitis HLS refuses it, for no hardware has them; or it makes operators that no model here has.",
    _REMEDY,
    "UG1399, Unsupported C/C++ Constructs",
    _check,
)
