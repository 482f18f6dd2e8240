"""Which rows run: all, one, or a fifth, another one with each commit."""

from __future__ import annotations

from choices import choice
from commit_choice import commit
from matrix_run import ROWS

FIFTHS = 5
WISH = choice("matrix")


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


def in_turn(wish: str, head: str) -> list[int]:
    """Which of them run with every threshold kept too, which is slow: those wished for, or one."""
    rows = chosen(wish, head)
    return rows if wish else [rows[int(head[8:16] or "0", 16) % len(rows)]]


HEAD = commit()
CHOSEN = chosen(WISH, HEAD)
IN_TURN = in_turn(WISH, HEAD)
