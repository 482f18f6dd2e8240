"""The manifest of a build: facts, and a digest of each file that tells what was changed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from gatewright.errors import DEFECT, GatewrightError
from gatewright.folder import MANIFEST, UNREADABLE

if TYPE_CHECKING:
    from gatewright.build import Build

P = ParamSpec("P")
R = TypeVar("R")

FACTS = ("gatewright", "multipliers", "requantizer", "board")
AGAIN = "Compile the model again."


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the manifest: facts about the build, and a digest of each file."""
    files = {
        path.relative_to(folder).as_posix(): digest_of(path)
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
        files: dict[str, str] = manifest["files"]
        missing = [name for name, digest in files.items() if not (folder / name).is_file()]
        _ = [manifest[fact] for fact in FACTS]
    except UNREADABLE as error:
        raise GatewrightError(
            "GW-402",
            where=str(folder),
            cause=f"its {MANIFEST} cannot be read ({type(error).__name__}).",
            remedy="Name the folder that compile wrote, or compile the model into a new one.",
        ) from error
    if missing:
        raise _damaged(folder, f"{missing[0]} is missing")
    return manifest


@contextmanager
def blaming_changes(folder: Path) -> Iterator[None]:
    """A block that fails because of a change to the build, where there was one.

    Raises:
        GatewrightError: GW-402 instead of anything that is not coded; what is called a defect of
            the kernels keeps its code.
    """
    try:
        yield
    except GatewrightError as error:
        changed = next(_changed(folder), None) if error.remedy == DEFECT else None
        if changed is None:
            raise
        raise GatewrightError(
            error.code,
            where=error.where,
            cause=error.cause,
            remedy=f"{folder / changed} is not what compile wrote. {AGAIN}",
        ) from error
    except Exception as error:
        check_unchanged(folder, error)
        raise


def check_unchanged(folder: Path, error: Exception) -> None:
    """Blame an error on a change to the build, if there was one.

    Raises:
        GatewrightError: GW-402.
    """
    for name in _changed(folder):
        what = f"it is not what compile wrote, and fails ({type(error).__name__}: {error})"
        raise _damaged(folder / name, what) from error


def blames_changes(
    method: Callable[Concatenate[Build, P], R],
) -> Callable[Concatenate[Build, P], R]:
    """A method of a build in ``blaming_changes``."""

    @wraps(method)
    def blaming(build: Build, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with blaming_changes(build.path):
            return method(build, *args, **kwargs)

    return blaming


def _changed(folder: Path) -> Iterator[str]:
    """Files of a build that are no longer what ``compile`` wrote."""
    for name, digest in read_manifest(folder)["files"].items():
        if digest_of(folder / name) != digest:
            yield name


def _damaged(path: Path, cause: str) -> GatewrightError:
    return GatewrightError("GW-402", where=str(path), cause=f"{cause}.", remedy=AGAIN)


def digest_of(path: Path) -> str:
    """What the manifest says of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
