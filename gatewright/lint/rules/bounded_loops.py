"""Loops in a pipeline end after a number of passes that is known."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.source.cursors import LOOPS
from gatewright.lint.source.parse import place
from gatewright.lint.view import View

_NAME = "bounded-loops"
_REMEDY = "Count to a constant, and leave out at run time what is too much, with a condition."


def _check(view: View) -> Iterator[Finding]:
    for node in view.passes.nodes:
        if node.kind in LOOPS and not view.statics.is_bounded(node):
            reason = "the loop lies in a pipeline, and how often it runs is known at run time only."
            yield Finding(_NAME, *place(node), reason, _REMEDY)


RULE = Rule(
    _NAME,
    "A loop in a pipeline runs a constant number of times.",
    "All loops in a pipeline are unrolled; one that cannot be keeps what is around it from being a "
    "pipeline at all.",
    _REMEDY,
    "UG1399, Pipelining Loops, and Unrolling Loops: variable loop bounds",
    _check,
)
