"""Fold, synthesize, place, route and pack a design for a board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from pathlib import Path

from gatewright.boards.clocks import choose_pll
from gatewright.boards.description import OpenBoard, PinnedBoard
from gatewright.boards.families import OpenFamily
from gatewright.boards.families.base import Pll, exact
from gatewright.boards.flows import (
    CELLS_JSON,
    NEXTPNR_REPORT,
    RTL,
    elaborate_script,
    map_script,
    pack,
    place_and_route,
    seeded,
    synthesis,
)
from gatewright.boards.folding import Candidate, Fold, does_not_fit, folds, say_too_large
from gatewright.boards.pads import with_pads
from gatewright.boards.plan import Plan, ToolRun
from gatewright.boards.report import (
    Attempt,
    SynthReport,
    count_cells,
    read_utilisation,
    too_large,
)
from gatewright.boards.run import Progress, ToolError, failed, run_all, run_command
from gatewright.boards.timing import Timing, read_timing
from gatewright.boards.top import PADS, constraints
from gatewright.boards.usage import Usage
from gatewright.errors import GatewrightError

PLACEMENTS = 4
"""How many are tried by default for a clock that is almost met."""
_ALMOST = 0.7
"""Placements of one design were seen to differ by a third; what is further off stays off."""
_CROWDED = ("bels remaining", "legal placement", "utilisation limit", "failed to expand region")


@dataclass(frozen=True)
class Request:
    """What is wanted.

    Attributes:
        board: The board.
        mhz: The clock; None for the board's target.
        multipliers: Budget of a recurrent layer; None to begin at the board's and halve it until
            the design fits.
        seeds: How many placements to try; the fastest is kept. None to go on, up to ``PLACEMENTS``,
            until the clock is met.
    """

    board: OpenBoard
    mhz: float | None = None
    multipliers: int | None = None
    seeds: int | None = None


def synthesize(
    request: Request, cuts: Sequence[Fold], folder: Path, progress: Progress
) -> SynthReport:
    """Make the bitstream of a design.

    Args:
        request: Board, clock and fold.
        cuts: Each gives the design at a fold; those that come later have more registers, and are
            tried in turn where the clock is not met.
        folder: An empty folder; gets sources, logs, netlist, bitstream and ``synth.json``.
        progress: Hears what the tools say.

    Raises:
        GatewrightError: GW-405 for a clock no PLL makes, GW-801 for a missing tool, GW-802 if the
            design does not fit, GW-803 if the clock is not met (there is no bitstream then), GW-804
            if a tool fails.
    """
    board = request.board
    pll, mhz = choose_clock(board, request.mhz)
    attempts: list[Attempt] = []
    fold = cuts[0]
    for candidate in folds(request.multipliers, board.multipliers, fold):
        plan = make_plan(board, candidate, pll, mhz, request.seeds or PLACEMENTS)
        placed = _place(request, mhz, plan, candidate, folder, progress, attempts)
        if placed is not None:
            break
        say_too_large(attempts[-1], progress)
    else:
        raise does_not_fit(
            board.title,
            attempts[-1],
            request.multipliers,
            fold,
            lambda smaller: _count(board, make_plan(board, smaller, pll, mhz, 1), folder, progress),
        )
    for later in cuts[1:]:
        if placed[0].fmax_mhz >= mhz:
            break
        progress(f"{placed[0].fmax_mhz:.1f} MHz: anew with more registers", "")
        more = later(candidate.multipliers)
        if more.rtl == candidate.rtl:
            continue
        fuller = make_plan(board, more, pll, mhz, request.seeds or PLACEMENTS)
        again = _place(request, mhz, fuller, more, folder, progress, attempts)
        if again is None:  # the registers do not fit: the clock is missed without them
            break
        candidate, plan, placed = more, fuller, again
    timing, seed = placed
    report = SynthReport(
        board=board.name,
        title=board.title,
        device=board.device,
        multipliers=candidate.multipliers,
        usage=attempts[-1].usage,
        attempts=tuple(attempts),
        clock_mhz=mhz,
        timing=timing,
        seed=seed,
        steps=candidate.steps,
        cycles=candidate.cycles,
        bitstream=board.family.bitstream if timing.fmax_mhz >= mhz else "",
        load=f"openFPGALoader -b {board.loader} {board.family.bitstream}",
        plan=plan.digest(),
        note=_note(board.family, timing),
    )
    if report.bitstream:
        run_all([pack(board, seed)], folder, progress)
    report.write(folder)
    if not report.bitstream:
        raise _too_slow(board, report, folder)
    return report


def make_plan(
    board: OpenBoard, candidate: Candidate, pll: Pll | None, mhz: float, seeds: int
) -> Plan:
    """All files and commands up to the routed designs."""
    family = board.family
    rtl = with_pads(board, candidate.rtl, pll)
    files = {f"{RTL}/{path}": text for path, text in rtl.items()}
    files["elaborate.ys"] = elaborate_script(family, PADS, pll is not None)
    files["map.ys"] = map_script(family, PADS)
    files[family.constraints[0]] = constraints(board)
    routes = tuple(place_and_route(board, mhz, seed) for seed in range(1, seeds + 1))
    return Plan(files, synthesis(family, board.resources["dsp"]) + routes)


def choose_clock(board: PinnedBoard, wanted: float | None) -> tuple[Pll | None, float]:
    """The setting of the PLL, None without one, and the clock in MHz.

    Args:
        board: The board.
        wanted: MHz that are not exceeded; None for the board's target.

    Raises:
        GatewrightError: GW-405 for a clock no PLL makes.
    """
    try:
        pll = choose_pll(board, board.clock.target_mhz if wanted is None else wanted)
    except ValueError as error:
        raise GatewrightError(
            "GW-405",
            where="clock",
            cause=f"{error}.",
            remedy=f"Ask for a faster one; {board.clock.target_mhz:g} MHz is the board's target.",
        ) from error
    return pll, float(pll.mhz if pll else exact(board.clock.mhz))


def _place(
    request: Request,
    mhz: float,
    plan: Plan,
    candidate: Candidate,
    folder: Path,
    progress: Progress,
    attempts: list[Attempt],
) -> tuple[Timing, int] | None:
    """Run a plan; the best timing and its seed, or None if the design is too large."""
    board = request.board
    usage = _count(board, plan, folder, progress)
    if too_large(usage):
        attempts.append(Attempt(candidate.multipliers, False, usage))
        return None
    timings: list[tuple[Timing, int]] = []
    for seed, command in enumerate(plan.commands[_made(board) :], 1):
        try:
            log = run_command(command, folder, progress)
        except ToolError as error:
            if timings:  # the design fits; this placement of it does not
                progress(f"seed {seed} finds no placement", "")
                continue
            usage = read_utilisation(board, error.log) or usage
            if too_large(usage) or any(words in error.said.lower() for words in _CROWDED):
                attempts.append(Attempt(candidate.multipliers, False, usage))
                return None
            raise failed(error, folder) from error
        usage = read_utilisation(board, log)
        said = (folder / seeded(NEXTPNR_REPORT, seed)).read_text()
        timings.append((_timing(board, command, said, log, folder), seed))
        best = max(timing.fmax_mhz for timing, _ in timings)
        if request.seeds is None and not _ALMOST * mhz <= best < mhz:
            break
    attempts.append(Attempt(candidate.multipliers, True, usage))
    return max(timings, key=lambda t: (t[0].fmax_mhz, -t[1]))


def _timing(board: OpenBoard, command: ToolRun, report: str, log: str, folder: Path) -> Timing:
    try:
        return read_timing(board.family, report, log)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        says = f"its report cannot be read ({type(error).__name__}: {error})"
        raise failed(ToolError(command, says, log), folder) from error


def _count(board: OpenBoard, plan: Plan, folder: Path, progress: Progress) -> dict[str, Usage]:
    """Synthesize; what yosys' cells take at least."""
    plan.write(folder)
    run_all(plan.commands[: _made(board)], folder, progress)
    return count_cells(board, (folder / CELLS_JSON).read_text())


def _made(board: OpenBoard) -> int:
    """How many of a plan's commands make the netlist."""
    return len(synthesis(board.family, board.resources["dsp"]))


def _too_slow(board: OpenBoard, report: SynthReport, folder: Path) -> GatewrightError:
    timing = report.timing
    assert timing is not None
    met, slower = floor(timing.fmax_mhz * 100) / 100, round(timing.fmax_mhz * 0.99, 1)
    try:
        choose_clock(board, slower)
        remedy = f"Ask for --clock {slower}, or try more placements with --seeds."
    except GatewrightError:
        remedy = "No PLL makes a clock that slow: take fewer --multipliers, or a faster device."
    return GatewrightError(
        "GW-803",
        where=f"{report.title} at {report.clock_mhz:.6g} MHz",
        cause=f"nextpnr reports {met:.2f} MHz at best (seed {report.seed}); the "
        f"slowest path goes from {timing.path[0].name} to {timing.path[-1].name}.",
        remedy=f"{remedy} {folder} has the reports, and no bitstream: it could give wrong "
        "integers.",
    )


def _note(family: OpenFamily, timing: Timing) -> str:
    notes = [family.untimed] if family.untimed else []
    if timing.hold_violations:
        notes.append(
            f"nextpnr reports {timing.hold_violations} hold violations; its hold model of this "
            "family is incomplete, and no board has run this bitstream."
        )
    return " ".join(notes)
