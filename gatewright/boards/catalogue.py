"""The boards that there are: one TOML file each, read and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, TypeVar

from gatewright.boards.description import RESOURCES, Board, OpenBoard
from gatewright.boards.families import OPEN_FAMILIES, VENDOR_FAMILIES
from gatewright.boards.pins import Clock, Pin, PllLimits, Tie

DEFAULT_BOARD = "pynq-z2"
F = TypeVar("F")


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
        path.name.removesuffix(".toml"): tomllib.loads(path.read_text())
        for path in paths
        if path.name.endswith(".toml")
    }


def read_board(name: str, data: Mapping[str, Any]) -> OpenBoard:
    """A board from the contents of its file.

    Raises:
        ValueError: For a key that is missing, or one that there is not.
    """
    rest = dict(data)
    try:
        clock, uart = dict(rest.pop("clock")), dict(rest.pop("uart"))
        limits = {key: tuple(value) for key, value in rest.pop("pll").items()}
        board = OpenBoard(
            name=name,
            clock=Clock(mhz=clock.pop("mhz"), target_mhz=clock.pop("target_mhz"), pin=Pin(**clock)),
            pll=PllLimits(**limits),
            rx=Pin(uart.pop("rx"), **_without(uart, "tx"), pull="UP"),
            tx=Pin(uart.pop("tx"), **uart),
            reset=_pin(rest.pop("reset", None)),
            led=_pin(rest.pop("led", None)),
            ties=tuple(_tie(dict(tie)) for tie in rest.pop("tie", [])),
            family=_family(name, rest.pop("family"), OPEN_FAMILIES),
            nextpnr=tuple(rest.pop("nextpnr")),
            pack=tuple(rest.pop("pack")),
            **rest,
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{name}.toml: {error}") from error
    _check_resources(board)
    return board


def read_part(name: str, data: Mapping[str, Any]) -> Board:
    """A vendor's board from the contents of its file.

    Raises:
        ValueError: For a key that is missing, or one that there is not.
    """
    rest = dict(data)
    try:
        board = Board(name=name, family=_family(name, rest.pop("family"), VENDOR_FAMILIES), **rest)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{name}.toml: {error}") from error
    _check_resources(board)
    return board


def _family(name: str, family: str, families: Mapping[str, F]) -> F:
    if family not in families:
        raise ValueError(f"{name}.toml: unknown family {family}")
    return families[family]


def _check_resources(board: Board | OpenBoard) -> None:
    if sorted(board.resources) != sorted(RESOURCES):
        raise ValueError(f"{board.name}.toml: resources have to be {', '.join(RESOURCES)}")


def _pin(data: dict[str, Any] | None) -> Pin | None:
    return None if data is None else Pin(**data)


def _tie(data: dict[str, Any]) -> Tie:
    return Tie(data.pop("name"), high=data.pop("high"), pin=Pin(**data))


def _without(data: dict[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in data.items() if k != key}
