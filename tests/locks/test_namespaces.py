"""Two containers that share a volume: in each the compile is process number 1."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from forked import forked, needs_namespaces, tree
from made import Made

import gatewright
from gatewright.files.beside import Beside

pytestmark = pytest.mark.slow


def compiles(
    made: Made, folder: Path, progress: Callable[[str], None] = lambda stage: None
) -> Callable[[], object]:
    return lambda: gatewright.compile(made.model, output_dir=folder, progress=progress)


def test_one_at_a_time(pair: tuple[Made, Made], tmp_path: Path) -> None:
    """The second comes while the first is at work, is told so, and takes nothing from it."""
    needs_namespaces()
    folder, (first, second) = tmp_path / "build", pair
    compiles(second, folder)()
    at_work, go_on = os.pipe(), os.pipe()

    def waits(stage: str) -> None:
        if stage == "write":
            os.write(at_work[1], b"!")
            os.read(go_on[0], 1)

    slow = forked(compiles(first, folder, waits), namespace=True)
    os.read(at_work[0], 1)
    assert forked(compiles(second, folder), namespace=True).outcome() == "GW-404"
    assert tree(folder) == second.files
    os.write(go_on[1], b"!")
    assert slow.outcome() == "whole"
    assert tree(folder) == first.files
    assert os.listdir(tmp_path) == ["build"]
    for end in (*at_work, *go_on):
        os.close(end)


def test_at_once(pair: tuple[Made, Made], tmp_path: Path) -> None:
    """Nobody waits for anybody: each ends right or coded, and the build is whole."""
    needs_namespaces()
    refused, gate = 0, os.pipe()

    def starts(made: Made, folder: Path) -> Callable[[], object]:
        return lambda: (os.read(gate[0], 1), compiles(made, folder)())

    for i in range(10):
        folder = tmp_path / str(i) / "build"
        children = [forked(starts(made, folder), namespace=True) for made in pair]
        os.write(gate[1], b"!!")
        ends = [child.outcome() for child in children]
        assert set(ends) <= {"whole", "GW-404"} and "whole" in ends
        refused += "GW-404" in ends
        assert tree(folder) in [made.files for made in pair]
        assert os.listdir(folder.parent) == ["build"]
    assert refused, "they never overlapped"
    for end in gate:
        os.close(end)


def test_killed_as_number_1(pair: tuple[Made, Made], tmp_path: Path) -> None:
    """The next container's number is 1 as well, and it succeeds at once."""
    needs_namespaces()
    folder, (made, _) = tmp_path / "build", pair
    at_work = os.pipe()

    def stops(stage: str) -> None:
        if stage == "write":
            os.write(at_work[1], b"!")
            signal.pause()

    child = forked(compiles(made, folder, stops), namespace=True)
    os.read(at_work[0], 1)
    child.kill()
    assert child.outcome() == "killed"
    assert os.listdir(tmp_path) == [Beside(folder).folder.name]
    assert forked(compiles(made, folder), namespace=True).outcome() == "whole"
    assert tree(folder) == made.files
    assert os.listdir(tmp_path) == ["build"]
    for end in at_work:
        os.close(end)
