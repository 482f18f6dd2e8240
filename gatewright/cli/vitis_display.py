"""What Vitis HLS reached, beside what was predicted, for a terminal."""

from __future__ import annotations

from rich.table import Table

from gatewright.boards.vitis.report import HlsReport
from gatewright.cli.display import OUT, plain

SHOWN = 10
"""The most that are shown of what the tool complained of; the log has all."""


def show_complaints(report: HlsReport) -> None:
    """What the tool complained of, the worst first, and pragmas that it did not take."""
    for line in report.messages[:SHOWN]:
        OUT.print(plain(line), highlight=False, soft_wrap=True)
    for line in report.not_taken:
        OUT.print(plain(f"Pragma not taken: {line}"), highlight=False, soft_wrap=True)


def show_vitis(report: HlsReport, mhz: float) -> None:
    """Intervals, cycles and the clock."""
    OUT.print(_kernels(report))
    for said in (_cycles(report), _clock(report, mhz)):
        OUT.print(plain(said), highlight=False)


def _kernels(report: HlsReport) -> Table:
    title = f"Vitis HLS {report.version}, cycles from pass to pass"
    table = Table(title=plain(title, "table.title"), title_justify="left")
    table.add_column("kernel")
    for heading in ("predicted", "reached", "cycles of a pass"):
        table.add_column(heading, justify="right")
    for kernel in report.kernels:
        style = None if kernel.interval == kernel.predicted_interval else "yellow"
        row = (kernel.predicted_interval, kernel.interval, kernel.depth)
        table.add_row(plain(kernel.name), *map(_figure, row), style=style)
    return table


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
