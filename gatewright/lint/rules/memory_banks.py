"""Each access of a partitioned memory is to a bank that is known before run time."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.view import View

_NAME = "memory-banks"
_REMEDY = (
    "Index the partitioned dimension by a constant or a loop that is unrolled, and the others at "
    "run time."
)


def _check(view: View) -> Iterator[Finding]:
    for pipeline in view.pipelines:
        for use in pipeline.measured.uses:
            for access in use.unknown:
                reason = (
                    f"{pipeline.kernel}: which of the {use.array.banks} banks of {use.array.name} "
                    "this is, is known at run time only."
                )
                place = pipeline.place(access.made.debug)
                yield Finding(_NAME, place.file, place.line, reason, _REMEDY)


RULE = Rule(
    _NAME,
    "In a pipeline the bank of each access to a partitioned memory is known before run time.",
    "An access that may be to any bank takes a port of each, and a multiplexer of all; what "
    "dependence says of a distance is then said of one memory.",
    _REMEDY,
    "UG1399, pragma HLS array_partition; Optimizing Techniques, Array Partitioning",
    _check,
)
