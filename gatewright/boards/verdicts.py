"""What the counts of a board say of the other parts of its family."""

from __future__ import annotations

from collections.abc import Sequence

from gatewright.boards.catalogue import boards
from gatewright.boards.description import Board
from gatewright.boards.report import Attempt, too_large
from gatewright.boards.usage import UNITS, Usage


def verdicts(board: Board, attempts: Sequence[Attempt]) -> str:
    """Which of the folds that were counted fits each board of a family, or that none does.

    The cells of a design are those of its family, and what is counted is the same behind a
    processor, or behind pins: so only boards of the same kind are told of. Nothing is said of
    folds that were not counted.

    Args:
        board: The one whose design was counted.
        attempts: Its counts, the largest fold first.
    """
    fitting: dict[int, list[str]] = {}
    short = []
    for name, other in sorted(boards().items()):
        if type(other) is not type(board) or other.family != board.family:
            continue
        counts = [
            Attempt(a.multipliers, not too_large(usage), usage)
            for a in attempts
            for usage in [{k: Usage(u.used, other.resources[k]) for k, u in a.usage.items()}]
        ]
        fits = next((count for count in counts if count.fits), None)
        if fits is not None:
            fitting.setdefault(fits.multipliers, []).append(name)
            continue
        worst, usage = counts[-1].worst()
        short.append(f"{name} ({usage.share:.0%} of the {UNITS[worst]})")
    said = [f"{n} multipliers fit {', '.join(names)}" for n, names in sorted(fitting.items())[::-1]]
    if short:
        least = attempts[-1].multipliers
        said.append(f"{least} do not fit {', '.join(short)}, where synth counts smaller folds")
    return f"By the same count, of this family: {'; '.join(said)}." if said else ""
