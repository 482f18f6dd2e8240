"""The report of a vendor's board: what all of its flows say in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from gatewright.boards.description import Board
from gatewright.boards.report import Attempt, SynthReport
from gatewright.boards.usage import Usage


class Folded(Protocol):
    """A design at a fold, whatever it is written in."""

    @property
    def multipliers(self) -> int:
        """The budget that it was folded for."""

    @property
    def steps(self) -> int:
        """Time steps of the sequence that ``cycles`` is of."""

    @property
    def cycles(self) -> int:
        """Predicted for it."""


def vendor_report(
    board: Board,
    design: Folded,
    usage: Mapping[str, Usage],
    attempts: tuple[Attempt, ...],
    mhz: float,
    plan: str,
    **more: Any,
) -> SynthReport:
    """A report without nextpnr's placement.

    Args:
        board: The board.
        design: What was made for it.
        usage: What it takes.
        attempts: Folds tried; the last one is this.
        mhz: The clock.
        plan: Digest of files and commands.
        more: What the flow has besides, by the names of ``SynthReport``.
    """
    facts = {"bitstream": "", "load": "", **more}
    return SynthReport(
        board=board.name,
        title=board.title,
        device=board.part,
        multipliers=design.multipliers,
        usage=usage,
        attempts=attempts,
        clock_mhz=mhz,
        timing=None,
        seed=None,
        steps=design.steps,
        cycles=design.cycles,
        plan=plan,
        **facts,
    )
