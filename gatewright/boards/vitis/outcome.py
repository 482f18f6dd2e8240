"""What a run of Vitis HLS came to, as the report of a board."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from gatewright.boards.report import Attempt, SynthReport, too_large
from gatewright.boards.usage import Usage
from gatewright.boards.vendor_report import vendor_report
from gatewright.boards.vitis.report import HlsReport, Reports, hold, read_reports
from gatewright.boards.vitis.request import SOLUTION, HlsCandidate, HlsRequest
from gatewright.errors import GatewrightError
from gatewright.hls_templates.project.names import Names

MESSAGES = 30
"""The most that are kept of what the tool complained of."""


def scheduled_in(folder: Path, names: Names) -> Reports:
    """The reports in a folder, that of C synthesis among them.

    Raises:
        GatewrightError: GW-804 where there is none, or one cannot be read.
    """
    reports = read_reports(folder / SOLUTION, names)
    if reports.scheduled is None:
        raise GatewrightError(
            "GW-804",
            where=str(folder / SOLUTION),
            cause="there is no report of C synthesis.",
            remedy=f"Read the logs in {folder}.",
        )
    return reports


def make_report(
    request: HlsRequest,
    candidate: HlsCandidate,
    folder: Path,
    complaints: Sequence[str],
    plan: str,
) -> SynthReport:
    """What the reports in a folder say.

    Args:
        request: What was wanted.
        candidate: What was synthesized.
        folder: Where.
        complaints: Of the tool.
        plan: Digest of files and commands.

    Raises:
        GatewrightError: GW-804, as ``scheduled_in``.
    """
    board, reports = request.board, scheduled_in(folder, candidate.names)
    scheduled = reports.scheduled
    assert scheduled is not None
    used = usage(reports, board.resources)
    hls = HlsReport(
        version=scheduled.version,
        stages=request.stages,
        target_ns=scheduled.target_ns,
        uncertainty_ns=scheduled.uncertainty_ns,
        estimated_ns=scheduled.estimated_ns,
        kernels=hold(candidate.predicted, scheduled.modules),
        hls_depth=candidate.hls_depth,
        simulated_steps=candidate.simulated_steps,
        predicted_cycles=candidate.simulated_cycles,
        cosimulation=reports.cosimulation,
        implementation=reports.implementation,
        not_taken=scheduled.not_taken,
        messages=tuple(complaints[:MESSAGES]),
    )
    attempts = (Attempt(candidate.multipliers, not too_large(used), used),)
    mhz = 1000 / request.clock_ns
    return vendor_report(board, candidate, used, attempts, mhz, plan, note=_note(hls), hls=hls)


def usage(reports: Reports, available: Mapping[str, int]) -> dict[str, Usage]:
    """Resources by Vivado's count, where it was run, else by the estimate of C synthesis."""
    source = reports.implementation or reports.scheduled
    if source is None:
        return {}
    whole = {**source.used, "bram": math.ceil(source.used["bram"] / 2)}
    return {name: Usage(count, available[name]) for name, count in whole.items()}


def _note(hls: HlsReport) -> str:
    if hls.implementation is None:
        note = "Resources and the clock are the estimates of C synthesis."
    else:
        done = "place and route" if hls.implementation.routed else "synthesis"
        note = f"Resources and the clock are Vivado's, after {done} of the kernel alone."
    if hls.hls_depth is None:
        return note
    return (
        f"{note} A first run showed a longer way from h to h than predicted, and the schedule was "
        f"made again for {hls.hls_depth} cycles; compile --hls-depth {hls.hls_depth} does the same."
    )
