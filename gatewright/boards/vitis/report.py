"""What Vitis HLS reached, beside what was predicted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from xml.etree import ElementTree

from gatewright.boards.vitis.cosim import COSIM_RPT, Cosimulation, read_cosim
from gatewright.boards.vitis.csynth import (
    CSYNTH_XML,
    HlsLoop,
    HlsModule,
    Scheduled,
    read_csynth,
)
from gatewright.boards.vitis.implemented import EXPORT_XML, Implementation, read_export
from gatewright.errors import GatewrightError
from gatewright.hls_templates.project.names import DEFAULT_NAMES, Names

_COMPLAINTS = tuple(re.compile(rf"^{word}: ") for word in ("ERROR", "CRITICAL WARNING", "WARNING"))
T = TypeVar("T")


@dataclass(frozen=True)
class Predicted:
    """What was predicted of a kernel.

    Attributes:
        name: The identifier of its parameters, which is part of the name of its RTL module.
        source: Path of the module that it comes from.
        interval: Cycles from one pass of its loop to the next.
        distance: Passes from the write of an h to its read, of a recurrent kernel; else None.
    """

    name: str
    source: str
    interval: int
    distance: int | None = None


@dataclass(frozen=True)
class HlsKernel:
    """A kernel; None where the report has nothing of it.

    Attributes:
        name: See ``Predicted``.
        source: See there.
        predicted_interval: See there.
        distance: See there.
        interval: The largest of its loops'.
        depth: Cycles of a pass of that loop.
        loops: Its pipelined loops.
    """

    name: str
    source: str
    predicted_interval: int
    distance: int | None
    interval: int | None
    depth: int | None
    loops: tuple[HlsLoop, ...]


@dataclass(frozen=True)
class HlsReport:
    """All of it.

    Attributes:
        version: Of the tool.
        stages: What was done.
        target_ns: Period of the clock that was asked for.
        uncertainty_ns: What of it was left to place and route.
        estimated_ns: The slowest path by C synthesis.
        kernels: In topological order.
        hls_depth: Cycles from an h to the next for which the schedule was made again, since a first
            run showed that they take longer than predicted; None where it did not.
        simulated_steps: Time steps of each sequence of the golden vectors.
        predicted_cycles: Of such a sequence.
        cosimulation: None where it was not done.
        implementation: None where it was not done.
        not_taken: Pragmas that the tool did not take.
        messages: What it complained of, the worst first; ``MESSAGES`` at most.
    """

    version: str
    stages: tuple[str, ...]
    target_ns: float
    uncertainty_ns: float
    estimated_ns: float
    kernels: tuple[HlsKernel, ...]
    hls_depth: int | None
    simulated_steps: int
    predicted_cycles: int
    cosimulation: Cosimulation | None
    implementation: Implementation | None
    not_taken: tuple[str, ...]
    messages: tuple[str, ...]


@dataclass(frozen=True)
class Reports:
    """The reports of a solution; None for what was not done."""

    scheduled: Scheduled | None
    cosimulation: Cosimulation | None
    implementation: Implementation | None


def read_reports(solution: Path, names: Names = DEFAULT_NAMES) -> Reports:
    """Read what there is in the folder of a solution of a build.

    Raises:
        GatewrightError: GW-804 for a report that cannot be read.
    """
    exported = next((name for name in EXPORT_XML if (solution / name).is_file()), EXPORT_XML[0])
    return Reports(
        _read(solution / CSYNTH_XML, read_csynth),
        _read(solution / COSIM_RPT.format(names.kernel), read_cosim),
        _read(solution / exported, read_export),
    )


def _read(path: Path, read: Callable[[Path], T]) -> T | None:
    if not path.is_file():
        return None
    try:
        return read(path)
    except (OSError, ElementTree.ParseError, ValueError) as error:
        raise GatewrightError(
            "GW-804",
            where=str(path),
            cause=f"this report of Vitis HLS cannot be read ({error}).",
            remedy="Report it with that file: another version of the tool may write another form.",
        ) from error


def hold(predicted: Iterable[Predicted], modules: Iterable[HlsModule]) -> tuple[HlsKernel, ...]:
    """Each kernel beside its modules.

    ``recurrent<k0_x>`` becomes ``recurrent_k0_x_s``, and its loops modules of their own. A name
    that is part of another one, ``k0_x`` of ``k1_k0_x``, is not meant by that.
    """
    known = tuple(predicted)
    loops: dict[str, list[HlsLoop]] = {kernel.name: [] for kernel in known}
    for module in modules:
        named = [name for name in loops if name in module.name]
        if named:
            pipelined = (loop for loop in module.loops if loop.interval is not None)
            loops[max(named, key=len)].extend(pipelined)
    return tuple(_held(kernel, tuple(loops[kernel.name])) for kernel in known)


def _held(kernel: Predicted, loops: tuple[HlsLoop, ...]) -> HlsKernel:
    slowest = max(loops, key=lambda loop: loop.interval or 0, default=None)
    return HlsKernel(
        kernel.name,
        kernel.source,
        kernel.interval,
        kernel.distance,
        slowest.interval if slowest else None,
        slowest.depth if slowest else None,
        loops,
    )


def complaints(log: str) -> tuple[str, ...]:
    """What a log complains of, the worst first, each once."""
    lines = dict.fromkeys(line.strip() for line in log.splitlines())
    found = [line for kind in _COMPLAINTS for line in lines if kind.match(line)]
    return tuple(found)
