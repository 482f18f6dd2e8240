"""The hidden folder beside what is being written: a lock, held as long as that takes, and the work.

``.NAME.partial`` stands beside NAME while it is made, and holds what is not whole yet (``new``) and
what is about to be replaced (``previous``). Whoever holds its lock is at work. The system lets go
of the lock of a process that ends, however it ends and whatever its number was in its container, so
what nobody holds is dead: the next that writes NAME clears it away.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from gatewright.errors import GatewrightError

HIDDEN = ".{}.partial"
LOCK, NEW, PREVIOUS = "gatewright.lock", "new", "previous"
_POLL = 0.02
"""Seconds from one try to get a lock to the next."""


@dataclass(frozen=True)
class Beside:
    """The hidden folder of a file or folder.

    Attributes:
        target: What is being written; no link.
    """

    target: Path

    @property
    def folder(self) -> Path:
        """The hidden folder itself."""
        return self.target.with_name(HIDDEN.format(self.target.name))

    @staticmethod
    def of(folder: Path) -> Beside:
        """The one with this hidden folder."""
        before, after = HIDDEN.split("{}")
        return Beside(folder.with_name(folder.name[len(before) : -len(after)]))

    @property
    def new(self) -> Path:
        """What will take the place of the target."""
        return self.folder / NEW

    @property
    def previous(self) -> Path:
        """What had that place, while the two are exchanged."""
        return self.folder / PREVIOUS

    @property
    def orphaned(self) -> bool:
        """Whether the target is away: whoever exchanged it is at it now, or was killed."""
        return not os.path.lexists(self.target) and os.path.lexists(self.previous)

    def exchange(self, made: Path) -> None:
        """Let what was made take the place of the target."""
        if os.path.lexists(self.target):
            self.target.rename(self.previous)
        made.rename(self.target)

    def settle(self) -> None:
        """Put back what lost its successor, and remove what is not whole or was replaced."""
        if self.orphaned:
            self.previous.rename(self.target)
        for leftover in (self.new, self.previous):
            _remove(leftover)


@contextmanager
def held(target: Path, wait: float = 0) -> Iterator[Beside]:
    """The hidden folder of a target, for this block alone, and gone after it.

    Args:
        target: What is being written; no link.
        wait: Seconds to wait while another one is at it.

    Raises:
        GatewrightError: GW-404 if another process, or another thread of this one, is at it, or
            something of somebody else's has the name of the hidden folder.
        OSError: If it cannot be made, locked or cleared.
    """
    beside = Beside(target)
    with _locked(beside, wait):
        beside.settle()
        try:
            yield beside
        finally:
            # What cannot be cleared away now the next one meets, and tells of.
            with suppress(OSError):
                beside.settle()
                (beside.folder / LOCK).unlink()
                beside.folder.rmdir()


def is_ours(folder: Path) -> bool:
    """Whether a hidden folder is one that ``held`` made: it is empty, or has our lock.

    Raises:
        OSError: If there is none.
    """
    if not stat.S_ISDIR(folder.lstat().st_mode):
        return False
    names = {entry.name for entry in folder.iterdir()}
    return not names or (LOCK in names and names <= {LOCK, NEW, PREVIOUS})


@contextmanager
def _locked(beside: Beside, wait: float) -> Iterator[None]:
    deadline = monotonic() + wait
    while True:
        with os.fdopen(_open(beside.folder)) as lock:
            if _acquired(lock.fileno()):
                # Whoever held it before has removed it if it is another file by now.
                if _is_at(lock.fileno(), beside.folder / LOCK):
                    yield
                    return
            elif monotonic() >= deadline:
                raise GatewrightError(
                    "GW-404",
                    where=str(beside.target),
                    cause="another process is making it.",
                    remedy="Wait until that has ended.",
                )
        sleep(_POLL)


def _open(folder: Path) -> int:
    """The file of the lock, in a folder that is ours."""
    while True:
        with suppress(FileExistsError):
            folder.mkdir()
        with suppress(FileNotFoundError):  # whoever held the lock has just removed the folder
            if not is_ours(folder):
                raise GatewrightError(
                    "GW-404",
                    where=str(folder),
                    cause="Gatewright keeps what is not whole yet there, and did not write what "
                    "is there now.",
                    remedy="Move it away, or name another place.",
                )
            return os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK)


def _acquired(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(lock: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), path.lstat())
    except FileNotFoundError:
        return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
