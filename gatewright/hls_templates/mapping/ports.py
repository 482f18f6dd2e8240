"""What a build's ``3_kernels.json`` says about the ports and taps of its design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gatewright.errors import GatewrightError
from gatewright.hls_templates.kernels.base import Tap

_END = {
    **{"name": str, "tensor": str, "stream": str, "sequence": bool, "low": int, "high": int},
    **{"values_per_step": int, "words_per_step": int, "lanes": int, "lane_bits": int},
}
SHAPE: dict[str, Any] = {
    **{"steps": int, "predicted_cycles": int, "max_steps": (None, int)},
    **{"inputs": [_END], "outputs": [_END], "taps": [list], "states": {str: dict}},
    "rtl": {"taps": [{"name": str, "port": str, "units": int, "rows": int}]},
    "kernels": [{"name": str, "kind": str, "source": str, "predicted_cycles": int}],
    "streams": [{"name": str, "width": int, "depth": int, "sequence": bool}],
}
"""What others than the kernels themselves read of ``3_kernels.json``."""


@dataclass(frozen=True)
class AxisEnd:
    """A stream port as the host sees it.

    Attributes:
        tensor: The integer tensor that it carries.
        width: Values of a beat.
        sequence: Whether there is a beat each time step, rather than one a sequence.
        name: Of the port.
        lanes: Values of a word.
        lane_bits: Bits of each.
        folds: Words of a beat.
        signed: Whether values are in two's complement.
    """

    tensor: str
    width: int
    sequence: bool
    name: str = ""
    lanes: int = 0
    lane_bits: int = 0
    folds: int = 0
    signed: bool = False

    @staticmethod
    def from_json(port: dict[str, Any]) -> AxisEnd:
        """From an entry of ``inputs`` or ``outputs``."""
        return AxisEnd(
            tensor=port["tensor"],
            width=port["values_per_step"],
            sequence=port["sequence"],
            name=port["name"],
            lanes=port["lanes"],
            lane_bits=port["lane_bits"],
            folds=port["words_per_step"],
            signed=port["low"] < 0,
        )

    def beats(self, steps: int) -> int:
        """Beats of a sequence."""
        return steps if self.sequence else 1

    def shape(self, sequences: int, steps: int) -> tuple[int, int, int]:
        """Of the array that holds its values."""
        return sequences, self.beats(steps), self.width


@dataclass(frozen=True)
class RtlTap:
    """The tap port of a recurrent kernel: h, and c if there is one, of ``units`` units a row.

    Attributes:
        name: Path of the layer.
        port: Prefix of its signals.
        units: Units of a row.
        rows: Rows of a time step.
        hidden: Units of the layer.
        h_bits: Bits of a unit's h.
        h_signed: Whether it is in two's complement.
        c_bits: The same of c; 0 without.
        c_signed: The same of c.
        reverse: Whether the layer runs from the last time step to the first.
    """

    name: str
    port: str
    units: int
    rows: int
    hidden: int
    h_bits: int
    h_signed: bool
    c_bits: int
    c_signed: bool
    reverse: bool

    @property
    def row_bits(self) -> int:
        """Bits of the signal that numbers the rows."""
        return max(1, (self.rows - 1).bit_length())


@dataclass(frozen=True)
class Ports:
    """What a design shows to the host.

    Attributes:
        inputs: In the order of the C interface.
        outputs: In that order.
        taps: In the order of their numbers.
        max_steps: Longest sequence, or None.
        rtl_taps: Those of ``rtl/``.
        busy: Cycles of a sequence, in which the design may show no sign of its work.
    """

    inputs: tuple[AxisEnd, ...]
    outputs: tuple[AxisEnd, ...]
    taps: tuple[Tap, ...]
    max_steps: int | None
    rtl_taps: tuple[RtlTap, ...] = ()
    busy: int = 0

    @staticmethod
    def from_json(kernels: dict[str, Any]) -> Ports:
        """From ``3_kernels.json``."""
        inputs, outputs = (
            tuple(AxisEnd.from_json(port) for port in kernels[side])
            for side in ("inputs", "outputs")
        )
        taps = tuple(Tap(*tap) for tap in kernels["taps"])
        rtl = tuple(RtlTap(**tap) for tap in kernels["rtl"]["taps"])
        return Ports(inputs, outputs, taps, kernels["max_steps"], rtl, kernels["predicted_cycles"])

    def check_length(self, steps: int) -> None:
        """Refuse sequences longer than the design's buffers.

        Raises:
            GatewrightError: GW-601.
        """
        if self.max_steps is not None and steps > self.max_steps:
            raise GatewrightError(
                "GW-601",
                where="input",
                cause=f"it has {steps} time steps, and the kernels buffer at most "
                f"{self.max_steps}.",
                remedy=f"Compile with max_steps={steps} (--max-steps) or more, or pass shorter "
                "sequences.",
            )
