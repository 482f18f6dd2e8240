"""Boards: what their TOML files say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gatewright.boards.families import OpenFamily, PinnedFamily, Processor, VendorFamily
from gatewright.boards.pins import Clock, Pin, PllLimits, Tie

RESOURCES = ("lut", "ff", "bram", "dsp")


@dataclass(frozen=True, kw_only=True)
class PinnedBoard:
    """A board whose FPGA a design reaches by pins: a clock and a UART.

    Attributes:
        name: As in the file name.
        title: As its maker calls it.
        family: Of its device.
        loader: What openFPGALoader calls the board.
        serial: Where its UART is reached, a sentence.
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
    family: PinnedFamily
    loader: str
    serial: str
    clock: Clock
    pll: PllLimits
    rx: Pin
    tx: Pin
    reset: Pin | None
    led: Pin | None
    ties: tuple[Tie, ...]
    resources: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class OpenBoard(PinnedBoard):
    """A board that yosys and nextpnr make a bitstream for.

    Attributes:
        family: Of its device.
        device: The part number.
        nextpnr: Arguments that name the device.
        pack: Arguments that name the device to the bitstream packer.
        multipliers: Budget of a recurrent layer where nobody says otherwise.
    """

    family: OpenFamily
    device: str
    nextpnr: tuple[str, ...]
    pack: tuple[str, ...]
    multipliers: int


@dataclass(frozen=True, kw_only=True)
class Board:
    """What a vendor's tool flow has to know of a board.

    Attributes:
        name: As in the file name.
        title: As its maker calls it.
        part: The vendor's part number.
        clock_ns: Period of the clock that C++ for HLS is made for, in nanoseconds.
        family: What yosys maps to, for resource counts without the vendor's tools.
        resources: How many LUTs, flip-flops, block RAMs (36 kbit) and DSPs the device has.
        sources: Where what the file says was read.
    """

    name: str
    title: str
    part: str
    clock_ns: float
    family: VendorFamily
    resources: Mapping[str, int]
    sources: tuple[str, ...] = ()

    @property
    def mhz(self) -> float:
        """The clock of the design where nobody says otherwise."""
        return 1000 / self.clock_ns


@dataclass(frozen=True, kw_only=True)
class ProcessorBoard(Board):
    """A board whose FPGA is reached from a processor in the same device.

    Attributes:
        processor: Which.
        board_part: What Vivado calls its preset, without the version; "" where there is none.
        fabric_mhz: The clock that the processor gives the fabric.
        crystal_mhz: The oscillator of the processor; None where only the preset knows it.
    """

    processor: Processor
    board_part: str
    fabric_mhz: float
    crystal_mhz: float | None = None

    @property
    def mhz(self) -> float:
        """See ``fabric_mhz``."""
        return self.fabric_mhz


@dataclass(frozen=True, kw_only=True)
class ShellBoard(Board, PinnedBoard):
    """A board of a vendor's flow that is reached by a UART."""

    family: VendorFamily

    @property
    def mhz(self) -> float:
        """What the PLL is asked for."""
        return self.clock.target_mhz
