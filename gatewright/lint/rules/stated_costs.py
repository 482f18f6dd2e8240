"""No pragma makes operators slower or fewer than the model of the interval takes them for."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.pragmas.parse import Pragma
from gatewright.lint.view import View

_NAME = "stated-costs"
_REMEDY = (
    "Leave it to the tool, and give compile --hls-depth the cycles from an h to the next that its "
    "report shows."
)
_DIRECTIVES = {
    "allocation": "operators are shared",
    "expression_balance": "sums are made no trees of",
    "latency": "a latency is asked for",
    "occurrence": "a part runs less often",
    "performance": "the tool chooses intervals",
    "protocol": "the order of accesses is kept",
}
_LATENCIES = ("bind_op", "bind_storage")


def _check(view: View) -> Iterator[Finding]:
    for pragma in view.pragmas:
        said = _said(pragma)
        if said:
            reason = f"{said}: the model of the interval does not know of it."
            yield Finding(_NAME, pragma.file, pragma.line, reason, _REMEDY)


def _said(pragma: Pragma) -> str:
    if pragma.directive in _LATENCIES and pragma.has("latency"):
        return f"{pragma.directive} states a latency of {pragma.value('latency')}"
    balanced = pragma.directive == "expression_balance" and not pragma.has("off")
    return "" if balanced else _DIRECTIVES.get(pragma.directive, "")


RULE = Rule(
    _NAME,
    "No pragma states a latency, shares operators, or keeps them in order.",
    "The interval of lint-hls and the cycles of 3_kernels.json are those of its table of delays; "
    "what makes an operator take longer, or fewer of them, makes both wrong.",
    _REMEDY,
    "UG1399, pragmas HLS allocation, bind_op, bind_storage, expression_balance, latency, "
    "occurrence, performance and protocol",
    _check,
)
