"""Run the commands of a plan: one log each, and a line now and then for whoever waits."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gatewright.boards.plan import ToolRun
from gatewright.errors import GatewrightError
from gatewright.tools import check_room, started, stopped_after
from gatewright.tools.programs import Found, Program, find_program
from gatewright.tools.running import at_work

Progress = Callable[[str, str], None]
"""Called with the stage and a line that a tool just said."""

_LEVEL = re.compile(r"^Info: ")
_TELLING = re.compile(
    r"^(?:\d[\d.]*\. Executing |Info: (?!\[|\s|curr|Sink|Setup|Source)"
    r"|(?:INFO|WARNING|CRITICAL WARNING|ERROR): (?:\[|gatewright: ))"
)


class ToolError(Exception):
    """A tool left with an error.

    Args:
        command: What was run.
        said: Its own last words.
        log: All it said.
    """

    def __init__(self, command: ToolRun, said: str, log: str) -> None:
        super().__init__(f"{command.tool.name}: {said}")
        self.command = command
        self.said = said
        self.log = log


def run_command(command: ToolRun, folder: Path, progress: Progress) -> str:
    """Run one command of a plan.

    Args:
        command: What to run.
        folder: The plan's folder.
        progress: Hears of it.

    Returns:
        All that the tool said; it stands in the log too.

    Raises:
        GatewrightError: GW-801 if the tool is not there, GW-804 if it does not run, GW-805 if it
            does not end within its limit.
        ToolError: If it fails, or does not leave what it has to.
    """
    tool = find_program(command.tool)
    if command.gives:
        (folder / command.gives).unlink(missing_ok=True)  # of an earlier fold
    progress(command.stage, "")
    lines = []
    with _started(tool, command, folder) as process, (folder / command.log).open("w") as log:
        assert process.stdout is not None
        with stopped_after(process, command.limit) as late:
            for line in process.stdout:
                log.write(line)
                lines.append(line)
                if (now := at_work()) is not None:
                    now.hears(line)
                if _TELLING.match(line):
                    progress(command.stage, _LEVEL.sub("", line).strip())
            code = process.wait()
    said = "".join(lines)
    if code and late.is_set():
        raise _too_late(tool, command, folder)
    if code:
        raise ToolError(command, _ended(code, said), said)
    if command.gives and not (folder / command.gives).is_file():
        raise ToolError(command, f"it ended without an error, and without {command.gives}", said)
    return said


def run_all(commands: Iterable[ToolRun], folder: Path, progress: Progress) -> None:
    """Run commands of a plan, none of which may fail.

    Raises:
        GatewrightError: GW-801 if a tool is not there, GW-804 if one fails, GW-802 if it ran out
            of memory.
    """
    for command in commands:
        try:
            run_command(command, folder, progress)
        except ToolError as error:
            raise failed(error, folder) from error


@contextmanager
def _started(tool: Found, command: ToolRun, folder: Path) -> Iterator[subprocess.Popen[str]]:
    line = [*tool.command, *command.args]
    with ExitStack() as stack:
        try:
            program = started(
                line,
                folder / command.folder,
                {**os.environ, **command.environment},
                errors=subprocess.STDOUT,
                name=tool.program.name,
            )
            process = stack.enter_context(program)
        except OSError as error:
            raise GatewrightError(
                "GW-804",
                where=tool.origin,
                cause=f"it does not run: {error.strerror}.",
                remedy=_replace(tool.program),
            ) from error
        yield process


def _replace(program: Program) -> str:
    if program.named:
        return f"Correct the variable {program.variable}, or unset it."
    return f"Run {program.install}{f', or {program.choice}' if program.choice else ''}."


def _too_late(tool: Found, command: ToolRun, folder: Path) -> GatewrightError:
    set_first = "".join(f"{k}={shlex.quote(v)} " for k, v in command.environment.items())
    return GatewrightError(
        "GW-805",
        where=command.tool.name,
        cause=f"it did not end within {(command.limit or 0) / 60:g} minutes.",
        remedy="Run synth again with --resume and more --limit; or go on by hand: "
        f"cd {shlex.quote(str(folder / command.folder))} && "
        f"{set_first}{shlex.join([*tool.command, *command.args])}",
    )


def _ended(code: int, said: str) -> str:
    """Why a tool failed: a signal that ended it, or its own words."""
    if code < 0:
        words = last_words(said)
        return f"{signal.Signals(-code).name} ended it{f' after: {words}' if words else '.'}"
    return last_words(said) or f"exit code {code}"


def last_words(log: str) -> str:
    """The line in which a tool says why it failed, or the last that says anything."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(?i)(error|fatal)\b|.*: error:", line)]
    return (errors or lines or [""])[-1 if not errors else 0]


def failed(error: ToolError, folder: Path) -> GatewrightError:
    """GW-804 with the tool's own words; GW-802 where it ran out of memory.

    Raises:
        GatewrightError: GW-404 where it found no room on the disk.
    """
    check_room(error.log, folder)
    if "bad_alloc" in error.said:
        variable = error.command.tool.variable
        return GatewrightError(
            "GW-802",
            where=error.command.tool.name,
            cause="the design is too large for the WebAssembly of this tool, which has 4 GB of "
            f"memory ({error.said}).",
            remedy="Take a model with fewer units or bits; or a tool that may use more memory: "
            f"install one of your own and name it in {variable}.",
        )
    return GatewrightError(
        "GW-804",
        where=error.command.tool.name,
        cause=error.said,
        remedy=f"All it said is in {folder / error.command.log}; if the design came from compile, "
        "report it with that file.",
    )
