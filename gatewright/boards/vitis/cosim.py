"""``TOP_cosim.rpt``: what simulating the synthesized RTL with the test bench came to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

COSIM_RPT = "sim/report/{}_cosim.rpt"


@dataclass(frozen=True)
class Cosimulation:
    """The report; None where the tool gives no figure.

    Attributes:
        passed: Whether every value was as in C.
        latency: Cycles of a call: fewest, mean and most.
        interval: Cycles from call to call, likewise; None for a single one.
    """

    passed: bool
    latency: tuple[int | None, int | None, int | None]
    interval: tuple[int | None, int | None, int | None]


def read_cosim(path: Path) -> Cosimulation:
    """Read the report of co-simulation.

    Raises:
        OSError: If it cannot be opened.
        ValueError: If it has no line of a language that was simulated.
    """
    for line in path.read_text(errors="replace").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[0] in ("Verilog", "VHDL") and len(cells) >= 8 and cells[1] != "NA":
            low, mean, high, *rest = (_cycles(cell) for cell in cells[2:8])
            return Cosimulation(cells[1] == "Pass", (low, mean, high), (rest[0], rest[1], rest[2]))
    raise ValueError("it has no line of what was simulated")


def _cycles(cell: str) -> int | None:
    return int(cell) if cell.isdecimal() else None
