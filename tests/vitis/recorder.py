"""A Tcl interpreter that has the commands of Vitis HLS: it records calls, and refuses others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tcl_commands import COMMANDS
from tcl_model import Call, RefusedError, parse

tkinter = pytest.importorskip("tkinter", reason="needs tkinter, which is in Debian's python3-tk")

UNCERTAINTY = r"\d+(\.\d+)?%?"
# Tcl has no answer to an exception of Python: what is refused comes back as text.
WRAPPER = """
proc {name} args {{
  set refused [record {name} {{*}}$args]
  if {{$refused ne ""}} {{ error $refused }}
}}
"""
AROUND = """
rename puts puts_to
proc puts args { if {[llength $args] == 1} { say {*}$args } else { puts_to {*}$args } }
proc exit {{code 0}} { leave $code; return -level 2 }
proc unknown {name args} { error "invalid command name \\"$name\\"" }
"""


@dataclass
class Recorder:
    """Runs a script of commands.

    Attributes:
        does: What a command does besides being recorded, by its name.
        calls: What was called, in order.
        said: What the script printed, in lines.
        project: What is open.
        solution: What is open of it.
    """

    does: dict[str, Callable[[Recorder, Call], None]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    project: Path | None = None
    solution: Path | None = None

    def run(self, script: Path) -> int:
        """Source a script, as ``vitis_hls -f`` does; its exit code."""
        tcl = tkinter.Tcl()
        codes: list[int] = []
        tcl.createcommand("record", self._record)
        tcl.createcommand("say", self.say)
        tcl.createcommand("leave", lambda code: codes.append(int(code)))
        for name in COMMANDS:
            tcl.eval(WRAPPER.format(name=name))
        tcl.eval(AROUND)
        tcl.call("source", str(script))
        return codes[0] if codes else 0

    def say(self, line: str) -> None:
        """What the script prints."""
        self.said.append(line)

    def names(self) -> list[str]:
        """Of the commands that were called."""
        return [call.name for call in self.calls]

    def _record(self, name: str, *words: str) -> str:
        try:
            call = parse(COMMANDS[name], name, words)
            self._check(call)
            self._open(call)
            if call.name in self.does:
                self.does[call.name](self, call)
        except RefusedError as error:
            return f"{name}: {error}"
        self.calls.append(call)
        return ""

    def _check(self, call: Call) -> None:
        if call.name == "set_clock_uncertainty" and not re.fullmatch(
            UNCERTAINTY, call.arguments[0]
        ):
            raise RefusedError(f"{call.arguments[0]} is no uncertainty")
        needs = COMMANDS[call.name].needs
        if needs == "project" and self.project is None:
            raise RefusedError("no project is open")
        if needs == "solution" and self.solution is None:
            raise RefusedError("no solution is open")
        for path in paths(call):
            if not Path(path).is_absolute():
                raise RefusedError(f"{path} is relative")
            if call.name != "open_project" and not Path(path).exists():
                raise RefusedError(f"there is no {path}")

    def _open(self, call: Call) -> None:
        if call.name == "open_project":
            self.project, self.solution = Path(call.arguments[0]), None
        elif call.name == "open_solution":
            assert self.project is not None
            self.solution = self.project / call.arguments[0]
            self.solution.mkdir(parents=True, exist_ok=True)


def paths(call: Call) -> Iterator[str]:
    """Every path that a call names: a relative one is looked for in some other folder."""
    if call.name == "open_project":
        yield call.arguments[0]
    if call.name == "add_files":
        yield from call.arguments[0].split()
    yield from re.findall(r"-I\s*(\S+)", call.options.get("-cflags", ""))
    yield from call.options.get("-argv", "").split()
