"""Loops inside of a pipeline are unrolled."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.view import View

_NAME = "unrolled-loops"
_REMEDY = (
    "Let it run to a constant, and leave out by a condition inside what is too much; or make one "
    "pipeline of both loops."
)


def _check(view: View) -> Iterator[Finding]:
    for pipeline in view.pipelines:
        for place in pipeline.inside:
            reason = (
                f"{pipeline.kernel}: the number of passes of this loop is not constant, "
                "or too large."
            )
            yield Finding(_NAME, place.file, place.line, reason, _REMEDY)


RULE = Rule(
    _NAME,
    "Every loop inside of a pipeline has a constant number of passes, and so is unrolled.",
    "A loop that cannot be unrolled stays a loop: the one around it is then no pipeline, and its "
    "pass takes as long as all of it.",
    _REMEDY,
    "UG1399, pragma HLS pipeline; UG1448, HLS 200-960",
    _check,
)
