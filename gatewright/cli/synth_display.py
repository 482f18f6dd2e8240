"""Tables and progress of ``gatewright synth``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from rich.table import Table

from gatewright.boards import SynthReport
from gatewright.boards.folding import UNITS
from gatewright.boards.report import Attempt
from gatewright.boards.timing import Hop
from gatewright.cli.display import ERR, OUT, near, plain
from gatewright.cli.vitis_display import show_complaints, show_vitis
from gatewright.cli.vivado_display import show_vivado

AT_ONCE = ("ERROR: ", "CRITICAL WARNING: ")
"""How a line begins that is shown as it comes, and stays."""


@contextmanager
def synthesizing(quiet: bool) -> Iterator[Callable[[str, str], None]]:
    """Name each stage with the seconds it took; show what the tool at work says."""
    if quiet:
        yield lambda stage, line: None
        return
    began: list[tuple[str, float]] = []

    def finish() -> None:
        if began:
            stage, start = began[-1]
            ERR.print(plain(f"  {stage:<66} {perf_counter() - start:6.2f} s"), highlight=False)

    with ERR.status("synthesizing") as status:

        def report(stage: str, line: str) -> None:
            if not began or began[-1][0] != stage:
                finish()
                began.append((stage, perf_counter()))
            if line.startswith(AT_ONCE):
                ERR.print(plain(line), highlight=False)
            status.update(plain(f"{stage}: {line}"[: ERR.width - 4]))

        yield report
        finish()


def show_synth(report: SynthReport, folder: Path) -> None:
    """Resources, clock and speed of what was made in a folder."""
    if report.hls is not None:
        show_complaints(report.hls)
    title = f"{report.title} ({report.device}), at most {report.multipliers} multipliers"
    table = Table(title=plain(title, "table.title"), title_justify="left")
    table.add_column("resource")
    for heading in ("used", "of", "share"):
        table.add_column(heading, justify="right")
    for name, usage in report.usage.items():
        table.add_row(UNITS[name], f"{usage.used:,}", f"{usage.available:,}", usage.percent)
    for attempt in report.attempts[:-1]:
        OUT.print(_rejected(attempt), highlight=False)
    OUT.print(table)
    if report.timing is not None:
        OUT.print(
            f"Clock: {report.clock_mhz:.6g} MHz; nextpnr reports {report.timing.fmax_mhz:.2f} MHz "
            f"(seed {report.seed}).",
            highlight=False,
        )
        OUT.print(plain(f"Slowest path: {_path(report.timing.path)}"), highlight=False)
    OUT.print(
        f"Predicted: {report.cycles:,} cycles for a sequence of {report.steps} steps, "
        f"{report.microseconds:.2f} us at {report.clock_mhz:.6g} MHz: "
        f"{report.per_second:,.0f} inferences/s.",
        highlight=False,
    )
    if report.hls is not None:
        show_vitis(report.hls, report.clock_mhz)
    if report.note:
        OUT.print(plain(report.note), highlight=False)
    if report.commands:
        where = f"To run, in {near(folder)} or a copy of it where the tool is:"
        OUT.print(plain(where), highlight=False, soft_wrap=True)
    for line in report.commands:
        OUT.print(plain(f"  {line}"), highlight=False, soft_wrap=True)
    if report.vivado is not None:
        show_vivado(report.vivado)
    if report.bitstream and report.load:
        for line in (f"Load it with: {report.load}", f"in {near(folder)}"):
            OUT.print(plain(line), highlight=False, soft_wrap=True)


def _rejected(attempt: Attempt) -> str:
    name, usage = attempt.worst()
    share = f"{usage.share:.0%} of the {UNITS[name]}"
    return f"{attempt.multipliers} multipliers do not fit: {share}."


def _path(path: tuple[Hop, ...]) -> str:
    return " -> ".join(f"{hop.name} ({hop.ns:.1f} ns)" for hop in path)
