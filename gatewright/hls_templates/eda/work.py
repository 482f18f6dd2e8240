"""Folders that tools work in: gone when they are done, one of them kept where a tool refused."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gatewright.errors import GatewrightError

REFUSED = "refused"


@contextmanager
def work_folder(cache: Path) -> Iterator[Path]:
    """A new folder in ``cache``, removed at the end.

    What a tool refused becomes ``cache/refused``, to run the tool again by hand, in place of the
    one before; its error then names that folder.
    """
    cache.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="work-", dir=cache))
    try:
        yield work
    except GatewrightError as error:
        raise _moved(error, str(work), str(_keep(work))) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _keep(work: Path) -> Path:
    """Where it went, which is nowhere if another process has just kept its own."""
    kept = work.with_name(REFUSED)
    shutil.rmtree(kept, ignore_errors=True)
    with suppress(OSError):
        work.replace(kept)
    return kept


def _moved(error: GatewrightError, old: str, new: str) -> GatewrightError:
    where, cause, remedy = (
        text.replace(old, new) for text in (error.where, error.cause, error.remedy)
    )
    return GatewrightError(error.code, where=where, cause=cause, remedy=remedy)
