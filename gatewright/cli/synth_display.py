"""Progress of ``gatewright synth``, and what it made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from gatewright.boards import SynthReport
from gatewright.cli.display import ERR, plain, show
from gatewright.views import near

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
    show(report.view_in(str(near(folder))))
