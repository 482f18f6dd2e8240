"""Boards that the open tools reach: what their TOML files say, checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

FAMILIES = ("ecp5", "ice40", "gowin")
RESOURCES = ("lut", "ff", "bram", "dsp")


@dataclass(frozen=True)
class Pin:
    """One pad of the board.

    Attributes:
        pin: Its name in the package.
        standard: IO standard, or "" where the family has none to choose.
        pull: "UP", "DOWN" or "".
        active_low: Whether 0 means pressed or lit.
    """

    pin: str
    standard: str = ""
    pull: str = ""
    active_low: bool = False


@dataclass(frozen=True)
class Clock:
    """The oscillator.

    Attributes:
        pin: Its pad.
        mhz: What it gives.
        target_mhz: What the design runs at where nobody says otherwise; a PLL makes it.
    """

    pin: Pin
    mhz: float
    target_mhz: float


@dataclass(frozen=True)
class PllLimits:
    """Ranges of the device's PLL, each (lowest, highest) in MHz, from its data sheet.

    Attributes:
        pfd: Phase detector.
        vco: Oscillator.
        out: Output.
    """

    pfd: tuple[float, float]
    vco: tuple[float, float]
    out: tuple[float, float]


@dataclass(frozen=True)
class Tie:
    """A pad that has to be held.

    Attributes:
        name: Of the port.
        pin: The pad.
        high: The level.
    """

    name: str
    pin: Pin
    high: bool


@dataclass(frozen=True)
class OpenBoard:
    """A board that yosys and nextpnr make a bitstream for.

    Attributes:
        name: As in the file name.
        title: As its maker calls it.
        family: One of ``FAMILIES``.
        device: The part number.
        nextpnr: Arguments that name the device.
        pack: Arguments that name the device to the bitstream packer.
        loader: What openFPGALoader calls the board.
        serial: Where its UART is reached, a sentence.
        multipliers: Budget of a recurrent layer where nobody says otherwise.
        clock: The oscillator.
        pll: Ranges of the PLL.
        rx: Pad into the FPGA.
        tx: Pad out of the FPGA.
        reset: A button, if there is one.
        led: A light, if there is one.
        ties: Pads that have to be held.
        resources: How many of each of ``RESOURCES`` the device has.
    """

    name: str
    title: str
    family: str
    device: str
    nextpnr: tuple[str, ...]
    pack: tuple[str, ...]
    loader: str
    serial: str
    multipliers: int
    clock: Clock
    pll: PllLimits
    rx: Pin
    tx: Pin
    reset: Pin | None
    led: Pin | None
    ties: tuple[Tie, ...]
    resources: Mapping[str, int]


@cache
def open_boards() -> dict[str, OpenBoard]:
    """Every board with a pinout in this folder, by name."""
    found = {}
    for name, data in board_files().items():
        if "part" not in data:
            found[name] = read_board(name, data)
    return found


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
            nextpnr=tuple(rest.pop("nextpnr")),
            pack=tuple(rest.pop("pack")),
            **rest,
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{name}.toml: {error}") from error
    if board.family not in FAMILIES:
        raise ValueError(f"{name}.toml: unknown family {board.family}")
    if sorted(board.resources) != sorted(RESOURCES):
        raise ValueError(f"{name}.toml: resources have to be {', '.join(RESOURCES)}")
    return board


def _pin(data: dict[str, Any] | None) -> Pin | None:
    return None if data is None else Pin(**data)


def _tie(data: dict[str, Any]) -> Tie:
    return Tie(data.pop("name"), high=data.pop("high"), pin=Pin(**data))


def _without(data: dict[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in data.items() if k != key}
