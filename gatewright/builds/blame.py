"""What fails because of a change to a build is blamed on that change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from gatewright.builds.check import check
from gatewright.builds.documents import Documents
from gatewright.builds.manifest import damaged, read_manifest
from gatewright.errors import DEFECT, GatewrightError
from gatewright.files.reading import AGAIN, digest_of

P = ParamSpec("P")
R = TypeVar("R")
AnyBuild = TypeVar("AnyBuild", bound=Documents)


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
    """Blame an error on a change to the build, if there was one: also where digests hide it.

    Raises:
        GatewrightError: GW-402.
    """
    fails = f"and fails ({type(error).__name__}: {error})"
    for name in _changed(folder):
        raise damaged(folder / name, f"it is not what compile wrote, {fails}") from error
    try:
        check(folder)
    except GatewrightError as found:
        says = f"it is not what compile emits, {fails}: {found.cause.rstrip('.')}"
        raise damaged(folder, says) from error


def blames_changes(
    method: Callable[Concatenate[AnyBuild, P], R],
) -> Callable[Concatenate[AnyBuild, P], R]:
    """A method of a build in ``blaming_changes``."""

    @wraps(method)
    def blaming(build: AnyBuild, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with blaming_changes(build.path):
            return method(build, *args, **kwargs)

    return blaming


def _changed(folder: Path) -> Iterator[str]:
    """Files of a build that are no longer what ``compile`` wrote."""
    for name, digest in read_manifest(folder)["files"].items():
        if digest_of(folder, name) != digest:
            yield name
