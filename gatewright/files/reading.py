"""Files that are read back: regular ones, inside their folder, of a bounded size.

Whatever else stands there, a pipe, a device, a link that leads away, is a coded error and is never
opened, so that nothing waits and nothing runs.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from google.protobuf.message import DecodeError

from gatewright.errors import GatewrightError

MAX_BYTES = (1 << 31) - 1
"""Of any file of a build: protobuf holds no more."""
MAX_JSON = 1 << 28
"""Of the JSON that ``compile`` writes about a model."""
MAX_FACTS = 1 << 22
"""Of the manifest and of reports, which are a few kilobytes."""
_MAX_CAUSE = 200
AGAIN = "Compile the model again."

UNREADABLE = (
    *(ArithmeticError, AssertionError, AttributeError, DecodeError, LookupError, MemoryError),
    *(OSError, StopIteration, TypeError, ValueError),
    msgspec.ValidationError,
    RuntimeError,  # brackets in brackets
)
"""What reading a damaged file raises."""


@contextmanager
def whole(path: Path, remedy: str = AGAIN) -> Iterator[None]:
    """A block that reads what compile wrote.

    Raises:
        GatewrightError: GW-402 if it is damaged.
    """
    try:
        yield
    except UNREADABLE as error:
        says = str(error).partition("\n")[0][:_MAX_CAUSE]
        raise GatewrightError(
            "GW-402",
            where=str(path),
            cause=f"it cannot be read ({type(error).__name__}: {says}).",
            remedy=remedy,
        ) from error


def read_bytes(folder: Path, name: str, limit: int = MAX_BYTES, remedy: str = AGAIN) -> bytes:
    """The content of a file.

    Args:
        folder: It lies in it, links followed.
        name: Its path below.
        limit: The most bytes that it may have.
        remedy: Of the error.

    Raises:
        GatewrightError: GW-402.
    """
    with whole(folder / name, remedy), _opened(folder, name, limit) as file:
        data = file.read(limit + 1)
        if len(data) > limit:
            raise ValueError(f"it grows beyond {limit:,} bytes")
        return data


def read_json(folder: Path, name: str, limit: int, remedy: str = AGAIN) -> dict[str, Any]:
    """The JSON object in a file.

    Args:
        folder: As for ``read_bytes``, like the rest.
        name: Its path below.
        limit: The most bytes that it may have.
        remedy: Of the error.

    Raises:
        GatewrightError: GW-402, also where a key is given twice.
    """
    data = read_bytes(folder, name, limit, remedy)
    with whole(folder / name, remedy):
        value = json.loads(data, object_pairs_hook=_once, parse_constant=_refuse)
        if not isinstance(value, dict):
            raise TypeError("it is no object")
        return value


def digest_of(folder: Path, name: str) -> str:
    """What the manifest says of a file.

    Raises:
        GatewrightError: GW-402.
    """
    with whole(folder / name), _opened(folder, name, MAX_BYTES) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_regular(folder: Path, name: str, limit: int = MAX_BYTES) -> None:
    """Refuse what is no regular file inside a folder, or is too large, without opening it.

    Raises:
        OSError: Where it is not there, or something else.
        ValueError: For a name that no file can have, and a file that is too large.
    """
    path = folder / name
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    if status.st_size > limit:
        raise ValueError(f"it has {status.st_size:,} bytes, and at most {limit:,} are read")
    home = os.path.realpath(folder)
    if os.path.commonpath([home, os.path.realpath(path)]) != home:
        raise OSError(errno.EINVAL, "it is a link that leads out of the folder")


def _opened(folder: Path, name: str, limit: int) -> io.BufferedReader:
    check_regular(folder, name, limit)
    return open_regular(folder / name)


def open_regular(path: Path) -> io.BufferedReader:
    """A regular file, open for reading: never a pipe or a device, which could block for ever.

    Raises:
        OSError: Also for anything but a regular file.
        ValueError: For a name that no file can have.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):  # opening a device may already do something
        raise OSError(errno.EINVAL, "it is no regular file")
    # Not waiting, should a pipe have come in its place since.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file")
    return os.fdopen(descriptor, "rb")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")
