"""Where the user's cache is."""

from __future__ import annotations

import atexit
import errno
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from gatewright.files.warn import warn

VARIABLE = "GATEWRIGHT_CACHE"
NAME = "gatewright"
NO_HOME = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENOENT)


class NoCacheWarning(UserWarning):
    """There is no home to keep compiled things in, so that they are gone with the process."""


def cache_path() -> Path:
    """The folder that GATEWRIGHT_CACHE names, else ``gatewright`` in $XDG_CACHE_HOME or ~/.cache.

    Where neither is set and there is no home, or none that can be written, as in containers of
    users without one, it is a temporary folder of this process.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).absolute()
    base = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):  # the standard wants others ignored
        return Path(base) / NAME
    try:
        home = Path.home() / ".cache" / NAME
        home.mkdir(0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        if isinstance(error, OSError) and error.errno not in NO_HOME:
            raise
        return _temporary(str(error))
    return home


@cache
def _temporary(reason: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"{NAME}-"))
    atexit.register(_remove, folder, os.getpid())
    warn(
        f"no cache in the home folder ({reason}): what is compiled is kept in {folder} until this "
        f"process ends; let {VARIABLE} name a folder to keep it",
        NoCacheWarning,
    )
    return folder


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:  # not where a child of it ends
        shutil.rmtree(folder, ignore_errors=True)
