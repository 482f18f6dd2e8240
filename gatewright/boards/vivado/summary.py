"""What Vivado reached, as ``synth.json`` has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gatewright.boards.usage import Usage
from gatewright.boards.vivado.reports import Power, VivadoTiming


@dataclass(frozen=True)
class VivadoReport:
    """All of it.

    Attributes:
        version: Of the tool; "" where no report was asked for.
        stages: What was asked for.
        state: How far the design had come: "Synthesized", "Routed" or "Fully Routed".
        timing: Of the whole; None where it was not placed and routed.
        power: Estimated for the whole; None where it was not placed and routed.
        alone: What the design takes by itself, out of context; empty where that was not asked for.
    """

    version: str
    stages: tuple[str, ...]
    state: str
    timing: VivadoTiming | None
    power: Power | None
    alone: Mapping[str, Usage]
