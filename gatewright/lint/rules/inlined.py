"""Helper functions are inlined."""

from __future__ import annotations

from collections.abc import Iterator

from clang.cindex import TypeKind

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.source.functions import CppFunction
from gatewright.lint.view import View

_NAME = "inline"
_REMEDY = "Write #pragma HLS inline as the first line of the function."


def _check(view: View) -> Iterator[Finding]:
    for function in view.functions[1:]:
        inlined = [one for one in view.told(function, "inline") if "off" not in one.options]
        why = _why(view, function)
        if why and not inlined:
            yield Finding(_NAME, *function.place, f"{function.name} {why}.", _REMEDY)


def _why(view: View, function: CppFunction) -> str:
    if function.cursor.result_type.get_canonical().kind != TypeKind.VOID:
        return "returns a value or a reference, and is not inlined"
    if view.passes.has(function):
        return "is called in a pipeline, and is not inlined"
    return ""


RULE = Rule(
    _NAME,
    "A function that returns something, or is called in a pipeline, is inlined.",
    "Vitis HLS does not inline by itself all that Vivado HLS did (2023.2 does what lies in a "
    "pipeline of interval 1): what is not stays a module with a handshake, and pipelines wait.",
    _REMEDY,
    "UG1399, pragma HLS inline; UG1391, Vitis HLS Migration Guide",
    _check,
)
