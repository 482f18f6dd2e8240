"""What is wanted of Vitis HLS, and of which design."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gatewright.boards.description import Board
from gatewright.boards.vitis.report import Predicted
from gatewright.hls_templates.project.names import DEFAULT_NAMES, Names

HLS_STAGES = ("csim", "csynth", "cosim", "export")
LIMIT = 120
"""Minutes after which the tool is stopped, unless somebody says otherwise."""
HLS_PROJECT = "gatewright_top_project"
SOLUTION = f"{HLS_PROJECT}/solution1"


@dataclass(frozen=True)
class HlsRequest:
    """What is wanted.

    Attributes:
        board: A vendor's board.
        stages: Of ``HLS_STAGES``.
        clock_ns: The period of the clock.
        minutes: After which a run of the tool is stopped.
    """

    board: Board
    stages: tuple[str, ...]
    clock_ns: float
    minutes: float


@dataclass(frozen=True)
class HlsCandidate:
    """A design as an HLS project.

    Attributes:
        multipliers: The budget that it was folded for.
        hls_depth: Cycles from an h to the next that it was made again for; None at first.
        files: Of the project, by path, with golden vectors.
        predicted: Of each kernel.
        steps: Time steps of the sequence that ``cycles`` is of.
        cycles: Predicted for it.
        simulated_steps: Time steps of each sequence of the golden vectors.
        simulated_cycles: Predicted for one.
        names: Of the build.
    """

    multipliers: int
    hls_depth: int | None
    files: Mapping[str, str]
    predicted: tuple[Predicted, ...]
    steps: int
    cycles: int
    simulated_steps: int
    simulated_cycles: int
    names: Names = DEFAULT_NAMES
