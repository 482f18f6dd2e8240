"""Boards: what their TOML files say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gatewright.boards.families import Family, OpenFamily
from gatewright.boards.pins import Clock, Pin, PllLimits, Tie

RESOURCES = ("lut", "ff", "bram", "dsp")


@dataclass(frozen=True)
class OpenBoard:
    """A board that yosys and nextpnr make a bitstream for.

    Attributes:
        name: As in the file name.
        title: As its maker calls it.
        family: Of its device.
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
    family: OpenFamily
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


@dataclass(frozen=True)
class Board:
    """What a vendor's tool flow has to know of a board.

    Attributes:
        name: As in the file name.
        title: As its maker calls it.
        part: The vendor's part number.
        clock_ns: Period of the clock a design is made for, in nanoseconds.
        family: What yosys maps to, for resource counts without the vendor's tools.
        resources: How many LUTs, flip-flops, block RAMs (36 kbit) and DSPs the device has.
    """

    name: str
    title: str
    part: str
    clock_ns: float
    family: Family
    resources: Mapping[str, int]
