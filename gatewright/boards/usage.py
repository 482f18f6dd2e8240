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
