"""A command that is told to end takes its tools with it, and what it had begun."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest
from forked import forked
from made import Made

import gatewright
from gatewright.cli.commands import main
from gatewright.tools import started

pytestmark = pytest.mark.slow

PACKAGE = Path(gatewright.__file__).parent
TOOL = """#!/bin/sh
case "$*" in *version*|*-V*) echo a tool of version 1; exit;; esac
sleep 600 &
echo $$ $! > {noted}.part
mv {noted}.part {noted}
wait
"""
COMMANDS = {
    "csim": ("CXX", ("simulate", "{build}", "{x}", "--level", "csim")),
    "cxxrtl": ("YOSYS", ("simulate", "{build}", "{x}", "--level", "cxxrtl")),
    "synth": ("YOSYS", ("synth", "{build}", "--board", "icebreaker")),
}
"""The variable that names a tool, and a command that runs it."""


def lives(pid: int) -> bool:
    """Whether a process is at work, rather than gone or waiting to be buried."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return said.rpartition(")")[2].split()[0] != "Z"


def noted(path: Path) -> list[int]:
    """The numbers of a tool and of what it started."""
    end = monotonic() + 60
    while not path.exists():
        assert monotonic() < end, "the tool was never run"
        sleep(0.01)
    return [int(pid) for pid in path.read_text().split()]


def all_end(pids: list[int]) -> bool:
    end = monotonic() + 10
    while any(map(lives, pids)) and monotonic() < end:
        sleep(0.01)
    return not any(map(lives, pids))


def tool(folder: Path) -> Path:
    """A tool that starts another, and never ends."""
    path = folder / "tool"
    path.write_text(TOOL.format(noted=folder / "pids"))
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("name", COMMANDS)
def test_its_tools_end_with_it(
    name: str,
    number: signal.Signals,
    pair: tuple[Made, Made],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    variable, command = COMMANDS[name]
    build, x = tmp_path / "build", tmp_path / "x.npy"
    gatewright.compile(pair[0].model, output_dir=build)
    np.save(x, np.zeros((1, 3, 2), np.float32))
    monkeypatch.setenv(variable, str(tool(tmp_path)))
    monkeypatch.setenv("GATEWRIGHT_CACHE", str(tmp_path / "cache"))
    child = forked(lambda: main([part.format(build=build, x=x) for part in command]))
    pids = noted(tmp_path / "pids")
    assert len(pids) == 2 and all(map(lives, pids))
    os.kill(child.pid, number)
    assert child.outcome() == f"SystemExit({128 + number})"
    assert all_end(pids)
    assert not list(build.rglob(".*"))


def test_a_tool_ends_with_the_block_that_it_runs_in(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), started([str(tool(tmp_path))], tmp_path):
        pids = noted(tmp_path / "pids")
        raise KeyboardInterrupt
    assert all_end(pids)


def test_a_signal_while_a_tool_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it runs already, and nobody has its number yet."""
    begin = subprocess.Popen.__init__

    def interrupted(self: subprocess.Popen[str], *args: object, **options: object) -> None:
        begin(self, *args, **options)  # type: ignore[arg-type]
        noted(tmp_path / "pids")
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(subprocess.Popen, "__init__", interrupted)
    with pytest.raises(KeyboardInterrupt), started([str(tool(tmp_path))], tmp_path):
        pytest.fail("it goes on")
    assert all_end(noted(tmp_path / "pids"))


def test_who_ignores_a_signal_goes_on(tmp_path: Path) -> None:
    """As nohup lets a program do."""

    def ignores() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        try:
            main(["--help"])
        finally:
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN

    assert forked(ignores).outcome() == "SystemExit(0)"


def test_programs_are_started_in_one_place() -> None:
    """Where they are sure to end."""
    calls = [
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        if any(call in path.read_text() for call in ("subprocess.run(", "subprocess.Popen("))
    ]
    assert calls == ["tools/child.py"]
