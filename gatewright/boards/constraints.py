"""Pin constraints in the three languages of nextpnr."""

from __future__ import annotations

from gatewright.boards.description import OpenBoard, Pin
from gatewright.boards.top import CLOCK, LED, RESET, RX, TX


def _pads(board: OpenBoard) -> dict[str, Pin]:
    """The pad of every port of the board's top level."""
    pads = {CLOCK: board.clock.pin, RX: board.rx, TX: board.tx}
    if board.reset is not None:
        pads[RESET] = board.reset
    if board.led is not None:
        pads[LED] = board.led
    return pads | {f"{tie.name}_o": tie.pin for tie in board.ties}


def lpf(board: OpenBoard) -> str:
    """Lattice preference file (ECP5)."""
    lines = [f'FREQUENCY PORT "{CLOCK}" {board.clock.mhz:g} MHZ;']
    for port, pad in _pads(board).items():
        pull = f" PULLMODE={pad.pull}" if pad.pull else ""
        lines.append(f'LOCATE COMP "{port}" SITE "{pad.pin}";')
        lines.append(f'IOBUF PORT "{port}" IO_TYPE={pad.standard}{pull};')
    return "\n".join(lines) + "\n"


def pcf(board: OpenBoard) -> str:
    """Physical constraints file (iCE40)."""
    lines = [f"set_frequency {CLOCK} {board.clock.mhz:g}"]
    for port, pad in _pads(board).items():
        pull = "-pullup yes " if pad.pull == "UP" else ""
        lines.append(f"set_io {pull}{port} {pad.pin}")
    return "\n".join(lines) + "\n"


def cst(board: OpenBoard) -> str:
    """Physical constraints file (Gowin)."""
    lines = []
    for port, pad in _pads(board).items():
        pull = f" PULL_MODE={pad.pull}" if pad.pull else ""
        lines.append(f'IO_LOC "{port}" {pad.pin};')
        lines.append(f'IO_PORT "{port}" IO_TYPE={pad.standard}{pull};')
    return "\n".join(lines) + "\n"


CONSTRAINTS = {"ecp5": ("board.lpf", lpf), "ice40": ("board.pcf", pcf), "gowin": ("board.cst", cst)}
