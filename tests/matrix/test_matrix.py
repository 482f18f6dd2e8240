"""The matrix: torch = traced = integer = standard = C-sim on every row, at T = 1, 2 and 17.

    GATEWRIGHT_MATRIX=all python -m pytest tests/matrix

runs all rows. Without the variable a fifth of them runs, another one with each commit;
GATEWRIGHT_MATRIX=3 runs that fifth, GATEWRIGHT_MATRIX=row:17 that row.
"""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from matrix_jit import JitProcess
from matrix_run import ROWS, describe, run

FIFTHS = 5


def commit() -> str:
    """The hash of the commit that is checked out; of an unpacked archive, nothing."""
    found = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip()


def chosen(wish: str, head: str) -> list[int]:
    """The rows to run.

    Args:
        wish: ``all``, the number of a fifth, ``row:N``, or nothing for the fifth of the commit.
        head: The commit's hash.
    """
    if wish == "all":
        return list(range(len(ROWS)))
    if wish.startswith("row:"):
        return [int(wish.removeprefix("row:"))]
    fifth = int(wish) if wish else int(head[:8] or "0", 16) % FIFTHS
    return list(range(fifth % FIFTHS, len(ROWS), FIFTHS))


CHOSEN = chosen(os.environ.get("GATEWRIGHT_MATRIX", ""), commit())


@pytest.fixture(scope="module")
def jit() -> Iterator[JitProcess]:
    process = JitProcess()
    yield process
    process.close()


@pytest.mark.parametrize("number", CHOSEN)
def test_every_level_agrees(
    number: int, tmp_path: Path, jit: JitProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    runner = jit.run if ROWS[number]["origin"] == "jit" else run
    try:
        boundary = runner(number, tmp_path)
    except BaseException:
        print(describe(number))  # pytest shows it with the failure
        raise
    if boundary:
        with capsys.disabled():
            print(f"\nrow {number}: {boundary} listed float32 boundary cases", end=" ")


def test_the_fifths_are_all_rows_once() -> None:
    fifths = [chosen(str(fifth), "") for fifth in range(FIFTHS)]
    assert sorted(itertools.chain(*fifths)) == chosen("all", "")
    assert max(map(len, fifths)) - min(map(len, fifths)) <= 1


def test_the_commit_decides_the_fifth() -> None:
    rotation = [chosen("", f"{number:08x}" + "0" * 32) for number in range(FIFTHS + 1)]
    assert rotation == [chosen(str(fifth % FIFTHS), "") for fifth in range(FIFTHS + 1)]
    assert chosen("", "") == chosen("0", "")
    assert chosen("row:3", "") == [3]
