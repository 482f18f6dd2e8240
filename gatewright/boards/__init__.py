"""Boards and the tool flows that reach them."""

from gatewright.boards.parts import DEFAULT_BOARD, Board, boards

__all__ = ["DEFAULT_BOARD", "Board", "boards"]
