"""Local arrays of structs are aggregated."""

from __future__ import annotations

from collections.abc import Iterator

from clang.cindex import CursorKind

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.source.parse import place
from gatewright.lint.source.registers import identity
from gatewright.lint.source.types import dimensions, element, is_struct
from gatewright.lint.view import View

_NAME = "struct-arrays"
_REMEDY = "Write #pragma HLS aggregate variable = NAME compact = bit."


def _check(view: View) -> Iterator[Finding]:
    for function in view.functions:
        named = {
            identity(variable): bound.options.get("compact", "auto")
            for bound in view.told(function, "aggregate")
            for variable in bound.variables.get("variable", ())
        }
        for variable, _ in function.of_kind(CursorKind.VAR_DECL):
            if not dimensions(variable.type) or not is_struct(element(variable.type)):
                continue
            compact = named.get((variable.hash,))
            if compact == "bit":
                continue
            held = element(variable.type).spelling
            reason = f"{variable.spelling} is an array of {held}, and would be taken apart."
            if compact is not None:
                reason = f"{variable.spelling} is aggregated with gaps: compact is {compact}."
            yield Finding(_NAME, *place(variable), reason, _REMEDY)


RULE = Rule(
    _NAME,
    "A local array of structs is aggregated, bit by bit.",
    "Vitis HLS takes it apart: a memory for each member, and for each element of an array in it.",
    _REMEDY,
    "UG1399, pragma HLS aggregate, and Structs",
    _check,
)
