"""Children of a process that has everything imported: they cost no start of an interpreter."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from gatewright.errors import GatewrightError

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x10000000, 0x20000000
PR_SET_PDEATHSIG = 1
LIVING: set[Child] = set()
"""Children whose outcome nobody has asked for yet."""


@dataclass(frozen=True)
class Child:
    """A child at work.

    Attributes:
        pid: Its number here.
        said: Where its outcome comes from.
    """

    pid: int
    said: int

    def kill(self) -> None:
        """End it as the system does that has no memory left."""
        os.kill(self.pid, signal.SIGKILL)

    def outcome(self) -> str:
        """``whole``, the code of its error, or what else it died of; ``killed`` by SIGKILL."""
        with os.fdopen(self.said, "rb") as pipe:
            said = pipe.read().decode()
        _, status = os.waitpid(self.pid, 0)
        LIVING.remove(self)
        return "killed" if os.WIFSIGNALED(status) else said


def forked(work: Callable[[], object], *, namespace: bool = False) -> Child:
    """Start some work in a child.

    Args:
        work: What it does.
        namespace: In a PID namespace of its own, where its number is 1, as in a container.
    """
    reads, writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reads)
        _be_child(work, writes, namespace)
    os.close(writes)
    child = Child(pid, reads)
    LIVING.add(child)
    return child


def _be_child(work: Callable[[], object], writes: int, namespace: bool) -> NoReturn:
    said = "it did not come to an end"
    try:
        if namespace:
            _enter_namespace()
        work()
        said = "whole"
    except GatewrightError as error:
        said = error.code
    except BaseException as error:
        said = repr(error)
    finally:
        os.write(writes, said.encode())
        os._exit(0)


def _enter_namespace() -> None:
    """Go on as number 1 of a new namespace, which ends with the process that stays outside."""
    called("unshare", CLONE_NEWUSER | CLONE_NEWPID)
    inside = os.fork()
    if inside:
        os.waitpid(inside, 0)
        os._exit(0)
    called("prctl", PR_SET_PDEATHSIG, signal.SIGKILL)
    assert os.getpid() == 1


def called(name: str, *arguments: object) -> None:
    """A function of the C library that gives 0, or says in ``errno`` why it does not."""
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def mount_small(folder: Path, size: int) -> None:
    """A disk of so many bytes at a folder, for this process alone."""
    user, group = os.getuid(), os.getgid()
    called("unshare", CLONE_NEWUSER | CLONE_NEWNS)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    called("mount", b"tmpfs", os.fsencode(folder), b"tmpfs", 0, f"size={size}".encode())


def needs(work: Callable[[], object], what: str, *, namespace: bool = False) -> None:
    """Skip the test where something is not allowed."""
    said = forked(work, namespace=namespace).outcome()
    if said != "whole":
        pytest.skip(f"{what} are not allowed here: {said}")


def needs_namespaces() -> None:
    """Skip the test where PID namespaces are not allowed."""
    needs(lambda: None, "PID namespaces", namespace=True)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
