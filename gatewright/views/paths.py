"""Paths as they are shown."""

from __future__ import annotations

from pathlib import Path


def near(path: Path) -> Path:
    """Where it lies seen from the working folder, if it lies below that."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
