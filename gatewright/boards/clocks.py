"""The setting of a board's PLL for a clock."""

from __future__ import annotations

import math

from gatewright.boards.description import PinnedBoard
from gatewright.boards.families.base import Pll, exact


def choose_pll(board: PinnedBoard, mhz: float) -> Pll | None:
    """The fastest clock that is not above ``mhz``.

    Args:
        board: Its oscillator and the ranges of its PLL.
        mhz: What is wanted.

    Returns:
        A setting; None where the oscillator itself is the fastest.

    Raises:
        ValueError: If neither is slow enough.
    """
    cell = board.family.pll
    source, wanted = exact(board.clock.mhz), exact(mhz)
    if source == wanted:
        return None
    settings = [
        (pll.mhz, cell.merit(source, pll), pll)
        for pll in cell.settings(source, board.pll)
        if pll.mhz <= wanted
    ]
    best = max(settings, key=lambda s: s[:2], default=None)
    if source <= wanted and (best is None or best[0] <= source):
        return None
    if best is None:
        made = (pll.mhz for pll in cell.settings(source, board.pll))
        slowest = math.ceil(min(source, *made) * 1000) / 1000
        from_it = f"from {board.clock.mhz} MHz; the slowest is {slowest:g} MHz"
        raise ValueError(f"no clock of at most {mhz} MHz {from_it}")
    return best[2]
