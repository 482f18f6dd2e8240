"""Run Vitis HLS on a design: once more where its pipeline is deeper than predicted."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

from gatewright.boards.plan import Plan, ToolRun
from gatewright.boards.report import SynthReport
from gatewright.boards.run import Progress, run_all
from gatewright.boards.vitis.deepen import deeper
from gatewright.boards.vitis.outcome import make_report, scheduled_in
from gatewright.boards.vitis.report import complaints, hold
from gatewright.boards.vitis.request import HLS_PROJECT, HlsCandidate, HlsRequest
from gatewright.errors import GatewrightError
from gatewright.tools.programs import VITIS, find_program

PROJECT_FOLDER = "hls"
HLS_SCRIPT = f"{PROJECT_FOLDER}/run_hls.tcl"
EARLY = ("csim", "csynth")
"""Stages after which it shows whether the schedule has to be made again."""
MARKS = f"{HLS_PROJECT}/gatewright"
"""Where the script notes which stages are done."""
DEPTH = "hls_depth"
"""What a second run is noted in, with its cycles from an h to the next."""
LOGS = ("vitis_1.log", "vitis_2.log")
"""Of the early stages, and of all."""

FoldForHls = Callable[[int | None], HlsCandidate]
"""The design for so many cycles from an h to the next; None for those of the build."""


def resumable(request: HlsRequest, fold: FoldForHls, folder: Path) -> bool:
    """Whether a folder has the project that is wanted, or what it became in a second run.

    Raises:
        GatewrightError: GW-405 for a depth that there is not.
    """
    return make_hls_plan(request, fold(_second_depth(folder))).is_in(folder)


def was_scheduled(folder: Path) -> bool:
    """Whether Vitis HLS has come to the end of a stage in a folder of a board.

    Raises:
        OSError: If it cannot be read.
    """
    return (folder / MARKS).is_dir()


def make_hls_plan(request: HlsRequest, candidate: HlsCandidate) -> Plan:
    """The project, and the command that runs it."""
    files = {f"{PROJECT_FOLDER}/{path}": text for path, text in candidate.files.items()}
    return Plan(files, (_command("vitis_hls", request.stages, LOGS[1], request),))


def run_vitis(
    request: HlsRequest, fold: FoldForHls, folder: Path, progress: Progress
) -> SynthReport:
    """Run the stages that are wanted.

    Args:
        request: Board, stages, clock and limit.
        fold: Gives the design.
        folder: Empty, or what an earlier run of the same plan left, whose stages are not done
            again; gets the project, logs and ``synth.json``.
        progress: Hears what the tool says.

    Raises:
        GatewrightError: GW-801 without the tool, GW-804 if it fails or leaves no report, GW-805 if
            it takes longer than the limit.
    """
    early = tuple(stage for stage in request.stages if stage in EARLY)
    candidate = fold(_second_depth(folder))
    plan = _write(request, candidate, folder)
    _run(request, early, LOGS[0], folder, progress)
    said = _complaints(folder, LOGS[0])
    scheduled = scheduled_in(folder, candidate.names).scheduled
    assert scheduled is not None
    depth = deeper(hold(candidate.predicted, scheduled.modules), said)
    if depth is not None:
        progress(f"once more, for {depth} cycles from h to h", "")
        candidate, said = fold(depth), ()
        plan = _write(request, candidate, folder)
        (folder / DEPTH).write_text(str(depth))
    if depth is not None or request.stages != early:
        _run(request, request.stages, LOGS[1], folder, progress)
        said = complaints("\n".join((*said, *_complaints(folder, LOGS[1]))))
    report = make_report(request, candidate, folder, said, plan.digest())
    report.write(folder)
    return report


def _second_depth(folder: Path) -> int | None:
    """That of a second run which was begun there."""
    path = folder / DEPTH
    return int(path.read_text()) if path.is_file() else None


def _write(request: HlsRequest, candidate: HlsCandidate, folder: Path) -> Plan:
    """Write a project, unless it is there: what was done of it need not be done again."""
    plan = make_hls_plan(request, candidate)
    if not plan.is_in(folder):
        plan.write(folder)
        shutil.rmtree(folder / MARKS, ignore_errors=True)
    return plan


def _done(folder: Path, stages: tuple[str, ...]) -> bool:
    """Whether the script has noted that all of them are done, here or elsewhere."""
    return all(any((folder / MARKS).glob(f"{stage}*")) for stage in stages)


def _run(
    request: HlsRequest, stages: tuple[str, ...], log: str, folder: Path, progress: Progress
) -> None:
    if _done(folder, stages):
        return
    try:
        tool = find_program(VITIS)
    except GatewrightError as error:
        raise _elsewhere(error, request, folder) from error
    run_all([_command(Path(tool.command[0]).name, stages, log, request)], folder, progress)


def _complaints(folder: Path, log: str) -> tuple[str, ...]:
    """By our log, or by the tool's own where it was run by hand."""
    paths = (folder / log, folder / "vitis_hls.log")
    said = next((path.read_text(errors="replace") for path in paths if path.is_file()), "")
    return complaints(said)


def _command(program: str, stages: tuple[str, ...], log: str, request: HlsRequest) -> ToolRun:
    """``vitis_hls -f`` is what versions before 2023.2 have; later ones drop it."""
    old = program.startswith("vitis_hls")
    return ToolRun(
        f"Vitis HLS: {', '.join(stages)}",
        VITIS,
        ("-f", HLS_SCRIPT) if old else ("--mode", "hls", "--tcl", HLS_SCRIPT),
        log,
        environment={"GW_PROJECT": HLS_PROJECT, "GW_STAGES": " ".join(stages)},
        limit=60 * request.minutes,
    )


def _elsewhere(error: GatewrightError, request: HlsRequest, folder: Path) -> GatewrightError:
    command = _command("vitis-run", request.stages, LOGS[1], request)
    stages = shlex.quote(command.environment["GW_STAGES"])
    return GatewrightError(
        error.code,
        where=error.where,
        cause=error.cause,
        remedy=f"{error.remedy} Or copy {folder / PROJECT_FOLDER} to a machine that has it, and "
        f"beside it run: GW_STAGES={stages} vitis-run {shlex.join(command.args)}; before 2023.2: "
        f"GW_STAGES={stages} vitis_hls -f {HLS_SCRIPT}. Copy {HLS_PROJECT} back to {folder}, and "
        "this command with --resume reads its reports.",
    )
