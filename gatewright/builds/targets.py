"""Boards that an option names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gatewright.boards import Board, OpenBoard, boards, open_boards
from gatewright.boards.catalogue import SUFFIX, read_file
from gatewright.errors import GatewrightError


def find_board(name: Any) -> Board:
    """The vendor's board of that name, or of a file of the user's own, for its project.

    Raises:
        GatewrightError: GW-403; GW-408 for a file that is no board's.
    """
    board = _own_board(name) or boards().get(str(name))
    if isinstance(board, Board):
        return board
    purpose = "for its vendor's tools; others are for gatewright synth"
    raise _unknown_board(name, boards(), purpose)


def find_target(name: Any) -> Board | OpenBoard:
    """The board of that name, or of a file of the user's own, for synthesis.

    Raises:
        GatewrightError: GW-403; GW-408 for a file that is no board's.
    """
    known: dict[str, Board | OpenBoard] = {**open_boards(), **boards()}
    board = _own_board(name) or known.get(str(name))
    if board is not None:
        return board
    raise _unknown_board(name, known, "to synthesize for")


def spelled(name: str) -> str:
    """A board's name, or the whole path of its file: what finds it again from anywhere."""
    return str(Path(name).resolve()) if name.endswith(SUFFIX) else name


def _own_board(name: Any) -> Board | OpenBoard | None:
    """What a path ending in ``.toml`` names; None for a name."""
    if not isinstance(name, str) or not name.endswith(SUFFIX):
        return None
    try:
        return read_file(Path(name))
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise GatewrightError(
            "GW-408",
            where=name,
            cause=f"{said}.",
            remedy="Correct the file: docs/boards.md has its keys, and gatewright boards shows "
            "the boards that need none.",
        ) from error


def _unknown_board(name: Any, known: Iterable[str], purpose: str) -> GatewrightError:
    return GatewrightError(
        "GW-403",
        where=str(name),
        cause=f"there is no such board {purpose}.",
        remedy=f"Use one of {', '.join(known)}; or the path of a .toml file of your own.",
    )
