"""Progress of ``gatewright synth``, and what it made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gatewright.boards import SynthReport
from gatewright.cli.display import ERR, plain, show
from gatewright.cli.progress import stages
from gatewright.views import near

AT_ONCE = ("ERROR: ", "CRITICAL WARNING: ")
"""How a line begins that is shown as it comes, and stays."""


@contextmanager
def synthesizing(quiet: bool) -> Iterator[Callable[[str, str], None]]:
    """Name each stage with the seconds it took; show at once what a tool takes for an error."""
    with stages("synthesizing", quiet) as begin:

        def report(stage: str, line: str) -> None:
            begin(stage)
            if line.startswith(AT_ONCE) and not quiet:
                ERR.print(plain(line), highlight=False)

        yield report


def show_synth(report: SynthReport, folder: Path) -> None:
    """Resources, clock and speed of what was made in a folder."""
    show(report.view_in(str(near(folder))))
