"""Resource counts on parts whose place and route is the vendor's: yosys alone."""

from __future__ import annotations

from pathlib import Path

from gatewright.boards.description import Board
from gatewright.boards.folding import Candidate, Fold, does_not_fit, folds, say_too_large
from gatewright.boards.plan import Plan, ToolRun
from gatewright.boards.report import Attempt, SynthReport, count_cells, too_large
from gatewright.boards.run import Progress, run_all
from gatewright.boards.usage import Usage
from gatewright.boards.vendor_report import vendor_report
from gatewright.boards.verdicts import verdicts
from gatewright.boards.vivado.flow import (
    clock_for,
    commands_by_hand,
    has_project,
    ip_sources,
    no_block_design,
    project_files,
)
from gatewright.boards.vivado.outcome import onto_the_board
from gatewright.hls_templates.project.names import SOURCES
from gatewright.tools.programs import YOSYS

COUNTED = "count.f"
NO_PROJECT = "No Vivado project is written, and the count is of the design without its IP: {}"
WRITTEN = (
    "Its project is in vivado/, checked against a model of Vivado's commands and never against "
    "Vivado: run the commands where that is installed."
)
NOTE = (
    "Synthesis only, by yosys: place and route of this part needs Vivado, which also says its Fmax."
)


def count_resources(
    board: Board,
    multipliers: int | None,
    first: int,
    fold: Fold,
    folder: Path,
    progress: Progress,
    wanted: float | None,
) -> SynthReport:
    """Synthesize a design for a vendor's part and count what it takes, and write its project.

    Args:
        board: The part.
        multipliers: Budget of a recurrent layer; None to begin at ``first`` and halve it until the
            design fits.
        first: See there.
        fold: Gives the design at a fold, without a board's shell.
        folder: An empty folder; gets sources, log and ``synth.json``.
        progress: Hears what yosys says.
        wanted: The clock in MHz; None for the board's.

    Raises:
        GatewrightError: GW-701 without yosys, GW-802 if the design does not fit, GW-804 if yosys
            fails.
    """
    attempts: list[Attempt] = []
    for candidate in folds(multipliers, first, fold):
        plan = make_plan(board, candidate, wanted)
        usage = count_plan(board, plan, folder, progress)
        attempts.append(Attempt(candidate.multipliers, not too_large(usage), usage))
        if attempts[-1].fits:
            break
        say_too_large(attempts[-1], progress)
    else:
        raise does_not_fit(
            board.title,
            attempts[-1],
            multipliers,
            fold,
            lambda smaller: count_plan(board, make_plan(board, smaller, wanted), folder, progress),
        )
    project, without = _has_project(board, candidate), no_block_design(board, candidate)
    notes = [
        NOTE,
        *filter(None, [verdicts(board, attempts)]),
        *[WRITTEN, onto_the_board(board, candidate.names.name)] * project,
        *[NO_PROJECT.format(without)] * bool(without),
    ]
    report = vendor_report(
        board,
        candidate,
        usage,
        tuple(attempts),
        clock_for(board, wanted),
        plan.digest(),
        note=" ".join(notes),
        commands=commands_by_hand() if project else (),
    )
    report.write(folder)
    return report


def _has_project(board: Board, candidate: Candidate) -> bool:
    return has_project(board) and not no_block_design(board, candidate)


def make_plan(board: Board, candidate: Candidate, wanted: float | None) -> Plan:
    """The files, Vivado's project among them, and the one command that counts cells."""
    files = {f"rtl/{path}": text for path, text in candidate.rtl.items()}
    project = _has_project(board, candidate)
    if project:
        files = project_files(board, candidate, wanted)
    if project and candidate.ip:
        # What is counted is the whole IP, whose files lie in two folders.
        read = f'--top {candidate.names.ip} -D {candidate.names.rom_dir}="rtl/" -f {COUNTED}'
        files[COUNTED] = "".join(f"{path}\n" for path in ip_sources(candidate))
        top, folder = candidate.names.ip, "."
    else:
        top, folder = candidate.names.top, "rtl"
        read = f"--top {top} -f {SOURCES}"
    up = "" if folder == "." else "../"
    files["synth.ys"] = (
        f"read_slang -j 1 {read}\n"
        f"{board.family.synth} -top {top} -noiopad\n"
        f"tee -q -o {up}cells.json stat -json\n"
    )
    args = ("-s", f"{up}synth.ys")
    command = ToolRun("synthesize", YOSYS, args, "synthesize.log", folder, "cells.json")
    return Plan(files, (command,))


def count_plan(board: Board, plan: Plan, folder: Path, progress: Progress) -> dict[str, Usage]:
    """What a plan's design takes, also where that is more than the part has.

    Raises:
        GatewrightError: GW-701 without yosys, GW-804 if it fails.
    """
    plan.write(folder)
    run_all(plan.commands, folder, progress)
    return count_cells(board, (folder / "cells.json").read_text())
