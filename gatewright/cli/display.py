"""What the command line shows: results, errors and warnings."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, TextIO, cast

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gatewright.builds.check import Change, Checked
from gatewright.builds.opened import ChangedBuildWarning
from gatewright.cli.doctor import Entry
from gatewright.errors import GatewrightError, escaped
from gatewright.frontend.torch.traps import Trap
from gatewright.levels.rtl import Stats
from gatewright.verify.verify import UnsavedReportWarning
from gatewright.views import Shown, ShownLine, ShownTable, Tone, near

# No word between colons is a picture: paths and names of models may hold any.
OUT = Console(emoji=False)
ERR = Console(stderr=True, emoji=False)

OUR_WARNINGS = (ChangedBuildWarning, UnsavedReportWarning)
STYLES: dict[Tone, str] = {"": "", "good": "green", "warn": "yellow", "bad": "red"}
FACTS = ("where", "cause", "remedy")
FINDINGS = 50
"""Lines of what differs in a build; the rest is counted."""


class OutputError(Exception):
    """What is printed reaches nobody: a full disk behind a redirection, for example."""


class _Output:
    """A stream whose errors are told from those of files; a closed pipe is not one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with self._told():
            return self._stream.write(text)

    def flush(self) -> None:
        with self._told():
            self._stream.flush()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(error.strerror) from error

    def end(self) -> None:
        """Write what is left; where that fails, drop it: Python would try again at its end."""
        try:
            self.flush()
        except (BrokenPipeError, OutputError) as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            if isinstance(error, OutputError):
                raise


@contextmanager
def telling_output() -> Iterator[None]:
    """A program that ends with a line on stderr and exit code 2 where it cannot print."""
    if sys.stdout is None:
        yield
        return
    output = _Output(sys.stdout)
    try:
        with redirect_stdout(cast(TextIO, output)):
            try:
                yield
            finally:
                output.end()
    except OutputError as error:
        ERR.print(plain(f"Error: the output cannot be written: {error}."), soft_wrap=True)
        raise SystemExit(2) from error


def plain(text: object, style: str = "") -> Text:
    """A line of text of users or builds: no markup, and what terminals obey or lack is escaped."""
    return Text(escaped(str(text)), style)


def say(line: str) -> None:
    """What comes next, and why."""
    ERR.print(plain(line), highlight=False)


def show_checked(checked: Checked) -> None:
    """A build that is what it should be, and what of it nobody has looked at."""
    count = len(checked.emitted)
    OUT.print(plain(near(checked.path)), ": as compile emits it", sep="", soft_wrap=True)
    OUT.print(f"  {count} files emitted again, the same byte for byte", highlight=False)
    for name in checked.by_digest:
        OUT.print(plain(f"  {name}: held against its digest only"), soft_wrap=True)
    if checked.no_part:
        names = ", ".join(checked.no_part)
        OUT.print(plain(f"  no part of the build, not looked at: {names}"), soft_wrap=True)


def show_findings(findings: Sequence[Change]) -> None:
    """What of a build is not as compile emits it, a finding a line."""
    for finding in findings[:FINDINGS]:
        OUT.print(plain(f"  {finding}"), soft_wrap=True)
    if len(findings) > FINDINGS:
        OUT.print(f"  and {len(findings) - FINDINGS:,} more", highlight=False)


def show_error(error: GatewrightError) -> None:
    """A coded error, a fact a line; long lines are left to the terminal, so that paths copy.

    What else keeps the model from compiling follows, in its order.
    """
    for each in (error, *error.others):
        facts = each.as_dict()
        ERR.print(f"[bold red]{each.code}[/] [bold]{facts['title']}[/]", highlight=False)
        for name in FACTS:
            label = f"{name.capitalize()}:"
            ERR.print(plain(f"  {label:<8}{facts[name]}"), soft_wrap=True)


def show_stopped(stopped: BaseException) -> None:
    """What was running when a signal came, the tool last."""
    for note in reversed(getattr(stopped, "__notes__", ())):
        ERR.print(plain(f"  {note}"), highlight=False, soft_wrap=True)


@contextmanager
def showing_warnings() -> Iterator[None]:
    """Our own warnings in a line each; those of other packages as Python writes them."""
    show = warnings.showwarning

    def show_ours(
        message: Warning | str, category: type[Warning], *where: Any, **more: Any
    ) -> None:
        if issubclass(category, OUR_WARNINGS):
            ERR.print(Text("warning: ", "yellow") + plain(message), soft_wrap=True)
        else:
            show(message, category, *where, **more)

    with warnings.catch_warnings():
        for ours in OUR_WARNINGS:
            warnings.simplefilter("always", ours)
        warnings.showwarning = show_ours
        yield


def show_traps(model: str, traps: Sequence[Trap]) -> None:
    """What doctor found in a model, a fact a line."""
    if not traps:
        OUT.print(plain(f"{model}: no trap found."))
    for trap in traps:
        OUT.print(plain(f"{trap.name}{' (does not compile)' if trap.fatal else ''}", "bold"))
        for label, fact in (("Where", trap.where), ("What", trap.what), ("Remedy", trap.remedy)):
            OUT.print(plain(f"  {label + ':':<8}{fact}"), soft_wrap=True)


def show_arrays(arrays: Mapping[str, Any], written: Path | None) -> None:
    """Results in short, or where they were written."""
    for name, array in arrays.items():
        if written is not None:
            OUT.print(plain(f"{written}: {name} {list(array.shape)} {array.dtype}"))
        elif len(arrays) == 1:
            OUT.print(np.array2string(array, threshold=200), markup=False, highlight=False)
        else:
            OUT.print(plain(f"{name}:"), highlight=False)
            OUT.print(np.array2string(array, threshold=200), markup=False, highlight=False)


def show_on_host(functions: Mapping[str, str]) -> None:
    """What of the outputs is no kernel's work, by their names."""
    for name, function in functions.items():
        end = "is applied on the host, in float; --raw shows what the kernels give."
        OUT.print(plain(f"{name}: {function} {end}"), highlight=False, soft_wrap=True)


def show_stats(stats: Stats) -> None:
    """Clock cycles."""
    cycles = stats.cycles_per_sequence
    low, high = int(cycles.min()), int(cycles.max())
    span = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    OUT.print(f"{span} cycles a sequence, {stats.cycles_per_step:,.1f} a step.", highlight=False)


def show(view: Shown) -> None:
    """What a result says of itself; long lines are left to the terminal, so that paths copy."""
    for part in view.parts:
        if isinstance(part, ShownTable):
            OUT.print(_table(part))
        else:
            OUT.print(_line(part), highlight=False, soft_wrap=True)


def _line(line: ShownLine) -> Text:
    rest = line.text.removeprefix(line.word)
    return plain(line.word, f"bold {STYLES[line.tone]}" if line.tone else "") + plain(rest)


def _table(table: ShownTable) -> Table:
    shown = Table(title=plain(table.title, "table.title"), title_justify="left")
    for column, heading in enumerate(table.headings):
        shown.add_column(heading, justify="left" if column < table.names else "right")
    for number, (*others, last) in enumerate(table.rows):
        shown.add_row(*map(plain, others), plain(last, STYLES[table.tone(number)]))
    return shown


def show_tools(tools: list[Entry]) -> None:
    """The report of ``doctor``."""
    table = Table(title="Tools", title_justify="left")
    for heading in ("tool", "found", "what for"):
        table.add_column(heading, no_wrap=heading == "tool")
    for tool in tools:
        missing = "[bold red]missing[/]" if tool.needed else "[dim]not found[/]"
        found = (
            plain(tool.found or "")
            if tool.found
            else plain(tool.problem, "red" if tool.needed else "dim")
        )
        table.add_row(tool.name, found if found.plain else missing, tool.enables)
    OUT.print(table)
    needed = [tool.name for tool in tools if tool.needed and tool.found is None]
    if needed:
        OUT.print(f"[bold red]Missing[/]: compile or verify needs {', '.join(needed)}.")
    else:
        OUT.print("Everything that compile and verify need is here.", highlight=False)
