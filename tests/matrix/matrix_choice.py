"""Which rows run: all, one, or a fifth, another one with each commit."""

from __future__ import annotations

import os

from commit_choice import commit
from matrix_run import ROWS

FIFTHS = 5


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
