"""Vendor parts and clocks: one TOML file a board."""

from __future__ import annotations

from dataclasses import dataclass

from gatewright.boards.description import board_files

DEFAULT_BOARD = "pynq-z2"


@dataclass(frozen=True)
class Board:
    """What a vendor's tool flow has to know of a board.

    Attributes:
        name: As in the file name.
        title: As its maker calls it.
        part: The vendor's part number.
        clock_ns: Period of the clock a design is made for, in nanoseconds.
        yosys: What yosys calls the family, for resource counts without the vendor's tools.
        resources: How many LUTs, flip-flops, block RAMs (36 kbit) and DSPs the device has.
    """

    name: str
    title: str
    part: str
    clock_ns: float
    yosys: str
    resources: dict[str, int]


def boards() -> dict[str, Board]:
    """Every board of a vendor's flow, by name."""
    files = board_files()
    return {name: Board(name, **data) for name, data in files.items() if "part" in data}
