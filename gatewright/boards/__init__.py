"""Boards and the tool flows that reach them."""

from gatewright.boards.catalogue import DEFAULT_BOARD, boards, open_boards
from gatewright.boards.description import Board, OpenBoard, ProcessorBoard, ShellBoard
from gatewright.boards.report import SynthReport

__all__ = [
    "DEFAULT_BOARD",
    "Board",
    "OpenBoard",
    "ProcessorBoard",
    "ShellBoard",
    "SynthReport",
    "boards",
    "open_boards",
]
