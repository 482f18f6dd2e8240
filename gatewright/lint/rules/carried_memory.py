"""What consecutive passes read, change and write lies in registers."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.view import View

_NAME = "carried-memory"
_REMEDY = (
    "Partition it completely in all dimensions (array_partition complete dim = 0); or, where near "
    "passes never meet at one place, state dependence inter RAW distance = N true."
)


def _check(view: View) -> Iterator[Finding]:
    for pipeline in view.pipelines:
        for carried in pipeline.measured.carried:
            if carried.stated == 1 and carried.latency > 1:
                reason = (
                    f"{pipeline.kernel}: {carried.array.name} is a memory, and what a pass writes "
                    f"may be what the next one reads, {carried.latency} cycles later."
                )
                place = pipeline.place(carried.path[-1].debug)
                yield Finding(_NAME, place.file, place.line, reason, _REMEDY)


RULE = Rule(
    _NAME,
    "What a pass reads, changes and writes for the next one lies in registers.",
    "A memory gives what was written two or three cycles later: the interval is the latency of "
    "read, operation and write.",
    _REMEDY,
    "UG1399, Optimizing Techniques, Dependencies with Vitis HLS",
    _check,
)
