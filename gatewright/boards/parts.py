"""Vendor parts and clocks: one TOML file a board."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources

DEFAULT_BOARD = "pynq-z2"


@dataclass(frozen=True)
class Board:
    """What a tool flow has to know of a board.

    Attributes:
        name: As in the file name.
        title: As its maker calls it.
        part: The vendor's part number.
        clock_ns: Period of the clock a design is made for, in nanoseconds.
    """

    name: str
    title: str
    part: str
    clock_ns: float


def boards() -> dict[str, Board]:
    """Every board with a file in this folder, by name."""
    found = {}
    for path in sorted(resources.files("gatewright.boards").iterdir(), key=lambda p: p.name):
        if path.name.endswith(".toml"):
            name = path.name.removesuffix(".toml")
            found[name] = Board(name, **tomllib.loads(path.read_text()))
    return found
