"""What Vitis HLS reached, beside what was predicted."""

from __future__ import annotations

from gatewright.boards.vitis.report import HlsReport
from gatewright.views import ShownLine, ShownTable

SHOWN = 10
"""The most that are shown of what the tool complained of; the log has all."""


def hls_complaints(report: HlsReport) -> tuple[ShownLine, ...]:
    """What the tool complained of, the worst first, and pragmas that it did not take."""
    not_taken = (f"Pragma not taken: {line}" for line in report.not_taken)
    return tuple(map(ShownLine, (*report.messages[:SHOWN], *not_taken)))


def hls_reached(report: HlsReport, mhz: float) -> tuple[ShownLine | ShownTable, ...]:
    """Intervals, cycles and the clock."""
    return (_kernels(report), ShownLine(_cycles(report)), ShownLine(_clock(report, mhz)))


def _kernels(report: HlsReport) -> ShownTable:
    return ShownTable(
        f"Vitis HLS {report.version}, cycles from pass to pass",
        ("kernel", "predicted", "reached", "cycles of a pass"),
        tuple(
            (k.name, *map(_figure, (k.predicted_interval, k.interval, k.depth)))
            for k in report.kernels
        ),
        tones=tuple("" if k.interval == k.predicted_interval else "warn" for k in report.kernels),
    )


def _cycles(report: HlsReport) -> str:
    predicted = f"{report.predicted_cycles:,} cycles predicted of {report.simulated_steps} steps"
    found = report.cosimulation
    if found is None:
        return f"{predicted}; not co-simulated."
    verdict = "every value equal" if found.passed else "it FAILED"
    low, mean, high = map(_figure, found.latency)
    return f"{predicted}; co-simulated {mean} ({low} to {high}), {verdict}."


def _clock(report: HlsReport, mhz: float) -> str:
    asked = f"Clock: {mhz:.6g} MHz asked for, {report.uncertainty_ns:g} ns of it left to routing"
    short = "" if report.estimated_ns <= report.target_ns else ", which misses it"
    estimate = f"{asked}; by C synthesis {1000 / report.estimated_ns:.2f} MHz{short}"
    found = report.implementation
    if found is None:
        return f"{estimate}."
    done = "placed and routed" if found.routed else "synthesized"
    verdict = "" if found.met else ", which misses it"
    return f"{estimate}; {done} {1000 / found.achieved_ns:.2f} MHz{verdict}."


def _figure(value: int | None) -> str:
    return "not told" if value is None else f"{value:,}"
