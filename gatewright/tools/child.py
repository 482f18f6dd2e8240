"""Programs that are run: they end when this one does, with all that they have started."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from threading import Event, Timer, current_thread, main_thread

from gatewright.tools.running import at_work, running

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Those that a command handles: an exception that came while a program starts would leave it."""

SAFE = {"PYTHONSAFEPATH": "1"}
_PIECE = 1 << 16
"""Bytes that are read of a pipe at once."""


@contextmanager
def started(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    errors: int = subprocess.PIPE,
    name: str = "",
) -> Iterator[subprocess.Popen[str]]:
    """A program at work in a folder; where the block is left before it ends, it is killed.

    It leads a group of its own, and so takes those with it that it has started: a compiler its
    passes. It has no input, and its output is a pipe. If it is Python, it imports nothing of the
    folder that it runs in, which may hold files of a stranger.

    Args:
        command: The program and its arguments.
        folder: Its working folder.
        environment: By default ours.
        errors: Where its errors go, as ``subprocess`` says.
        name: As users know it; by default that of its file.

    Raises:
        OSError: If it does not run.
    """
    with running(name or Path(command[0]).name), ExitStack() as stack:
        with _undisturbed():
            program = subprocess.Popen(
                command,
                cwd=folder,
                env={**(os.environ if environment is None else environment), **SAFE},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            stack.enter_context(program)
            stack.callback(_kill, program)
        yield program


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A block in which no signal raises an exception; those that came do at its end."""
    came: list[int] = []
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    ours = [number for number, handler in handlers.items() if callable(handler)]
    if current_thread() is not main_thread():  # where no signal is handled
        ours = []
    for number in ours:
        signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, handlers[number])
        for late in came:
            signal.raise_signal(late)


@contextmanager
def stopped_after(program: subprocess.Popen[str], seconds: float | None) -> Iterator[Event]:
    """A block after so many seconds of which a started program is killed.

    Args:
        program: As ``started`` gives it.
        seconds: None for no limit.

    Returns:
        What is set if it was killed.
    """
    late = Event()

    def stop() -> None:
        late.set()
        _kill(program)

    timer = Timer(seconds or 0, stop)
    if seconds is not None:
        timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def _kill(program: subprocess.Popen[str]) -> None:
    """And all that it has started, unless it has ended."""
    if program.poll() is None:
        os.killpg(program.pid, signal.SIGKILL)


def ended(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    name: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, as ``started`` does.

    Raises:
        OSError: If it does not run.
    """
    with started(command, folder, environment, name=name) as program:
        output, errors = _heard(program)
        return subprocess.CompletedProcess(command, program.wait(), output, errors)


def _heard(program: subprocess.Popen[str]) -> list[str]:
    """All that it says on each of its pipes, noted as it comes for whoever waits."""
    pipes = [pipe for pipe in (program.stdout, program.stderr) if pipe is not None]
    said: dict[int, list[bytes]] = {pipe.fileno(): [] for pipe in pipes}
    with DefaultSelector() as talking:
        for number in said:
            talking.register(number, EVENT_READ)
        while talking.get_map():
            for key, _ in talking.select():
                piece = os.read(key.fd, _PIECE)
                said[key.fd].append(piece)
                if not piece:
                    talking.unregister(key.fd)
                elif (tool := at_work()) is not None:
                    tool.hears(_text([piece]))
    return list(map(_text, said.values()))


def _text(pieces: Sequence[bytes]) -> str:
    return b"".join(pieces).decode(errors="replace").replace("\r\n", "\n")
