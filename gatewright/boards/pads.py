"""A design behind the pins of a board: its sources and what stands between."""

from __future__ import annotations

from collections.abc import Mapping

from gatewright.boards.description import PinnedBoard
from gatewright.boards.families.base import Pll
from gatewright.boards.pll import pll_module
from gatewright.boards.top import PADS, PLL, board_top
from gatewright.hls_templates.project.names import SOURCES

BAUD = 115_200


def with_pads(board: PinnedBoard, rtl: Mapping[str, str], pll: Pll | None) -> dict[str, str]:
    """The files of ``rtl/`` with the top level of a board; the PLL is Verilog, and not in the list.

    Args:
        board: Pads and family.
        rtl: A design with a board's shell.
        pll: Setting of the PLL; None where the oscillator is the clock.
    """
    files = dict(rtl)
    files[f"{PADS}.sv"] = board_top(board, pll, BAUD)
    files[SOURCES] = rtl[SOURCES].rstrip("\n") + f"\n{PADS}.sv\n"
    if pll is not None:
        files[f"{PLL}.v"] = pll_module(board, pll)
    return files
