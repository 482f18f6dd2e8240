"""Synthesize a build for a board."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from gatewright.boards import Board, ShellBoard, SynthReport
from gatewright.boards.description import ProcessorBoard
from gatewright.boards.folding import Candidate
from gatewright.boards.report import SYNTH_JSON
from gatewright.boards.shell import build_digest, shell_files
from gatewright.boards.synth import Request, choose_clock, synthesize
from gatewright.boards.vendor import count_resources
from gatewright.boards.vitis.flow import resumable, run_vitis
from gatewright.boards.vitis.report import Predicted
from gatewright.boards.vitis.request import HlsCandidate, HlsRequest
from gatewright.boards.vivado.design import IpStream
from gatewright.boards.vivado.flow import (
    VivadoRequest,
    check_room_for_streams,
    clock_for,
    has_project,
    kept,
    no_project,
    run_vivado,
)
from gatewright.boards.vivado.kernel import KERNEL_FOLDER, has_export, read_kernel
from gatewright.boards.vivado.project import has_results
from gatewright.builds.documents import Documents
from gatewright.builds.fold import folded, folded_for_hls, folded_ip
from gatewright.builds.folder import SYNTH, place_in, tried_of, trying, writing
from gatewright.builds.golden import golden_steps, golden_vectors
from gatewright.builds.manifest import read_manifest
from gatewright.builds.options import (
    check_clock,
    check_core,
    check_flow,
    check_limit,
    check_seeds,
    check_stages,
    check_vivado_stages,
    operator_ns,
    positive,
    refuse_unused,
)
from gatewright.builds.targets import find_board, find_target
from gatewright.errors import GatewrightError
from gatewright.files.reading import MAX_FACTS, read_json
from gatewright.hls_templates import least_budget
from gatewright.hls_templates.ip import hls_ip_files, ip_files
from gatewright.hls_templates.kernels.recurrent.kernel import RecurrentRecord
from gatewright.hls_templates.project.hls import project_files
from gatewright.hls_templates.project.names import SOURCES, Names
from gatewright.hls_templates.project.rtl import library_files, rtl_files
from gatewright.hls_templates.pynq import driver_files
from gatewright.hls_templates.records import KernelRecord
from gatewright.hls_templates.rtl.cut import UNCUT, Cut

MARGINS = (1.0, 1.3)
"""What the clock that recurrent layers are cut for is to the one that is asked, in turn: wires of a
full device are longer than those that delays were measured with."""


def synth(
    build: Documents,
    board: str | None = None,
    *,
    multipliers: int | None = None,
    clock: float | None = None,
    seeds: int | None = None,
    flow: str | None = None,
    stages: Iterable[str] | None = None,
    limit: float | None = None,
    resume: bool = False,
    core: str | None = None,
    progress: Callable[[str, str], None] | None = None,
) -> SynthReport:
    """Make a board's bitstream of a build, in ``synth/BOARD`` of its folder.

    The integers stay those of the build; how the layers are folded is chosen for the board. What an
    attempt that fails leaves is in ``synth/BOARD.tried``; an earlier bitstream stays where it is.
    A folder in which Vivado has run, or Vitis HLS has exported a kernel, is never deleted by Vivado
    or the count: it becomes ``synth/BOARD.before``.

    Args:
        build: The build.
        board: Its name, or the path of a ``.toml`` of one's own; None for that of the build. For a
            vendor's board resources are counted and its Vivado project is written, and nothing is
            placed.
        multipliers: Budget of a recurrent layer. None begins at the board's own, on a vendor's
            board at that of the build, and halves it until the design fits.
        clock: MHz; None for the board's target. The PLL makes the fastest one not above it.
        seeds: How many placements to try; the fastest is kept. None to go on, four times at the
            most, until the clock is met; a clock that is missed by far is given up at once.
        flow: For a vendor's board, AMD's tools in place of the open ones: ``vivado`` to run Vivado
            on the project, ``vitis`` to run Vitis HLS on ``hls/``. Either begins at the build's
            budget of multipliers and does not halve it; the clock of the latter is the one asked
            for.
        stages: What Vivado is to do of ``ooc``, ``project``, ``implement``, ``bitstream`` and
            ``export``, or Vitis HLS of ``csim``, ``csynth``, ``cosim`` and ``export``; None for
            all.
        limit: Minutes after which a run of it is stopped; None for two hours.
        resume: Go on from what an earlier attempt at the same design left in ``BOARD.tried``, which
            is opened as a project then; else, of Vivado, from a copy of ``BOARD`` in which it was
            run by hand, at its multipliers. Another design begins anew all the same.
        core: What computes in the project for Vivado: ``rtl``, the SystemVerilog, also for None; or
            ``hls``, the kernel that Vitis HLS exported to ``synth/BOARD`` before.
        progress: Called with the stage and a line of the tool at work.

    Returns:
        Resources, timing, cycles; ``synth.json`` holds the same.

    Raises:
        GatewrightError: GW-403 for an unknown board, GW-404 if the folder cannot be written, GW-405
            for a bad option, GW-801 if a tool is missing, GW-802 if the design does not fit, GW-803
            if the clock is not met, GW-804 if a tool fails, GW-805 if a tool takes too long,
            GW-806 without the kernel of Vitis HLS that is wanted.
    """
    report = progress or (lambda stage, line: None)
    name = read_manifest(build.path)["board"] if board is None else board
    wanted = check_flow(flow)
    if wanted is not None:
        refuse_unused({"seeds": seeds}, "place and route by the open tools")
        if wanted == "vivado":
            return _by_vivado(
                build, name, multipliers, clock, stages, limit, resume, report, check_core(core)
            )
        refuse_unused({"core": core}, "--flow vivado")
        return _by_vitis(build, name, multipliers, clock, stages, limit, resume, report)
    options = {"stages": stages, "limit": limit, "resume": resume or None, "core": core}
    refuse_unused(options, "--flow vivado and --flow vitis")
    target = find_target(name)
    budget, mhz = positive("multipliers", multipliers), check_clock(clock)
    count = check_seeds(seeds)
    # Refused before a folder is touched.
    if isinstance(target, Board):
        clock_for(target, mhz)
        cuts = _vendor_cuts(build, target, mhz)
    else:
        asked = choose_clock(target, mhz)[1]
    place = place_in(build.path, f"{SYNTH}/{target.name}")
    aside = partial(_say_kept, report)
    with trying(place, spare=_is_work, aside=aside) as folder, writing(folder):
        if isinstance(target, Board):
            # An earlier version kept no budget below the least.
            least = least_budget(build.integer.graph)
            first = max(read_manifest(build.path)["multipliers"], least)
            fold = partial(vendor_candidate, build, target, cuts=cuts)
            return count_resources(target, budget, first, fold, folder, report, mhz)
        request = Request(target, mhz, budget, count)
        ways = [target.family.cuts(asked * more) for more in MARGINS]
        ways.append((target.family.uncut,))
        folds = [partial(candidate, build, cuts=cuts) for cuts in dict.fromkeys(ways)]
        return synthesize(request, folds, folder, report)


def _vendor_cuts(build: Documents, board: Board, mhz: float | None) -> tuple[Cut, ...]:
    """For the clock that is asked for, here or in ``compile``; else every register stands."""
    return board.family.cuts(mhz or read_manifest(build.path).get("clock"))


def candidate(
    build: Documents, multipliers: int, cuts: tuple[Cut, ...] = (UNCUT,), *, shell: bool = True
) -> Candidate:
    """The SystemVerilog of a build at a fold.

    Args:
        build: The build.
        multipliers: Budget of a recurrent layer.
        cuts: Ways of placing the registers of recurrent layers, see ``MappingOptions``.
        shell: With what stands between the design and the pins of a board.
    """
    design = folded(build, multipliers, cuts)
    names = Names(build.kernels.name)
    files: dict[str, Any] = dict(rtl_files(design, names))
    kernels = design.document(build.integer.steps, {})
    if shell:
        around = shell_files(kernels.inputs, kernels.outputs, build_digest(build.path), names)
        lines = [line for line in files[SOURCES].splitlines() if line not in around]
        files |= around
        files[SOURCES] = "\n".join([*lines, *around]) + "\n"
    least = least_budget(build.integer.graph)
    return Candidate(multipliers, files, kernels.steps, kernels.predicted_cycles, least, names)


def vendor_candidate(
    build: Documents, board: Board, multipliers: int, cuts: tuple[Cut, ...] = (UNCUT,)
) -> Candidate:
    """The design for a vendor's board: behind its pins, or as an IP behind its processor."""
    if isinstance(board, ShellBoard):
        return candidate(build, multipliers, cuts)
    bare = candidate(build, multipliers, cuts, shell=False)
    ip = folded_ip(build, folded(build, multipliers, cuts), board.part)
    return replace(
        bare,
        ip=ip_files(ip, bare.rtl) | driver_files(ip, build.integer, ip.cycles),
        inputs=tuple(IpStream(port.name, port.bus_bits) for port in ip.inputs),
        outputs=tuple(IpStream(port.name, port.bus_bits) for port in ip.outputs),
    )


def kernel_candidate(build: Documents, board: Board, place: Path) -> Candidate:
    """The IP around the kernel that Vitis HLS exported.

    Args:
        build: The build.
        board: One with a processor.
        place: The folder of the board, in ``synth/`` of the build.

    Raises:
        GatewrightError: GW-405 for another board, GW-806 without such a kernel.
    """
    if not isinstance(board, ProcessorBoard):
        raise GatewrightError(
            "GW-405",
            where="core",
            cause="it is 'hls', and the kernel of Vitis HLS stands in an IP behind a processor, "
            f"which {board.title} has not.",
            remedy="Leave it out, or take a board with a processor (gatewright boards).",
        )
    names = Names(build.kernels.name)
    design = folded(build, read_manifest(build.path)["multipliers"])
    first = f"gatewright synth {build.path} --board {board.name} --flow vitis"
    with writing(place):
        kernel = read_kernel(place, names, design, first)
    ip = folded_ip(build, design, board.part)
    rtl = library_files()
    sources = [f"../{path}" for path in kernel.sources]
    return Candidate(
        kernel.multipliers,
        rtl,
        kernel.steps,
        kernel.cycles,
        names=names,
        ip=hls_ip_files(ip, rtl, sources) | driver_files(ip, build.integer, kernel.cycles),
        inputs=tuple(IpStream(port.name, port.bus_bits) for port in ip.inputs),
        outputs=tuple(IpStream(port.name, port.bus_bits) for port in ip.outputs),
        kernel={f"{KERNEL_FOLDER}/{name}": text for name, text in kernel.files.items()},
    )


def _by_vivado(
    build: Documents,
    board: str,
    multipliers: int | None,
    clock: float | None,
    stages: Iterable[str] | None,
    limit: float | None,
    resume: bool,
    report: Callable[[str, str], None],
    core: str,
) -> SynthReport:
    target = find_board(board)
    wanted = check_clock(clock)
    clock_for(target, wanted)  # refused before a folder is touched
    if not has_project(target):
        raise no_project(target)
    budget = positive("multipliers", multipliers)
    request = VivadoRequest(target, check_vivado_stages(stages), wanted, check_limit(limit))
    place = place_in(build.path, f"{SYNTH}/{target.name}")
    if core == "hls":
        refuse_unused({"multipliers": multipliers}, "--core rtl; the kernel has its fold")
        design = kernel_candidate(build, target, place)
    else:
        design = _vivado_design(build, request, budget, place if resume else None)
    check_room_for_streams(target, design)
    keep, aside = partial(kept, request, design), partial(_say_kept, report)
    with (
        trying(place, lambda tried: resume and keep(tried), _is_work, aside) as folder,
        writing(folder),
    ):
        return run_vivado(request, design, folder, report)


def _vivado_design(
    build: Documents, request: VivadoRequest, budget: int | None, resumed: Path | None
) -> Candidate:
    """The design at the budget that is asked for; without one at the build's.

    Or at that of the folder of the board, where its project is gone on from: a count may have
    halved it.
    """
    own = read_manifest(build.path)["multipliers"]
    cuts = _vendor_cuts(build, request.board, request.wanted)
    design = vendor_candidate(build, request.board, budget or own, cuts)
    if budget or resumed is None:
        return design
    with writing(resumed):
        counted = (resumed / SYNTH_JSON).is_file() and has_results(resumed)
        if not counted or kept(request, design, tried_of(resumed)):
            return design
    facts = read_json(resumed, SYNTH_JSON, MAX_FACTS, "Delete that file, or name --multipliers.")
    halved = positive("multipliers", facts.get("multipliers")) or own
    return vendor_candidate(build, request.board, halved, cuts)


def _is_work(folder: Path) -> bool:
    """Whether a folder holds what took AMD's tools long."""
    return has_results(folder) or has_export(folder)


def _say_kept(report: Callable[[str, str], None], folder: Path) -> None:
    report(f"results of Vivado are kept in {SYNTH}/{folder.name}", "")


def _by_vitis(
    build: Documents,
    board: str,
    multipliers: int | None,
    clock: float | None,
    stages: Iterable[str] | None,
    limit: float | None,
    resume: bool,
    report: Callable[[str, str], None],
) -> SynthReport:
    target, mhz = find_board(board), check_clock(clock)
    budget = positive("multipliers", multipliers) or read_manifest(build.path)["multipliers"]
    period = target.clock_ns if mhz is None else round(1000 / mhz, 3)
    request = HlsRequest(target, check_stages(stages), period, check_limit(limit))
    fold = cache(partial(hls_candidate, build, budget, target, period))
    place, keep = place_in(build.path, f"{SYNTH}/{target.name}"), partial(resumable, request, fold)
    fold(None)  # refused before a folder is touched
    aside = partial(_say_kept, report)
    with (
        trying(place, lambda tried: resume and keep(tried), has_results, aside) as folder,
        writing(folder),
    ):
        return run_vitis(request, fold, folder, report)


def hls_candidate(
    build: Documents, multipliers: int, board: Board, clock_ns: float, hls_depth: int | None
) -> HlsCandidate:
    """The HLS project of a build at a fold, and what is predicted of it.

    Args:
        build: The build.
        multipliers: Budget of a recurrent layer.
        board: A vendor's.
        clock_ns: Period of the clock.
        hls_depth: Cycles from an h to the next in a recurrent layer; None for those of the build.
    """
    period, names = operator_ns(board, clock_ns), Names(build.kernels.name)
    design, integer = folded_for_hls(build, multipliers, period, hls_depth), build.integer
    kernels, steps = design.document(integer.steps, {}, period), golden_steps(integer, design)
    return HlsCandidate(
        multipliers,
        hls_depth,
        project_files(design, board.part, clock_ns, names) | golden_vectors(integer, design),
        tuple(map(_predicted, kernels.kernels)),
        kernels.steps,
        kernels.hls_predicted_cycles,
        steps,
        design.cycles(steps, hls_clock_ns=period),
        names,
    )


def _predicted(kernel: KernelRecord) -> Predicted:
    distance = kernel.hls.dependence_distance if isinstance(kernel, RecurrentRecord) else None
    return Predicted(kernel.name, kernel.source, kernel.hls_interval, distance)
