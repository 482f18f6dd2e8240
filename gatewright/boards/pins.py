"""What a family has to know of a board: pads, the oscillator, and the ranges of the PLL."""

from __future__ import annotations

from dataclasses import dataclass


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
