"""Commands that take long say what they are at, in a file too; stopped ones say what ran."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest
from made import Made

import gatewright
from gatewright.cli import progress
from gatewright.cli.progress import FIRST_SIGN, NEXT_SIGN, Doing
from gatewright.tools import child, ended, started
from gatewright.tools.running import at_work

ROOT = Path(__file__).parents[2]
TOOL = """#!/bin/sh
case "$*" in *version*|*-V*|*-dump*) echo a tool of version 1; exit;; esac
echo reading the sources
echo halfway '[bold]'
sleep 600
"""
COMMANDS = {
    "csim": ("CXX", "g++", "simulating csim", ("simulate", "{build}", "{x}")),
    "verify": ("CXX", "g++", "running csim", ("verify", "{build}", "--levels", "integer,csim")),
    "synth": ("YOSYS", "yosys", "elaborate", ("synth", "{build}", "--board", "icebreaker")),
}
"""The variable that names a tool, what it is called, the step, and a command that runs it."""


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """One that says two things and never ends."""
    path = tmp_path / "tool"
    path.write_text(TOOL)
    path.chmod(0o755)
    return path


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The time as steps see it, in its first element."""
    now = [100.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    yield now


def stopped(command: list[str], folder: Path, number: int, until: str) -> tuple[str, int, float]:
    """What a command writes to a file of errors, its exit code, and when it said ``until``."""
    log, begun = folder / "stderr", monotonic()
    with log.open("w") as errors:
        program = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "gatewright", *command],
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    try:
        while until not in log.read_text():
            assert program.poll() is None and monotonic() < begun + 120, log.read_text()
            sleep(0.05)
        said = monotonic() - begun
        program.send_signal(number)
        program.wait(60)
    finally:
        program.kill()
    return log.read_text(), program.returncode, said


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_it_is_told_in_a_file(
    name: str,
    pair: tuple[Made, Made],
    tool: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    variable, called, step, words = COMMANDS[name]
    build, x = tmp_path / "build", tmp_path / "x.npy"
    gatewright.compile(pair[0].model, output_dir=build)
    np.save(x, np.zeros((1, 3, 2), np.float32))
    monkeypatch.setenv(variable, str(tool))
    monkeypatch.setenv("GATEWRIGHT_CACHE", str(tmp_path / "cache"))
    command = [word.format(build=build, x=x) for word in words]
    step = step.replace("running", "compiling")
    text, code, _ = stopped(command, tmp_path, signal.SIGINT, "halfway")
    (told,) = (line for line in text.splitlines() if "halfway" in line and "running" not in line)
    assert told.startswith(f"  {step}, ") and told.endswith(" s: halfway [bold]")
    assert code == 130
    *_, aborted, at, tool_said = text.splitlines()
    assert aborted == "Aborted!" and at.startswith(f"  while {step}, ")
    assert tool_said.startswith("  running ") and tool_said.endswith(" s: halfway [bold]")
    assert called in tool_said or "tool" in tool_said


@pytest.mark.slow
def test_who_is_told_to_end_says_it_too(
    pair: tuple[Made, Made], tool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, x = tmp_path / "build", tmp_path / "x.npy"
    gatewright.compile(pair[0].model, output_dir=build)
    np.save(x, np.zeros((1, 3, 2), np.float32))
    monkeypatch.setenv("CXX", str(tool))
    monkeypatch.setenv("GATEWRIGHT_CACHE", str(tmp_path / "cache"))
    command = ["simulate", str(build), str(x)]
    text, code, _ = stopped(command, tmp_path, signal.SIGTERM, "halfway")
    assert code == 128 + signal.SIGTERM
    assert text.splitlines()[-2].startswith("  while simulating csim, ")


def test_a_line_now_and_then(clock: list[float]) -> None:
    """After five seconds, then each half minute; a step that is new has its own five."""
    step, told = Doing("one"), []
    for second in range(120):
        clock[0] = 100.0 + second
        if second == 50:
            step.begin("two")
        if step.is_due():
            told.append((second, step.name))
    assert (FIRST_SIGN, NEXT_SIGN) == (5, 30)
    assert told == [(5, "one"), (35, "one"), (55, "two"), (85, "two"), (115, "two")]


def test_steps_that_take_turns_are_told(clock: list[float]) -> None:
    """Though none of them takes five seconds; and no more often than others."""
    step, told = Doing("running a"), []
    for second in range(100):
        clock[0] = 100.0 + second
        step.begin(("running a", "running b")[second % 2])
        if step.is_due():
            told.append(second)
    assert told == [5, 35, 65, 95]


def test_the_line_of_a_step(clock: list[float], tmp_path: Path) -> None:
    step = Doing("elaborate")
    clock[0] += 12.4
    assert step.line() == str(step) == "elaborate, 12 s"
    with started(["sh", "-c", "sleep 60"], tmp_path, name="yosys"):
        now = at_work()
        assert now is not None
        now.hears("first\nlast\n\n")
        assert step.line() == "elaborate, 12 s; yosys, 0 s: last"
    assert at_work() is None and step.line() == "elaborate, 12 s"


def test_what_a_tool_says_is_all_heard(tmp_path: Path) -> None:
    """Of both pipes, more than they hold, and bytes that are no text."""
    script = "head -c 300000 /dev/zero | tr '\\0' a; printf '\\377\\r\\n'; echo bad >&2; exit 3"
    done = ended(["sh", "-c", script], tmp_path)
    assert done.stdout == "a" * 300000 + "\ufffd\n"
    assert (done.stderr, done.returncode) == ("bad\n", 3)


def test_what_it_says_is_heard_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    hears = child.at_work

    def noted() -> Any:
        now = hears()
        assert now is not None
        heard.append(now.said)
        return now

    monkeypatch.setattr(child, "at_work", noted)
    ended(["sh", "-c", "echo one; sleep 0.3; echo two"], tmp_path)
    assert heard == ["", "one"]


def test_a_tool_is_named_by_whoever_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt) as caught, started(["sleep", "60"], tmp_path):
        raise KeyboardInterrupt
    assert caught.value.__notes__ == ["running sleep, 0 s"]
    with pytest.raises(ValueError) as other, started(["sleep", "60"], tmp_path):
        raise ValueError
    assert not hasattr(other.value, "__notes__")
