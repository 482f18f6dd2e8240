"""The boards that there are: one TOML file each, read and checked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from errno import ENOENT
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from gatewright.boards.description import (
    RESOURCES,
    Board,
    OpenBoard,
    PinnedBoard,
    ProcessorBoard,
    ShellBoard,
)
from gatewright.boards.families import OPEN_FAMILIES, VENDOR_FAMILIES
from gatewright.boards.pins import Clock, Pin, PllLimits, Tie

DEFAULT_BOARD = "pynq-z2"
SUFFIX = ".toml"
MOST_BYTES = 1 << 16
"""No file of a board is longer."""
F = TypeVar("F")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_WORD = re.compile(r"[\w.:-]*", re.ASCII)


@cache
def open_boards() -> dict[str, OpenBoard]:
    """Every board with a pinout in this folder, by name."""
    files = board_files().items()
    return {name: read_board(name, data) for name, data in files if "part" not in data}


@cache
def boards() -> dict[str, Board]:
    """Every board of a vendor's flow, by name."""
    files = board_files().items()
    return {name: read_part(name, data) for name, data in files if "part" in data}


def board_files() -> dict[str, dict[str, Any]]:
    """The contents of every TOML file in this folder, by the name of its board."""
    folder = resources.files("gatewright.boards")
    paths = sorted(folder.iterdir(), key=lambda path: path.name)
    return {
        path.name.removesuffix(SUFFIX): tomllib.loads(path.read_text())
        for path in paths
        if path.name.endswith(SUFFIX)
    }


def read_file(path: Path) -> Board | OpenBoard:
    """A board from a file of the user's own; its name is that of the file.

    Raises:
        OSError: If it cannot be read.
        ValueError: For contents that are no board's.
    """
    if not path.is_file():  # a pipe would be waited for
        raise FileNotFoundError(ENOENT, "there is no such file", str(path))
    with path.open("rb") as file:
        text = file.read(MOST_BYTES + 1)
    if len(text) > MOST_BYTES:
        raise ValueError(f"{path.name}: longer than {MOST_BYTES} bytes")
    name = path.name.removesuffix(SUFFIX)
    if not _NAME.fullmatch(name):
        raise ValueError(f"{path.name}: a name has lower case letters, digits, - and _, at most 40")
    if name in board_files():
        raise ValueError(f"{path.name}: a board that comes with Gatewright has that name")
    data = tomllib.loads(text.decode())
    return read_part(name, data) if "part" in data else read_board(name, data)


def read_board(name: str, data: Mapping[str, Any]) -> OpenBoard:
    """A board from the contents of its file.

    Raises:
        ValueError: For a key that is missing, or one that there is not.
    """
    rest = dict(data)
    try:
        board = OpenBoard(
            name=name,
            family=_family(name, rest.pop("family"), OPEN_FAMILIES),
            nextpnr=tuple(rest.pop("nextpnr")),
            pack=tuple(rest.pop("pack")),
            **_pinout(rest),
            **rest,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _bad(name, error) from error
    _check(board)
    return board


def read_part(name: str, data: Mapping[str, Any]) -> Board:
    """A vendor's board from the contents of its file.

    With ``processor`` it is reached from that, with ``clock`` and ``uart`` by those pins, and with
    none of them only what a design takes is known.

    Raises:
        ValueError: For a key that is missing, or one that there is not.
    """
    rest = dict(data)
    try:
        family = _family(name, rest.pop("family"), VENDOR_FAMILIES)
        sources = tuple(rest.pop("sources", ()))
        board: Board
        if "processor" in rest:
            processor = _family(name, rest.pop("processor"), family.processors)
            board = ProcessorBoard(
                name=name, family=family, processor=processor, sources=sources, **rest
            )
        elif "uart" in rest:
            board = ShellBoard(name=name, family=family, sources=sources, **_pinout(rest), **rest)
        else:
            board = Board(name=name, family=family, sources=sources, **rest)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _bad(name, error) from error
    _check(board)
    return board


def _pinout(rest: dict[str, Any]) -> dict[str, Any]:
    """The pads of a board; they are taken from its data."""
    clock, uart = dict(rest.pop("clock")), dict(rest.pop("uart"))
    limits = {key: tuple(value) for key, value in rest.pop("pll").items()}
    return {
        "clock": Clock(mhz=clock.pop("mhz"), target_mhz=clock.pop("target_mhz"), pin=Pin(**clock)),
        "pll": PllLimits(**limits),
        "rx": Pin(uart.pop("rx"), **_without(uart, "tx"), pull="UP"),
        "tx": Pin(uart.pop("tx"), **uart),
        "reset": _pin(rest.pop("reset", None)),
        "led": _pin(rest.pop("led", None)),
        "ties": tuple(_tie(dict(tie)) for tie in rest.pop("tie", [])),
    }


def _bad(name: str, error: Exception) -> ValueError:
    said = str(error)
    return ValueError(said if said.startswith(f"{name}{SUFFIX}: ") else f"{name}{SUFFIX}: {said}")


def _family(name: str, family: str, families: Mapping[str, F]) -> F:
    if family not in families:
        raise ValueError(f"{name}{SUFFIX}: {family} is none of {', '.join(families)}")
    return families[family]


def _check(board: Board | OpenBoard) -> None:
    """Refuse what a script or a constraint could not be made of.

    Raises:
        ValueError: See there.
    """
    where = f"{board.name}{SUFFIX}"
    if sorted(board.resources) != sorted(RESOURCES):
        raise ValueError(f"{where}: resources have to be {', '.join(RESOURCES)}")
    if any(not isinstance(n, int) or n < 1 for n in board.resources.values()):
        raise ValueError(f"{where}: a resource is a count above 0")
    if any(not isinstance(word, str) or not _WORD.fullmatch(word) for word in _words(board)):
        raise ValueError(f"{where}: a part, pad or standard has letters, digits, and . : - _ only")
    if isinstance(board, ProcessorBoard) and board.board_part.count(":") not in (0, 2):
        raise ValueError(f"{where}: board_part is VENDOR:BOARD:PART, without its version")
    if any(not isinstance(n, int | float) or not 0 < n < 2000 for n in _rates(board)):
        raise ValueError(f"{where}: a clock is a number of MHz, or of ns, above 0")
    if not isinstance(board.title, str) or not board.title.isprintable():
        raise ValueError(f"{where}: the title is a line of text")


def _words(board: Board | OpenBoard) -> Iterator[Any]:
    """What comes into scripts as it is."""
    if isinstance(board, Board):
        yield board.part
    if isinstance(board, ProcessorBoard):
        yield board.board_part
    if isinstance(board, PinnedBoard):
        yield from (tie.name for tie in board.ties)
        optional = (pin for pin in (board.reset, board.led) if pin is not None)
        ties = (tie.pin for tie in board.ties)
        for pad in (board.clock.pin, board.rx, board.tx, *optional, *ties):
            yield from (pad.pin, pad.standard, pad.pull)


def _rates(board: Board | OpenBoard) -> Iterator[Any]:
    if isinstance(board, Board):
        yield board.clock_ns
    if isinstance(board, ProcessorBoard):
        yield board.fabric_mhz
        yield board.fabric_mhz if board.crystal_mhz is None else board.crystal_mhz
    if isinstance(board, PinnedBoard):
        yield from (board.clock.mhz, board.clock.target_mhz)


def _pin(data: dict[str, Any] | None) -> Pin | None:
    return None if data is None else Pin(**data)


def _tie(data: dict[str, Any]) -> Tie:
    return Tie(data.pop("name"), high=data.pop("high"), pin=Pin(**data))


def _without(data: dict[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in data.items() if k != key}
