"""Programs that are run: they end when this one does, with all that they have started."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def started(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    errors: int = subprocess.PIPE,
) -> Iterator[subprocess.Popen[str]]:
    """A program at work in a folder; where the block is left before it ends, it is killed.

    It leads a group of its own, and so takes those with it that it has started: a compiler its
    passes. It has no input, and its output is a pipe.

    Args:
        command: The program and its arguments.
        folder: Its working folder.
        environment: By default ours.
        errors: Where its errors go, as ``subprocess`` says.

    Raises:
        OSError: If it does not run.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as program:
        try:
            yield program
        finally:
            if program.poll() is None:
                os.killpg(program.pid, signal.SIGKILL)


def ended(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, as ``started`` does.

    Raises:
        OSError: If it does not run.
    """
    with started(command, folder, environment) as program:
        output, errors = program.communicate()
        return subprocess.CompletedProcess(command, program.returncode, output, errors)
