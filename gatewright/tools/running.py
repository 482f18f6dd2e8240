"""Which program is at work now, since when, and what it said last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic


@dataclass(eq=False)
class Running:
    """A program at work.

    Attributes:
        name: As users know it.
        said: The last line of its output that says anything.
    """

    name: str
    said: str = ""
    _began: float = field(default_factory=monotonic)

    def hears(self, text: str) -> None:
        """Note a piece of its output."""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        self.said = lines[-1] if lines else self.said

    def __str__(self) -> str:
        said = f": {self.said}" if self.said else ""
        return f"{self.name}, {monotonic() - self._began:.0f} s{said}"


_AT_WORK: list[Running] = []


def at_work() -> Running | None:
    """The program that was started last and has not ended."""
    return _AT_WORK[-1] if _AT_WORK else None


@contextmanager
def running(name: str) -> Iterator[Running]:
    """A block in which a program is at work; an exception that stops it is told which one."""
    program = Running(name)
    _AT_WORK.append(program)
    try:
        yield program
    except (KeyboardInterrupt, SystemExit) as stopped:
        stopped.add_note(f"running {program}")
        raise
    finally:
        _AT_WORK.remove(program)
