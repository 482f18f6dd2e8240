"""What is known of each board, and what is not."""

from __future__ import annotations

from typing import Any

from gatewright.boards.description import Board, OpenBoard, PinnedBoard, ProcessorBoard, ShellBoard

NEVER_RUN = "no bitstream of it was run on the board"
NO_TIMING = "whether its clock is met, before Vivado was run"


def facts(board: Board | OpenBoard) -> dict[str, Any]:
    """A board, for ``--json``: what its file says, its flows, and what nobody knows."""
    processor = board.processor.title if isinstance(board, ProcessorBoard) else None
    return {
        "name": board.name,
        "title": board.title,
        "family": board.family.name,
        "part": board.device if isinstance(board, OpenBoard) else board.part,
        "processor": processor,
        "clock_mhz": board.clock.target_mhz if isinstance(board, OpenBoard) else board.mhz,
        "resources": dict(board.resources),
        "flows": flows(board),
        "reached_by": reached_by(board),
        "known": known(board),
        "unknown": unknown(board),
        "sources": list(board.sources) if isinstance(board, Board) else [],
    }


def flows(board: Board | OpenBoard) -> list[str]:
    """What ``synth`` can do for it: ``open``; or ``count``, ``vivado`` and ``vitis``."""
    if isinstance(board, OpenBoard):
        return ["open"]
    whole = isinstance(board, ProcessorBoard | ShellBoard)
    return ["count", *(["vivado"] if whole else []), "vitis"]


def reached_by(board: Board | OpenBoard) -> str:
    """How a program reaches the design on it."""
    if isinstance(board, ProcessorBoard):
        return f"DMA from its {board.processor.title} (PYNQ)"
    return "UART" if isinstance(board, PinnedBoard) else ""


def known(board: Board | OpenBoard) -> list[str]:
    """Facts that its file has."""
    found = ["part", "resources"]
    if isinstance(board, ProcessorBoard):
        found += ["clock of the fabric", *(["preset"] if board.board_part else [])]
    if isinstance(board, PinnedBoard):
        found += ["oscillator", "PLL", "UART"]
        found += ["reset"] if board.reset else []
        found += ["LED"] if board.led else []
    return found


def unknown(board: Board | OpenBoard) -> list[str]:
    """What its file lacks, and what no tool here can tell."""
    missing = []
    if isinstance(board, ProcessorBoard) and not board.board_part:
        missing.append("preset")
    if isinstance(board, PinnedBoard):
        missing += [] if board.reset else ["reset"]
        missing += [] if board.led else ["LED"]
    elif not isinstance(board, ProcessorBoard):
        missing.append("processor or pins")
    return [*missing, *([] if isinstance(board, OpenBoard) else [NO_TIMING]), NEVER_RUN]
