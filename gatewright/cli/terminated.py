"""A command that is told to end: it clears away what it began, and its tools end with it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType
from typing import NoReturn

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
"""Of ``kill`` and ``docker stop``, and of a terminal that is closed."""
KILLED = 128
"""The exit code is this and the number of the signal, as shells have it."""


@contextmanager
def ending_well() -> Iterator[None]:
    """A block that signals end as Ctrl-C does, by an exception; who ignores one goes on."""
    if current_thread() is not main_thread():  # which alone may
        yield
        return
    ours = [number for number in _SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(KILLED + number)
