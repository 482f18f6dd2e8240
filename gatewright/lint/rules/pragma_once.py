"""No two pragmas say the same, or another thing, of one subject."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.source.probes import BoundPragma
from gatewright.lint.source.registers import identity
from gatewright.lint.view import View

_NAME = "pragma-once"
_REMEDY = "Leave one of them."
_OF_BRACES = ("dataflow", "loop_flatten", "loop_tripcount", "pipeline", "unroll")
_OF_VARIABLES = (
    *("aggregate", "array_partition", "array_reshape", "bind_storage", "interface", "reset"),
    "stream",
)


def _check(view: View) -> Iterator[Finding]:
    for function in view.functions:
        first: dict[Any, BoundPragma] = {}
        for bound in view.bound[function]:
            for subject in _subjects(bound):
                before = first.setdefault(subject, bound)
                if before is not bound:
                    pragma, line = bound.placed.pragma, before.placed.pragma.line
                    reason = f"line {line} has {pragma.directive} of the same already."
                    yield Finding(_NAME, pragma.file, pragma.line, reason, _REMEDY)


def _subjects(bound: BoundPragma) -> Iterator[tuple[Any, ...]]:
    if bound.directive in _OF_BRACES:
        yield bound.directive, bound.placed.scope.key
    elif bound.directive in _OF_VARIABLES:
        dim = bound.values.get("dim", 1)
        for variables in bound.variables.values():
            yield from ((bound.directive, identity(variable), dim) for variable in variables)


RULE = Rule(
    _NAME,
    "A pragma is said once of a loop, or of a variable and dimension.",
    "One of two is ignored, and which one is not documented.",
    _REMEDY,
    "hls-llvm-project, DiagnosticHLSKinds.td: parameters and attributes that conflict",
    _check,
)
