"""No dependence is stated to be farther than it is."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.llvm.distance import Distance
from gatewright.lint.view import View

_NAME = "true-distance"
_REMEDY = (
    "State the fewest passes between a write and a read of the same place, or make the schedule so "
    "that there are as many."
)


def _check(view: View) -> Iterator[Finding]:
    for pipeline in view.pipelines:
        for carried in pipeline.measured.carried:
            stated = [d for d in carried.array.dependences if d.carried and "raw" in d.directions]
            reason = _reason(carried.stated, carried.true) if stated else None
            if reason is not None:
                pragma = pipeline.pragmas[stated[-1].number]
                reason = f"{pipeline.kernel}: {carried.array.name}: {reason}"
                yield Finding(_NAME, pragma.file, pragma.line, reason, _REMEDY)


def _reason(stated: int, true: Distance) -> str | None:
    if not true.known:
        return "its addresses depend on data, or on what a call before has left."
    if true.passes is None or 0 < stated <= true.passes:
        return None
    said = f"a distance of {stated}" if stated else "no dependence"
    return f"{said} is stated, and a place is read {true.passes} passes after it was written."


RULE = Rule(
    _NAME,
    "No dependence is stated to be farther, in passes, than the addresses of the loop have it.",
    "Within the distance that is stated, the tool may read what is not written yet: the hardware "
    "then computes something else.",
    _REMEDY,
    "UG1399, pragma HLS dependence",
    _check,
)
