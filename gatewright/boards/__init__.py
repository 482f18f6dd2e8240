"""Boards and the tool flows that reach them."""

from gatewright.boards.description import OpenBoard, open_boards
from gatewright.boards.parts import DEFAULT_BOARD, Board, boards
from gatewright.boards.report import SynthReport

__all__ = ["DEFAULT_BOARD", "Board", "OpenBoard", "SynthReport", "boards", "open_boards"]
