"""What lets tests draw another part with each commit."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from choices import choice

T = TypeVar("T")
U = TypeVar("U")


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


def drawn(cases: Iterable[T], parts: int, option: str) -> list[T]:
    """One in ``parts`` of some cases, others with each commit; all where an option says so.

    Args:
        cases: In their order.
        parts: How many commits see all of them.
        option: The name of the option of pytest.
    """
    first = int(commit()[:8] or "0", 16) % parts
    return list(cases) if choice(option) == "all" else list(cases)[first::parts]


def has_turn(parts: int, option: str) -> bool:
    """Whether a test that one commit in ``parts`` sees runs now; always where an option says so."""
    return bool(drawn(range(parts), parts, option)[0] == 0)


def crossed(rows: Iterable[T], columns: Sequence[U]) -> list[tuple[T, U]]:
    """Every pair; each row begins one column on, so that half of all has every row and column."""
    return [
        (row, columns[(first + i) % len(columns)])
        for first, row in enumerate(rows)
        for i in range(len(columns))
    ]
