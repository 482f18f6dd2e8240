"""What tests plant in the files of an IP."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from choices import choice
from commit_choice import commit

T = TypeVar("T")
PARTS = 6
"""One in so many of what is drawn runs, another with each commit; all with ``--beats all``."""


def drawn(defects: Sequence[T]) -> list[T]:
    """Those that run."""
    parts = 1 if choice("beats") == "all" else PARTS
    return list(defects[int(commit()[:8] or "0", 16) % parts :: parts])


def change(path: Path, changes: Sequence[tuple[str, str]]) -> None:
    """Replace what stands there once."""
    text = path.read_text()
    for old, new in changes:
        assert text.count(old) == 1, f"{path.name} has {old!r} {text.count(old)} times"
        text = text.replace(old, new)
    path.write_text(text)


def complaint(said: str) -> str:
    """The check that a bench names at its end, else the module that complained; else nothing."""
    found = re.search(r"^FAIL (\w+):", said, re.MULTILINE)
    found = found or re.search(r"^ERROR: \S*?(\w+)_v\d+\.sv:", said, re.MULTILINE)
    return found[1] if found else ""
