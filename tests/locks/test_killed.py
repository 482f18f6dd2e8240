"""A compile that is killed, at any moment: the old build or the new one, and nothing in the way."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from time import sleep

import pytest
from choices import choice
from forked import forked, tree
from made import Made

import gatewright
from gatewright.files.beside import NEW, Beside

pytestmark = pytest.mark.slow

KILLS, SEED = choice("kills"), choice("first")
STEPS = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree", "fcntl.flock"}
"""What ``sys.audit`` calls the operations of a compile on its folder and the hidden one."""

Pair = tuple[Made, Made]


def compiles(made: Made, folder: Path) -> Callable[[], object]:
    return lambda: gatewright.compile(made.model, output_dir=folder)


def check_next(folder: Path, made: Made) -> None:
    """The next compile succeeds at once and leaves its build alone."""
    compiles(made, folder)()
    assert tree(folder) == made.files
    assert os.listdir(folder.parent) == [folder.name]


def check_whole(folder: Path, old: Made | None, new: Made) -> None:
    """What is there once somebody opens it."""
    if old is None and not folder.exists():
        return
    gatewright.Build(folder)
    assert tree(folder) in (new.files, *([old.files] if old else []))


@pytest.mark.parametrize("replaces", [False, True], ids=["new", "old"])
def test_at_any_time(
    replaces: bool, pair: Pair, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    rng = random.Random(f"{SEED} {replaces}")
    before = 0
    for i in range(KILLS // 2):
        folder = tmp_path / str(i) / "build"
        old, new = pair if i % 2 else reversed(pair)
        if replaces:
            compiles(old, folder)()
        child = forked(compiles(new, folder))
        sleep(rng.uniform(0, 1.1 * new.seconds))
        child.kill()
        child.outcome()
        before += Beside(folder).folder.exists()
        check_whole(folder, old if replaces else None, new)
        check_next(folder, old)
    record_property("killed compiles", KILLS // 2)
    record_property("hit before the rename", before)
    assert before


def killed_at(count: int, work: Callable[[], object]) -> str:
    """Do something in a child that is killed as it begins its so many-th step."""
    left = [count]

    def step(event: str, arguments: tuple[object, ...]) -> None:
        inside = f"{os.sep}{NEW}{os.sep}" in str(arguments[0])
        if event in STEPS and os.path.isabs(str(arguments[0])) and not inside:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def hooked() -> None:
        sys.addaudithook(step)
        work()

    return forked(hooked).outcome()


def test_at_every_step(pair: Pair, tmp_path: Path) -> None:
    """Before each operation on a folder, among them the one between the two renames."""
    old, new = pair
    between = count = 0
    said = "killed"
    while said == "killed":
        folder = tmp_path / str(count) / "build"
        compiles(old, folder)()
        said = killed_at(count, compiles(new, folder))
        between += Beside(folder).orphaned
        check_whole(folder, old, new)
        check_next(folder, old)
        count += 1
    assert said == "whole"
    assert between == 1
