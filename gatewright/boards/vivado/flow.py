"""Run Vivado on a design, stage by stage; or tell what to run where it is."""

from __future__ import annotations

import json
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from gatewright.boards.description import Board, ProcessorBoard, ShellBoard
from gatewright.boards.folding import Candidate
from gatewright.boards.pads import with_pads
from gatewright.boards.plan import Plan, ToolRun
from gatewright.boards.report import SynthReport
from gatewright.boards.run import Progress, run_all
from gatewright.boards.synth import choose_clock
from gatewright.boards.top import PADS, PLL
from gatewright.boards.vivado.design import VivadoDesign, addresses_json, no_room
from gatewright.boards.vivado.kernel import MEMORIES
from gatewright.boards.vivado.outcome import check_written, make_report, reached, too_slow
from gatewright.boards.vivado.project import DONE, VIVADO_FOLDER, VIVADO_STAGES, vivado_files
from gatewright.errors import GatewrightError
from gatewright.hls_templates.project.names import ROMS, SOURCES
from gatewright.hls_templates.pynq import DRIVER
from gatewright.tools.programs import VIVADO, find_program

IP_LIST = "ip.f"
FEWER_STREAMS = (
    "Each initial state and each output is a stream, of each layer and direction: let forward() "
    "take and return fewer of them, or put ip/ into a block design of your own (docs/ip.md)."
)
"""The remedy where a block design has no room."""


@dataclass(frozen=True)
class VivadoRequest:
    """What is wanted.

    Attributes:
        board: One with a processor, or with the pins of a UART.
        stages: Of ``VIVADO_STAGES``, in order.
        wanted: The clock in MHz; None for the board's.
        minutes: After which a stage is stopped.
    """

    board: Board
    stages: tuple[str, ...]
    wanted: float | None
    minutes: float

    @property
    def mhz(self) -> float:
        """What is made of it."""
        return clock_for(self.board, self.wanted)


def has_project(board: Board) -> bool:
    """Whether enough is known of a board for a project that ends in a bitstream."""
    return isinstance(board, ProcessorBoard | ShellBoard)


def no_project(board: Board) -> GatewrightError:
    """The error for a board of which too little is known."""
    return GatewrightError(
        "GW-403",
        where=board.name,
        cause="its file has neither a processor nor pins, so that no project can be made.",
        remedy="Add them (docs/boards.md), or leave --flow out: resources are counted.",
    )


def no_block_design(board: Board, candidate: Candidate) -> str:
    """Why a design that fits gets no project on a board with a processor; "" where it gets one."""
    says = no_room(candidate.inputs, candidate.outputs)
    return says and f"{board.title}: {says}. {FEWER_STREAMS}"


def check_room_for_streams(board: Board, candidate: Candidate) -> None:
    """Whether a block design has room for a design.

    Raises:
        GatewrightError: GW-802 for too many streams.
    """
    says = no_room(candidate.inputs, candidate.outputs)
    if says:
        raise GatewrightError("GW-802", where=board.title, cause=f"{says}.", remedy=FEWER_STREAMS)


def clock_for(board: Board, wanted: float | None) -> float:
    """The clock in MHz; of a PLL, the fastest that is not above the one wanted.

    Raises:
        GatewrightError: GW-405 for a clock no PLL makes.
    """
    if isinstance(board, ShellBoard):
        return choose_clock(board, wanted)[1]
    return board.mhz if wanted is None else wanted


def project_files(board: Board, candidate: Candidate, wanted: float | None) -> dict[str, str]:
    """A design and its Vivado project, by path: ``rtl/``, ``ip/``, ``kernel/`` and ``vivado/``.

    Args:
        board: One that has a project.
        candidate: The design.
        wanted: The clock in MHz; None for the board's.
    """
    if isinstance(board, ShellBoard):
        pll, _ = choose_clock(board, wanted)
        rtl = with_pads(board, candidate.rtl, pll)
        own = [f"rtl/{line}" for line in rtl[SOURCES].split()]
        own += [f"rtl/{PLL}.v"] if pll is not None else []
        design = _design(PADS, own, candidate)
        mhz = board.clock.mhz  # of the pad; Vivado finds that behind the PLL
    else:
        rtl = dict(candidate.rtl)
        own = ip_sources(candidate)
        design = _design(candidate.names.ip, own, candidate)
        mhz = clock_for(board, wanted)
    scripts = vivado_files(board, design, mhz)
    if isinstance(board, ProcessorBoard):
        scripts |= _for_driver(board, design, candidate, mhz)
    return {
        **{f"rtl/{path}": text for path, text in rtl.items()},
        **{f"ip/{path}": text for path, text in candidate.ip.items()},
        **candidate.kernel,
        **{f"{VIVADO_FOLDER}/{path}": text for path, text in scripts.items()},
    }


def _for_driver(
    board: ProcessorBoard, design: VivadoDesign, candidate: Candidate, mhz: float
) -> dict[str, str]:
    """What goes to the board beside the bitstream: what compile wrote, and the addresses."""
    name = f"{design.name}.json"
    facts = json.loads(candidate.ip[name])
    facts["addresses"] = addresses_json(board, design, mhz)
    text = json.dumps(facts, indent=1, sort_keys=True)
    return {name: f"{text}\n", DRIVER: candidate.ip[DRIVER]}


def _design(top: str, sources: list[str], candidate: Candidate) -> VivadoDesign:
    roms = (f"rtl/{path}" for path in candidate.rtl if path.startswith(f"{ROMS}/"))
    return VivadoDesign(
        candidate.names.name,
        top,
        tuple(sources),
        tuple(roms),
        candidate.names.rom_dir,
        candidate.inputs,
        candidate.outputs,
        tuple(path for path in candidate.kernel if path.endswith(MEMORIES)),
    )


def ip_sources(candidate: Candidate) -> list[str]:
    """All files of the IP in compile order, relative to the folder that holds ``ip/``."""
    return [_from_ip(line) for line in candidate.ip[IP_LIST].split()]


def _from_ip(line: str) -> str:
    """A path relative to ``ip/`` as one relative to the folder that is in."""
    return line.removeprefix("../") if line.startswith("../") else f"ip/{line}"


def make_vivado_plan(request: VivadoRequest, candidate: Candidate) -> Plan:
    """The project, and a command for each stage."""
    files = project_files(request.board, candidate, request.wanted)
    return Plan(files, tuple(_command(stage, request.minutes) for stage in request.stages))


def kept(request: VivadoRequest, candidate: Candidate, folder: Path) -> bool:
    """Whether a folder has the project that is wanted.

    Raises:
        OSError: If it cannot be read.
    """
    return make_vivado_plan(request, candidate).is_in(folder)


def run_vivado(
    request: VivadoRequest, candidate: Candidate, folder: Path, progress: Progress
) -> SynthReport:
    """Run the stages that are wanted.

    Args:
        request: Board, stages, clock and limit.
        candidate: The design.
        folder: Empty, or what an earlier run of the same plan left, whose stages are not done
            again; gets the project, logs and ``synth.json``.
        progress: Hears what the tool says.

    Raises:
        GatewrightError: GW-801 without the tool, GW-803 if the clock is missed, GW-804 if the tool
            fails or leaves no report, GW-805 if it takes longer than the limit.
    """
    plan = make_vivado_plan(request, candidate)
    if not plan.is_in(folder):
        plan.write(folder)
        shutil.rmtree(folder / VIVADO_FOLDER / DONE, ignore_errors=True)
    for stage, command in zip(request.stages, plan.commands, strict=True):
        if stage == "bitstream":
            _check_clock(request, folder)
        if not (folder / VIVADO_FOLDER / DONE / stage).is_file():
            _run(command, request, folder, progress)
        check_written(folder, stage)
    report = make_report(
        request.board, request.mhz, candidate, folder, request.stages, plan.digest()
    )
    report.write(folder)
    return report


def _check_clock(request: VivadoRequest, folder: Path) -> None:
    timing = reached(folder).timing
    if timing is not None and not timing.met:
        raise too_slow(request.board, request.mhz, timing, folder)


def _run(command: ToolRun, request: VivadoRequest, folder: Path, progress: Progress) -> None:
    try:
        find_program(VIVADO)
    except GatewrightError as error:
        lines = commands_by_hand(request.stages)
        raise GatewrightError(
            error.code,
            where=error.where,
            cause=error.cause,
            remedy=f"{error.remedy} Or copy {folder} to a machine that has it, and there run: "
            f"{' && '.join(lines)}. Copy {VIVADO_FOLDER} back, and this command with --resume "
            "reads its reports.",
        ) from error
    run_all([command], folder, progress)


def _command(stage: str, minutes: float) -> ToolRun:
    """Of one stage; a project is opened anew for each, so that any of them can be the last."""
    return ToolRun(
        f"Vivado: {stage}",
        VIVADO,
        ("-mode", "batch", "-notrace", "-nojournal", "-nolog", "-source", f"{stage}.tcl"),
        f"{VIVADO_FOLDER}/{stage}.log",
        folder=VIVADO_FOLDER,
        gives=f"{VIVADO_FOLDER}/{DONE}/{stage}",
        limit=60 * minutes,
    )


def commands_by_hand(stages: tuple[str, ...] = VIVADO_STAGES) -> tuple[str, ...]:
    """What to type in the folder of the board."""
    runs = (f"{stage}.tcl" for stage in stages)
    return (
        f"cd {shlex.quote(VIVADO_FOLDER)}",
        *(f"vivado -mode batch -source {script}" for script in runs),
    )
