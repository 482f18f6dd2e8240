"""Which rows run: all, one, or a fifth, another one with each commit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from matrix_run import ROWS

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
