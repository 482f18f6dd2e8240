"""What lets tests draw another part with each commit."""

from __future__ import annotations

import subprocess
from pathlib import Path


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
