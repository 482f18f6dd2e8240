"""The user's cache: what is compiled, each under a digest of all that makes it."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import FileLock, Timeout

from gatewright.errors import GatewrightError
from gatewright.tools.home import NAME, VARIABLE, cache_path
from gatewright.tools.machine import machine
from gatewright.tools.room import FULL, no_room

REFUSED = "refused"
"""The working folder of the tool that refused something last."""
_LOCK, DONE, WORK, DIGESTS = "lock", "done", "work-", "digests.json"
PRIVATE = 0o700
_REMEDY = f"Make it a folder that you may write, or name another in {VARIABLE}."


@dataclass(frozen=True)
class Cached:
    """Files that tools make, in the user's cache; made once, by one process, whole or not at all.

    Attributes:
        kind: Names them, for whoever looks into the cache.
        facts: All that makes them: contents, tools, versions, options. The machine is added, and
            the names.
        gives: Their names.
        make: Makes them in a folder of its own that is empty.
    """

    kind: str
    facts: Sequence[str]
    gives: Sequence[str]
    make: Callable[[Path], None]

    @property
    def name(self) -> str:
        """Its folder's in the cache."""
        return f"{self.kind}-{digest([*machine(), *self.facts, *self.gives])}"

    def folder(self) -> Path:
        """Where they are, made unless they are there: again, if the cache was cleared.

        Raises:
            GatewrightError: GW-404 if the cache cannot be written, GW-504 if others may write it,
                and those of ``make``.
        """
        kept = user_cache()
        entry = kept / self.name
        done = entry / DONE
        with coded(kept):
            if entry.exists():
                check_private(entry)
            if not self._whole(done):
                entry.mkdir(PRIVATE, exist_ok=True)
                with FileLock(entry / _LOCK):  # where another process makes them, wait for it
                    _sweep(entry)
                    if not self._whole(done):
                        self._make(entry, done)
                _sweep_others(kept, entry)
        return done

    def paths(self) -> list[Path]:
        """Each of them, as ``folder`` gives them."""
        folder = self.folder()
        return [folder / name for name in self.gives]

    def _whole(self, done: Path) -> bool:
        """Whether all is as it was made: what is damaged, as when power fails, is not to be run."""
        stamps = _stamps([done / name for name in (DIGESTS, *self.gives)])
        if stamps is None:
            return False
        if _SOUND.get(done) != stamps:
            if _digests(done, self.gives) != _noted(done):
                return False
            _SOUND[done] = stamps
        return True

    def _make(self, entry: Path, done: Path) -> None:
        with _work_folder(entry) as work:
            self.make(work)
            whole = work / DONE
            for name in self.gives:
                (whole / name).parent.mkdir(parents=True, exist_ok=True)
                (work / name).replace(whole / name)
            (whole / DIGESTS).write_text(json.dumps(_digests(whole, self.gives)))
            if done.exists():  # a part of it, of a cache that was cleared in part
                shutil.rmtree(done)
            whole.replace(done)


_SOUND: dict[Path, list[tuple[int, ...]]] = {}
"""Files that this process has found as they were made, by their folder: not read again unless they
change."""


def _stamps(paths: Sequence[Path]) -> list[tuple[int, ...]] | None:
    """Of files, unless one of them is none."""
    found = [path.stat() for path in paths if path.is_file()]
    if len(found) < len(paths):
        return None
    return [(s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino) for s in found]


def _digests(folder: Path, names: Sequence[str]) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def _noted(folder: Path) -> Any:
    """What was noted of them, or what is there instead."""
    try:
        return json.loads((folder / DIGESTS).read_bytes())
    except ValueError:
        return None


def user_cache() -> Path:
    """The folder of the cache, which nobody but the user may write: what is in it is run.

    Raises:
        GatewrightError: GW-404 if it cannot be made, GW-504 if others may write it.
    """
    with coded(NAME):
        folder = cache_path()
    with coded(folder):
        folder.mkdir(PRIVATE, parents=True, exist_ok=True)
        check_private(folder)
    return folder


def check_private(folder: Path) -> None:
    """Refuse a folder that anybody but the user may write.

    Raises:
        GatewrightError: GW-504.
    """
    found = folder.stat()
    others = stat.S_IMODE(found.st_mode) & (stat.S_IWGRP | stat.S_IWOTH)
    if found.st_uid != os.geteuid() or others:
        owner = "others may write it" if others else f"it belongs to user {found.st_uid}"
        raise GatewrightError(
            "GW-504",
            where=str(folder),
            cause=f"{owner}, and what is in it is run.",
            remedy=f"Delete it, or run chmod go-w on it if you know what is in it; or name another "
            f"cache in {VARIABLE}.",
        )


def digest(facts: Sequence[str]) -> str:
    """Of texts, as a file name."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def contents(files: Mapping[str, bytes]) -> list[str]:
    """Files as facts."""
    return [f"{name} {hashlib.sha256(files[name]).hexdigest()}" for name in sorted(files)]


@cache
def header_facts(folder: Path) -> list[str]:
    """The headers of a package as facts; they stay what they are while a process runs."""
    return contents({name: (folder / name).read_bytes() for name in names_below(folder)})


def names_below(folder: Path) -> list[str]:
    """All files of a folder, relative to it."""
    return [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]


def place(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files below a folder, by name."""
    for name, content in files.items():
        assert is_below(name), name
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def is_below(name: str) -> bool:
    """Whether a name stays below the folder that it is put in."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\0" not in name


@contextmanager
def coded(folder: object) -> Iterator[None]:
    """A block whose only ``OSError`` is that the cache cannot be written.

    Raises:
        GatewrightError: GW-404.
    """
    try:
        yield
    except NotImplementedError as error:  # how filelock says it
        raise GatewrightError(
            "GW-404", where=str(folder), cause="its file system has no locks.", remedy=_REMEDY
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise no_room(folder) from error
        raise GatewrightError(
            "GW-404", where=str(folder), cause=f"{error.strerror or error}.", remedy=_REMEDY
        ) from error


@contextmanager
def _work_folder(entry: Path) -> Iterator[Path]:
    """A new folder, removed at the end.

    What a tool refused becomes ``refused`` of the cache, to run the tool again by hand, in place of
    the one before; its error then names that folder.
    """
    work = Path(tempfile.mkdtemp(prefix=WORK, dir=entry))
    try:
        yield work
    except GatewrightError as error:
        place = f"{entry.name}/{work.name}"  # the rest of the path may be quoted
        # Not what another folder's tool refused, nor what would go on filling a full disk.
        if place not in error.remedy or error.code == FULL:
            raise
        _keep(work, entry.with_name(REFUSED))
        raise _moved(error, place, REFUSED) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _keep(work: Path, kept: Path) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    with suppress(OSError):  # another process has just kept its own
        work.replace(kept)


def _moved(error: GatewrightError, old: str, new: str) -> GatewrightError:
    where, cause, remedy = (
        text.replace(old, new) for text in (error.where, error.cause, error.remedy)
    )
    return GatewrightError(error.code, where=where, cause=cause, remedy=remedy)


def _sweep(entry: Path) -> None:
    """Remove what a process left that was killed; the lock is held, so that no other is at it."""
    for left in entry.glob(f"{WORK}*"):
        shutil.rmtree(left, ignore_errors=True)


def _sweep_others(kept: Path, entry: Path) -> None:
    """The same of everything else that nobody is making."""
    for other in {left.parent for left in kept.glob(f"*/{WORK}*")} - {entry}:
        with suppress(Timeout), FileLock(other / _LOCK, timeout=0):
            _sweep(other)
