"""Run a tool in a folder, and report its own words where it fails."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gatewright.errors import GatewrightError
from gatewright.tools.child import ended
from gatewright.tools.room import check_room

# How a line of a log begins that says what is wrong.
COMPLAINTS = tuple(
    re.compile(rf"(^|\s|%)({word})\b", re.IGNORECASE) for word in ("error|fatal", "warning")
)
SUMMARY = "Exiting due to"
_MAX_CAUSE = 300


def which(name: str) -> str | None:
    """A program of the path, or at one, from whatever folder it is run."""
    path = shutil.which(name)
    return None if path is None else os.path.abspath(path)


def program_fact(path: str) -> str:
    """Which program it is: a script may become another one that says the same of itself."""
    real = os.path.realpath(path)
    try:
        found = os.stat(real)
    except OSError:  # running it says what is wrong
        return real
    return f"{real} {found.st_size} {found.st_mtime_ns}"


@dataclass(frozen=True)
class Tool:
    """A program, and what it needs around it.

    Attributes:
        name: As users know it.
        command: How to call it.
        version: What it says, or what its wheel says.
        environment: Variables to set for it.
        root: Folder with its run-time sources (headers of simulators), or None.
    """

    name: str
    command: tuple[str, ...]
    version: str
    environment: Mapping[str, str] = field(default_factory=dict)
    root: Path | None = None

    def facts(self) -> list[str]:
        """All of it that its results depend on."""
        variables = (f"{name}={value}" for name, value in self.environment.items())
        return [*self.command, program_fact(self.command[0]), self.version, *variables]


def run_tool(tool: Tool, arguments: Sequence[str], folder: Path) -> str:
    """Run a tool with ``folder`` as its working folder.

    Returns:
        What it printed.

    Raises:
        GatewrightError: GW-702 with the first complaint of the tool, if it fails or cannot run;
            GW-404 where it found no room.
    """
    command = [*tool.command, *arguments]
    try:
        result = ended(command, folder, {**os.environ, **tool.environment}, tool.name)
    except OSError as error:
        raise _failed(tool, command, folder, str(error)) from error
    if result.returncode != 0:
        check_room(result.stderr + result.stdout, folder)
        raise _failed(tool, command, folder, _complaint(result.stderr, result.stdout))
    return result.stdout


def program(name: str, path: str, root: Path) -> Tool:
    """A program of the path.

    Raises:
        GatewrightError: GW-702 if it does not run.
    """
    tool = Tool(name, (path,), "unknown", root=root)
    said = run_tool(tool, ["--version"], Path.cwd()).splitlines()
    return replace(tool, version=said[0] if said else "unknown")


def _complaint(*logs: str) -> str:
    """The first error; else the first warning, which stops a tool too; else the last line."""
    lines = [line.strip() for log in logs for line in log.splitlines() if line.strip()]
    for pattern in COMPLAINTS:
        for line in lines:
            if pattern.search(line) and SUMMARY not in line:
                return line
    return lines[-1] if lines else "it failed without a word."


def _failed(tool: Tool, command: Sequence[str], folder: Path, cause: str) -> GatewrightError:
    variables = "".join(f"{k}={shlex.quote(v)} " for k, v in tool.environment.items())
    return GatewrightError(
        "GW-702",
        where=tool.name,
        cause=cause[:_MAX_CAUSE],
        remedy=f"Run it by hand to see all: cd {shlex.quote(str(folder))} && "
        f"{variables}{shlex.join(command)}",
    )
