"""Choices that change the hardware, never an integer."""

from __future__ import annotations

from dataclasses import dataclass

from gatewright.hls_templates.rtl.cut import UNCUT, Cut

DEFAULT_MULTIPLIERS = 256
DEFAULT_MAX_STEPS = 128
DEFAULT_CLOCK_NS = 10.0


@dataclass(frozen=True)
class MappingOptions:
    """How a graph is mapped.

    Attributes:
        multipliers: Budget of multipliers of a recurrent layer.
        requantizer: ``auto``, or ``thresholds`` to keep every threshold.
        max_steps: Longest sequence, where a layer that runs backwards or branches that meet again
            have to buffer one; None for ``DEFAULT_MAX_STEPS``.
        hls_depth: Cycles from an h to the next in the pipeline that an HLS tool makes of the C++ of
            a recurrent layer; None for what its operators are taken to need.
        sequences: How many take turns in a recurrent layer of ``rtl/``.
    """

    multipliers: int = DEFAULT_MULTIPLIERS
    requantizer: str = "auto"
    max_steps: int | None = None
    hls_depth: int | None = None
    sequences: int = 1

    @property
    def clock_ns(self) -> float:
        """The clock period that ``delays`` are held against, in nanoseconds."""
        return DEFAULT_CLOCK_NS

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """Ways of placing the registers of a recurrent layer in ``rtl/``, the most registers first.

        A layer takes the first of those with the fewest cycles a step.
        """
        return (UNCUT,)
