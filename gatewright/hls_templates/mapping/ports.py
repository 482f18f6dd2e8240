"""What the kernels of a build show to a host: its ports and taps."""

from __future__ import annotations

from dataclasses import dataclass

from gatewright.errors import GatewrightError
from gatewright.hls_templates.project.names import DEFAULT_NAME, Names
from gatewright.hls_templates.records import (
    KernelsDocument,
    PortRecord,
    StateTap,
    StepsRecord,
    Tap,
)


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
        name: Of the build.
    """

    inputs: tuple[PortRecord, ...]
    outputs: tuple[PortRecord, ...]
    taps: tuple[Tap, ...]
    max_steps: int | None
    rtl_taps: tuple[StateTap, ...] = ()
    busy: int = 0
    name: str = DEFAULT_NAME

    @staticmethod
    def of(kernels: KernelsDocument) -> Ports:
        """Of ``3_kernels.json``."""
        return Ports(
            kernels.inputs,
            kernels.outputs,
            kernels.taps,
            kernels.max_steps,
            kernels.rtl.taps,
            kernels.predicted_cycles,
            kernels.name,
        )

    @property
    def names(self) -> Names:
        """What the build calls its own."""
        return Names(self.name)

    @property
    def least_steps(self) -> int:
        """The shortest sequence of which every output and state has a step."""
        windows = [end.windows for end in self.outputs]
        windows += [tap.windows for tap in self.rtl_taps]
        return max((w.stride - w.offset for w in windows if isinstance(w, StepsRecord)), default=1)

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
