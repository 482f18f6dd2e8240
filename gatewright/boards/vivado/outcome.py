"""What the runs of Vivado came to, as the report of a board."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from gatewright.boards.description import Board, ShellBoard
from gatewright.boards.folding import Candidate
from gatewright.boards.report import Attempt, SynthReport, too_large
from gatewright.boards.usage import Usage
from gatewright.boards.vendor_report import vendor_report
from gatewright.boards.vivado.project import (
    OOC_UTILIZATION,
    POWER,
    TIMING,
    UTILIZATION,
    VIVADO_FOLDER,
)
from gatewright.boards.vivado.reports import (
    Power,
    Utilization,
    VivadoTiming,
    read_power,
    read_timing_summary,
    read_utilization,
)
from gatewright.boards.vivado.summary import VivadoReport
from gatewright.errors import GatewrightError
from gatewright.hls_templates.pynq import DRIVER

T = TypeVar("T")


@dataclass(frozen=True)
class Reached:
    """The reports of a project; None for what was not done."""

    alone: Utilization | None
    whole: Utilization | None
    timing: VivadoTiming | None
    power: Power | None


def reached(folder: Path) -> Reached:
    """Read the reports below ``vivado/`` of a folder.

    Raises:
        GatewrightError: GW-804 for one that cannot be read.
    """
    below = folder / VIVADO_FOLDER
    return Reached(
        _read(below / OOC_UTILIZATION, read_utilization),
        _read(below / UTILIZATION, read_utilization),
        _read(below / TIMING, read_timing_summary),
        _read(below / POWER, read_power),
    )


def onto_the_board(board: Board, name: str) -> str:
    """What is to be done with the bitstream of a project."""
    bit = f"{VIVADO_FOLDER}/{name}.bit"
    if isinstance(board, ShellBoard):
        return f"The bitstream is loaded by {load_command(board, name)}, and run by gatewright run."
    return (
        f"Copy {bit}, {name}.hwh, {name}.json and {DRIVER}, which lie there, into one folder of "
        "the board (docs/pynq.md)."
    )


def load_command(board: ShellBoard, name: str) -> str:
    """What loads the bitstream of a project, in the folder of the board."""
    return f"openFPGALoader -b {board.loader} {VIVADO_FOLDER}/{name}.bit"


WRITTEN_BY = {"ooc": (OOC_UTILIZATION,), "implement": (UTILIZATION, TIMING, POWER)}
"""The reports that a stage has to leave."""


def check_written(folder: Path, stage: str) -> None:
    """Whether a stage left its reports.

    Raises:
        GatewrightError: GW-804.
    """
    below = folder / VIVADO_FOLDER
    for name in WRITTEN_BY.get(stage, ()):
        if not (below / name).is_file():
            raise GatewrightError(
                "GW-804",
                where=str(below / name),
                cause="there is no such report of Vivado.",
                remedy=f"Read {below / stage}.log.",
            )


def make_report(
    board: Board,
    mhz: float,
    candidate: Candidate,
    folder: Path,
    stages: tuple[str, ...],
    plan: str,
) -> SynthReport:
    """What the reports in a folder say.

    Args:
        board: The board.
        mhz: The clock.
        candidate: What was synthesized.
        folder: Where.
        stages: That were wanted.
        plan: Digest of files and commands.

    Raises:
        GatewrightError: GW-804 for a report that cannot be read.
    """
    found = reached(folder)
    used = usage(found, board.resources)
    name = candidate.names.name
    bit = f"{VIVADO_FOLDER}/{name}.bit"
    made = bit if (folder / bit).is_file() else ""
    summary = VivadoReport(
        version=next((u.version for u in (found.whole, found.alone) if u is not None), ""),
        stages=stages,
        state=next((u.state for u in (found.whole, found.alone) if u is not None), ""),
        timing=found.timing,
        power=found.power,
        alone=usage(Reached(found.alone, None, None, None), board.resources),
    )
    return vendor_report(
        board,
        candidate,
        used,
        (Attempt(candidate.multipliers, not too_large(used), used),),
        mhz,
        plan,
        note=onto_the_board(board, name)
        if made
        else "There is no bitstream: its stages were not asked for.",
        bitstream=made,
        load=load_command(board, name) if isinstance(board, ShellBoard) else "",
        vivado=summary,
    )


def usage(found: Reached, available: Mapping[str, int]) -> dict[str, Usage]:
    """Resources of the whole project; of the design alone where that is all there is."""
    source = found.whole or found.alone
    if source is None:
        return {}
    return {name: Usage(math.ceil(source.used[name]), count) for name, count in available.items()}


def too_slow(board: Board, mhz: float, timing: VivadoTiming, folder: Path) -> GatewrightError:
    """The error for a clock that is missed."""
    if timing.wns_ns < 0:
        slower = math.floor(10_000 / (1000 / mhz - timing.wns_ns)) / 10
        ask = f"Ask for --clock {slower:g}, or take fewer --multipliers."
    elif timing.whs_ns < 0:
        ask = "No slower clock mends a hold time: read the timing summary, or change --multipliers."
    else:
        ask = "Ask for a slower --clock: a pulse of it is too short, as the timing summary says."
    return GatewrightError(
        "GW-803",
        where=f"{board.title} at {mhz:g} MHz",
        cause=f"{timing.wns_ns:g} ns of the period are left to the slowest path and "
        f"{timing.whs_ns:g} ns to the shortest; {timing.failing} of {timing.endpoints} endpoints "
        "miss it.",
        remedy=f"{ask} {folder / VIVADO_FOLDER} has the reports, and no bitstream: it could give "
        "wrong integers.",
    )


def _read(path: Path, read: Callable[[str], T]) -> T | None:
    if not path.is_file():
        return None
    try:
        return read(path.read_text(errors="replace"))
    except (OSError, ValueError, LookupError) as error:
        raise GatewrightError(
            "GW-804",
            where=str(path),
            cause=f"this report of Vivado cannot be read ({error}).",
            remedy="Report it with that file: another version of the tool may write another form.",
        ) from error
