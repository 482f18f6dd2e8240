"""Build folders: written beside and renamed, so that there is a whole one or none."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gatewright.errors import GatewrightError

MANIFEST = "gatewright.json"


def check_target(folder: Path) -> None:
    """Refuse to write over anything that is not a build of ours.

    Raises:
        GatewrightError: GW-401.
    """
    if not folder.exists() and not folder.is_symlink():
        return
    ours = folder.is_dir() and ((folder / MANIFEST).is_file() or not any(folder.iterdir()))
    if not ours:
        raise GatewrightError(
            "GW-401",
            where=str(folder),
            cause="it exists and holds other things.",
            remedy="Name a new folder, or empty this one yourself.",
        )


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A new folder beside ``folder`` that takes its place when the block ends well."""
    check_target(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    previous = folder.with_name(f".{folder.name}.{os.getpid()}.previous")
    try:
        partial.mkdir()
        yield partial
        if folder.exists():
            folder.rename(previous)
        try:
            partial.rename(folder)
        except OSError:
            if previous.exists():
                previous.rename(folder)
            raise
    finally:
        for leftover in (partial, previous):
            shutil.rmtree(leftover, ignore_errors=True)


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the manifest: facts about the build, and a digest of each file."""
    files = {
        path.relative_to(folder).as_posix(): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    text = json.dumps({**facts, "files": files}, indent=2, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest and check that every file is there.

    Raises:
        GatewrightError: GW-402.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        missing = [name for name in manifest["files"] if not (folder / name).is_file()]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GatewrightError(
            "GW-402",
            where=str(folder),
            cause=f"its {MANIFEST} cannot be read ({type(error).__name__}).",
            remedy="Compile the model again.",
        ) from error
    if missing:
        raise GatewrightError(
            "GW-402",
            where=str(folder),
            cause=f"{missing[0]} is missing.",
            remedy="Compile the model again.",
        )
    return manifest


def changed_files(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Files whose contents are no longer what ``compile`` wrote."""
    return [name for name, digest in manifest["files"].items() if _digest(folder / name) != digest]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
