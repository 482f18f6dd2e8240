"""Run Vitis HLS on a project, and read what it reports."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gatewright.boards.description import Board
from gatewright.boards.plan import Plan, ToolRun
from gatewright.boards.report import Attempt, SynthReport, Usage, too_large
from gatewright.boards.run import Progress, run_all
from gatewright.boards.vitis.report import (
    HlsReport,
    Predicted,
    Reports,
    complaints,
    hold,
    read_reports,
)
from gatewright.errors import GatewrightError
from gatewright.hls_templates.project.names import TOP
from gatewright.tools.programs import VITIS, find_program

HLS_STAGES = ("csim", "csynth", "cosim", "export")
LIMIT = 120
"""Minutes after which the tool is stopped, unless somebody says otherwise."""
PROJECT_FOLDER = "hls"
LOG = "vitis.log"
HLS_SCRIPT = f"{PROJECT_FOLDER}/run_hls.tcl"
HLS_PROJECT = f"{TOP}_project"
SOLUTION = f"{HLS_PROJECT}/solution1"


@dataclass(frozen=True)
class HlsRequest:
    """What is wanted.

    Attributes:
        board: A vendor's board.
        stages: Of ``HLS_STAGES``.
        clock_ns: The period of the clock.
        minutes: After which the tool is stopped.
    """

    board: Board
    stages: tuple[str, ...]
    clock_ns: float
    minutes: float


@dataclass(frozen=True)
class HlsCandidate:
    """A design as an HLS project.

    Attributes:
        multipliers: The budget that it was folded for.
        files: Of the project, by path, with golden vectors.
        predicted: Of each kernel.
        steps: Time steps of the sequence that ``cycles`` is of.
        cycles: Predicted for it.
        simulated_steps: Time steps of each sequence of the golden vectors.
        simulated_cycles: Predicted for one.
    """

    multipliers: int
    files: Mapping[str, str]
    predicted: tuple[Predicted, ...]
    steps: int
    cycles: int
    simulated_steps: int
    simulated_cycles: int


def make_hls_plan(request: HlsRequest, candidate: HlsCandidate) -> Plan:
    """The project, and the command that runs it."""
    files = {f"{PROJECT_FOLDER}/{path}": text for path, text in candidate.files.items()}
    return Plan(files, (_command("vitis_hls", request),))


def run_vitis(
    request: HlsRequest, candidate: HlsCandidate, folder: Path, progress: Progress
) -> SynthReport:
    """Run the stages that are wanted.

    Args:
        request: Board, stages, clock and limit.
        candidate: The design.
        folder: Empty, or what an earlier run of the same plan left, whose stages are not done
            again; gets the project, the log and ``synth.json``.
        progress: Hears what the tool says.

    Raises:
        GatewrightError: GW-801 without the tool, GW-804 if it fails or leaves no report, GW-805 if
            it takes longer than the limit.
    """
    plan = make_hls_plan(request, candidate)
    if not plan.is_in(folder):
        plan.write(folder)
    try:
        tool = find_program(VITIS)
    except GatewrightError as error:
        raise _elsewhere(error, request, folder) from error
    run_all([_command(Path(tool.command[0]).name, request)], folder, progress)
    report = make_report(request, candidate, folder, plan.digest())
    report.write(folder)
    return report


def _command(program: str, request: HlsRequest) -> ToolRun:
    """``vitis_hls -f`` is what versions before 2023.2 have; later ones drop it."""
    old = program.startswith("vitis_hls")
    return ToolRun(
        "Vitis HLS",
        VITIS,
        ("-f", HLS_SCRIPT) if old else ("--mode", "hls", "--tcl", HLS_SCRIPT),
        LOG,
        environment={"GW_PROJECT": HLS_PROJECT, "GW_STAGES": " ".join(request.stages)},
        limit=60 * request.minutes,
    )


def _elsewhere(error: GatewrightError, request: HlsRequest, folder: Path) -> GatewrightError:
    command = _command("vitis-run", request)
    stages = shlex.quote(command.environment["GW_STAGES"])
    return GatewrightError(
        error.code,
        where=error.where,
        cause=error.cause,
        remedy=f"{error.remedy} Or copy {folder / PROJECT_FOLDER} to a machine that has it, and "
        f"beside it run: GW_STAGES={stages} vitis-run {shlex.join(command.args)}; before 2023.2: "
        f"GW_STAGES={stages} vitis_hls -f {HLS_SCRIPT}.",
    )


def make_report(
    request: HlsRequest, candidate: HlsCandidate, folder: Path, plan: str
) -> SynthReport:
    """What the reports in a folder say.

    Raises:
        GatewrightError: GW-804 where there are none, or one cannot be read.
    """
    board = request.board
    reports = read_reports(folder / SOLUTION)
    scheduled = reports.scheduled
    if scheduled is None:
        raise GatewrightError(
            "GW-804",
            where=str(folder / SOLUTION),
            cause="there is no report of C synthesis.",
            remedy=f"Read {folder / LOG}; csynth has to be among the stages.",
        )
    log = folder / LOG
    used = usage(reports, board.resources)
    hls = HlsReport(
        version=scheduled.version,
        stages=request.stages,
        target_ns=scheduled.target_ns,
        uncertainty_ns=scheduled.uncertainty_ns,
        estimated_ns=scheduled.estimated_ns,
        kernels=hold(candidate.predicted, scheduled.modules),
        simulated_steps=candidate.simulated_steps,
        predicted_cycles=candidate.simulated_cycles,
        cosimulation=reports.cosimulation,
        implementation=reports.implementation,
        not_taken=scheduled.not_taken,
        messages=complaints(log.read_text(errors="replace")) if log.is_file() else (),
    )
    return SynthReport(
        board=board.name,
        title=board.title,
        device=board.part,
        multipliers=candidate.multipliers,
        usage=used,
        attempts=(Attempt(candidate.multipliers, not too_large(used), used),),
        clock_mhz=1000 / request.clock_ns,
        timing=None,
        seed=None,
        steps=candidate.steps,
        cycles=candidate.cycles,
        bitstream="",
        load="",
        plan=plan,
        note=_note(hls),
        hls=hls,
    )


def usage(reports: Reports, available: Mapping[str, int]) -> dict[str, Usage]:
    """Resources by Vivado's count, where it was run, else by the estimate of C synthesis."""
    source = reports.implementation or reports.scheduled
    if source is None:
        return {}
    whole = {**source.used, "bram": math.ceil(source.used["bram"] / 2)}
    return {name: Usage(count, available[name]) for name, count in whole.items()}


def _note(hls: HlsReport) -> str:
    if hls.implementation is None:
        return "Resources and the clock are the estimates of C synthesis."
    done = "place and route" if hls.implementation.routed else "synthesis"
    return f"Resources and the clock are Vivado's, after {done} of the kernel alone."
