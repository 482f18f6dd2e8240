"""What a user may choose about calibration."""

from __future__ import annotations

from dataclasses import dataclass

from gatewright.errors import GatewrightError
from gatewright.frontend.spec import MIN_BITS

METHODS = ("percentile", "mse")
SCALES = ("float", "power_of_two")
MAX_BITS = 16


def refused(where: str, cause: str, remedy: str) -> GatewrightError:
    """GW-604."""
    return GatewrightError("GW-604", where=where, cause=cause, remedy=remedy)


@dataclass(frozen=True)
class RangeOptions:
    """How ranges are chosen.

    Attributes:
        bits: Bits of each activation quantizer that is placed.
        weight_bits: Bits of each weight quantizer that is placed.
        method: ``percentile``: the range holds that share of the values seen. ``mse``: the range
            with the least mean square error of the values seen.
        percentile: Share in percent, for ``percentile``; weights are never clipped by it.
        scale: ``float`` or ``power_of_two``.

    Raises:
        GatewrightError: GW-604.
    """

    bits: int = 8
    weight_bits: int = 8
    method: str = "percentile"
    percentile: float = 99.9
    scale: str = "float"

    def __post_init__(self) -> None:
        for name in ("bits", "weight_bits"):
            value = getattr(self, name)
            if not isinstance(value, int) or not MIN_BITS <= value <= MAX_BITS:
                raise refused(
                    name, f"it is {value!r}.", f"Use an integer from {MIN_BITS} to {MAX_BITS}."
                )
        for name, choices in (("method", METHODS), ("scale", SCALES)):
            if getattr(self, name) not in choices:
                cause = f"it is {getattr(self, name)!r}."
                raise refused(name, cause, f"Use {' or '.join(map(repr, choices))}.")
        if not 50 < self.percentile <= 100:
            raise refused("percentile", f"it is {self.percentile!r}.", "Use 50 to 100, as 99.9.")
