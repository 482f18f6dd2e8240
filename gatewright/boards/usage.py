"""How much of a resource a design takes."""

from __future__ import annotations

from dataclasses import dataclass

UNITS = {"lut": "LUTs", "ff": "flip-flops", "bram": "block RAMs", "dsp": "DSP blocks"}


@dataclass(frozen=True)
class Usage:
    """How much of a resource a design takes.

    Attributes:
        used: By the design.
        available: In the device.
    """

    used: int
    available: int

    @property
    def share(self) -> float:
        """Used of available."""
        return self.used / self.available

    @property
    def percent(self) -> str:
        """The share as it is shown: little is not nothing."""
        shown = f"{self.share:.0%}"
        return "<1%" if self.used and shown == "0%" else shown
