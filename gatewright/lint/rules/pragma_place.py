"""Pragmas stand where Vitis HLS looks for them."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.pragmas.table import DIRECTIVES, Where
from gatewright.lint.source.scopes import Braces
from gatewright.lint.view import View

_NAME = "pragma-place"
_REMEDY = "Move it into the braces that it is about, as their first lines."
_MAY = {
    Where.FUNCTION: {Braces.FUNCTION},
    Where.LOOP: {Braces.LOOP},
    Where.FUNCTION_OR_LOOP: {Braces.FUNCTION, Braces.LOOP},
    Where.BLOCK: {Braces.LOOP, Braces.BLOCK},
    Where.ANYWHERE: {Braces.FUNCTION, Braces.LOOP, Braces.BLOCK},
}
_STANDS = {
    Braces.FUNCTION: "it stands directly in a function",
    Braces.LOOP: "it stands directly in a loop",
    Braces.BLOCK: "it stands in braces that are neither a function's nor a loop's",
    Braces.NONE: "it stands between a loop or condition and its statement, or inside a statement",
    Braces.OUTSIDE: "it stands outside of functions",
}


def _check(view: View) -> Iterator[Finding]:
    for placed in view.placed:
        directive, pragma = DIRECTIVES.get(placed.pragma.directive), placed.pragma
        if directive is None or placed.scope.braces in _MAY[directive.where]:
            continue
        stands, may = _STANDS[placed.scope.braces], directive.where.value
        reason = f"{stands}, and {pragma.directive} acts {may}."
        yield Finding(_NAME, pragma.file, pragma.line, reason, _REMEDY)


RULE = Rule(
    _NAME,
    "Every pragma stands in the braces of what it is about.",
    "Elsewhere it is an error, is ignored, or acts on something else.",
    _REMEDY,
    "hls-llvm-project, ParseXlxPragma.cpp and DiagnosticHLSKinds.td",
    _check,
)
