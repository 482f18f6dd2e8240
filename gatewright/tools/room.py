"""Say that a disk is full where a tool met that: its own words are about something else."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from gatewright.errors import GatewrightError

SAID = re.compile(r"No space left|NoSpaceLeft|Disk quota exceeded|ENOSPC|EDQUOT")
"""What compilers, linkers, simulators and synthesis say, each in its own way."""
FULL = "GW-404"
SPARE = 1 << 16
"""Bytes that no tool could do with: one that does not look at what it wrote says nothing at all."""


def check_room(said: str, folder: Path) -> None:
    """Refuse to blame a tool that failed for want of room.

    Args:
        said: All that it said.
        folder: Where it wrote.

    Raises:
        GatewrightError: GW-404.
    """
    full = next((line.strip() for line in said.splitlines() if SAID.search(line)), None)
    if full is None and _free(folder) >= SPARE:
        return
    raise no_room(folder, f" ({full})" if full else "")


def no_room(folder: object, words: str = "") -> GatewrightError:
    """The error for a folder on a disk that is full."""
    return GatewrightError(
        FULL,
        where=str(folder),
        cause=f"No space left on device{words}.",
        remedy="Make room there and in the folder of temporary files "
        f"({tempfile.gettempdir()}), or name others in GATEWRIGHT_CACHE and TMPDIR.",
    )


def _free(folder: Path) -> int:
    try:
        disk = os.statvfs(folder)
    except OSError:  # it is gone, and not for want of room
        return SPARE
    return disk.f_bavail * disk.f_frsize if disk.f_blocks else SPARE  # some do not count
