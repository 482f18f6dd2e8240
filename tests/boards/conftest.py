"""What yosys makes of a design, it makes once for all tests that ask for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gatewright.boards import run
from gatewright.boards.plan import ToolRun
from gatewright.boards.run import Progress, run_command
from gatewright.tools import Cached
from gatewright.tools.cache import contents, names_below
from gatewright.tools.programs import YOSYS, find_program

MADE = "made.json"
READ = (".ys", ".il", ".sv", ".v", ".hex", ".f")
"""How the names of files end that yosys reads in a plan's folder."""


@pytest.fixture
def yosys_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command of yosys that has run in this session, on the same files, is not run again."""
    monkeypatch.setattr(run, "run_command", once)


def once(command: ToolRun, folder: Path, progress: Progress) -> str:
    """``run_command``, or what it left and said when it ran before."""
    if command.tool is not YOSYS:
        return run_command(command, folder, progress)
    names = [name for name in names_below(folder) if name.endswith(READ)]
    read = contents({name: (folder / name).read_bytes() for name in names})
    heard: list[tuple[str, str]] = []

    def hear(stage: str, line: str) -> None:
        heard.append((stage, line))
        progress(stage, line)

    def make(work: Path) -> None:
        before = _written(folder)
        said = run_command(command, folder, hear)
        changed = [name for name, _ in _written(folder) - before]
        made = {name: (folder / name).read_text() for name in changed}
        (work / MADE).write_text(json.dumps([said, heard, made]))

    facts = [*find_program(YOSYS).command, *command.args, *read]
    (path,) = Cached("yosys", facts, [MADE], make).paths()
    said, lines, made = json.loads(path.read_text())
    if not heard:
        for name, text in made.items():
            (folder / name).write_text(text)
        for stage, line in lines:
            progress(stage, line)
    return str(said)


def _written(folder: Path) -> set[tuple[str, int]]:
    """Its files, and when each was written."""
    return {(name, (folder / name).stat().st_mtime_ns) for name in names_below(folder)}
