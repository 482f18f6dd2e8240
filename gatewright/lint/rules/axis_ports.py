"""``hls::axis`` is at ports only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clang.cindex import CursorKind, StorageClass

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.source.functions import CppFunction, arguments
from gatewright.lint.source.parse import place
from gatewright.lint.source.types import dimensions, is_stream, names_axis
from gatewright.lint.view import View

_NAME = "axis-ports"
_REMEDY = "Take data, last and user out of the word where it is read, and hand those on."


def _check(view: View) -> Iterator[Finding]:
    for function in view.functions:
        for parameter in function.parameters:
            if names_axis(parameter.type) and not _is_port(view, function, parameter):
                reason = f"{parameter.spelling} of {function.name} is an hls::axis, and no port."
                yield Finding(_NAME, *place(parameter), reason, _REMEDY)
        for variable, _ in function.of_kind(CursorKind.VAR_DECL):
            if names_axis(variable.type) and not _is_word(view, function, variable):
                reason = (
                    f"{variable.spelling} in {function.name} is an hls::axis that stays inside."
                )
                yield Finding(_NAME, *place(variable), reason, _REMEDY)


def _is_port(view: View, function: CppFunction, parameter: Any) -> bool:
    """Whether a parameter is a port's stream, handed on by the top level."""
    if not is_stream(parameter.type):
        return False
    if function is view.functions[0]:
        return True
    index = function.parameters.index(parameter)
    given = (
        (caller, argument.referenced)
        for caller, call, _ in function.callers
        for argument in arguments(call)[index : index + 1]
    )
    return all(p in caller.parameters and _is_port(view, caller, p) for caller, p in given)


def _is_word(view: View, function: CppFunction, variable: Any) -> bool:
    """Whether a variable is the one word of a process that has the port."""
    is_plain = variable.storage_class == StorageClass.NONE and not dimensions(variable.type)
    ports = [p for p in function.parameters if names_axis(p.type) and is_stream(p.type)]
    return is_plain and not is_stream(variable.type) and bool(ports)


RULE = Rule(
    _NAME,
    "hls::axis is what ports carry, and the one word that their process reads or writes.",
    "The protocol is of the top level's ports only: inside, streams, arrays and "
    "arguments of it are refused, or make other hardware.",
    _REMEDY,
    "UG1399, AXI4-Stream Interfaces",
    _check,
)
