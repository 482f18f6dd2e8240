"""A pipeline can begin a pass as often as it says."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.view import View

_NAME = "interval"
_REMEDY = (
    "Shorten what lies between, or let more passes lie between: registers for what is used at "
    "once, sums before the one addition on a loop, a schedule of a larger depth."
)


_ASKED = "Ask for the interval that the schedule counts on, or compile again."


def _check(view: View) -> Iterator[Finding]:
    counted = {kernel.name: kernel.hls_interval for kernel in view.kernels.kernels}
    for pipeline in view.pipelines:
        measured, most = pipeline.measured, counted.get(pipeline.kernel, 1)
        if pipeline.asked > most:
            reason = (
                f"{pipeline.kernel}: an interval of {pipeline.asked} cycles is asked for, and "
                f"3_kernels.json counts on {most}."
            )
            yield Finding(_NAME, pipeline.pragma.file, pipeline.pragma.line, reason, _ASKED)
        if measured.interval > pipeline.asked:
            steps = [operator for operator in measured.limit if operator.delay]
            through = " > ".join(dict.fromkeys(operator.label for operator in steps))
            passes = f"{measured.distance} passes" if measured.distance > 1 else "one pass"
            reason = (
                f"{pipeline.kernel}: an interval of {measured.interval} cycles, {pipeline.asked} "
                f"asked for: {through} takes them, and {passes} later it is needed."
            )
            place = pipeline.place(steps[-1].debug)
            yield Finding(_NAME, place.file, place.line, reason, _REMEDY)


RULE = Rule(
    _NAME,
    "What waits for earlier passes allows the interval that a pipeline asks for.",
    "A pass begins when what it needs of those before is there: latency divided by distance, by "
    "the delay table, is the least interval there is.",
    _REMEDY,
    "UG1399, Optimizing Techniques, Managing Pipeline Dependencies",
    _check,
)
