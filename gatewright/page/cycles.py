"""Where the clock cycles of a sequence go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MULTIPLYING, WAITING, ENDS, STREAMING = "multiplying", "waiting", "ends", "streaming"


@dataclass(frozen=True)
class Work:
    """A kernel on its own, from the first beat it takes to the last it gives.

    Attributes:
        kernel: Its name.
        kind: What it does.
        source: The module it comes from.
        total: Cycles.
        parts: What they go to, and how many.
    """

    kernel: str
    kind: str
    source: str
    total: int
    parts: tuple[tuple[str, int], ...]


def make_work(kernels: dict[str, Any]) -> list[Work]:
    """A line a kernel that gives anything."""
    return [
        Work(k["name"], k["kind"], k["source"], k["predicted_cycles"], _parts(k, kernels["steps"]))
        for k in kernels["kernels"]
        if k["predicted_cycles"]
    ]


def _parts(kernel: dict[str, Any], steps: int) -> tuple[tuple[str, int], ...]:
    total = kernel["predicted_cycles"]
    if "schedule" not in kernel:
        return ((MULTIPLYING if kernel["kind"] == "matvec" else STREAMING, total),)
    schedule = kernel["schedule"]
    tiles = sum(slot is not None for slot in schedule)
    # Nothing waits for the bubbles behind the last tile of the last step.
    last = max(i for i, slot in enumerate(schedule) if slot is not None)
    waiting = (steps - 1) * (len(schedule) - tiles) + last + 1 - tiles
    multiplying = steps * tiles
    parts = ((MULTIPLYING, multiplying), (WAITING, waiting), (ENDS, total - multiplying - waiting))
    return tuple(part for part in parts if part[1])
