"""What synthesis, place and route said, as numbers with our names."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gatewright.boards.description import RESOURCES, Board, OpenBoard
from gatewright.boards.timing import Timing
from gatewright.boards.usage import UNITS, Usage
from gatewright.boards.vitis.report import HlsReport
from gatewright.boards.vitis.shown import hls_complaints, hls_reached
from gatewright.boards.vivado.shown import vivado_reached
from gatewright.boards.vivado.summary import VivadoReport
from gatewright.views import Shown, ShownLine, ShownTable, Viewed

SYNTH_JSON = "synth.json"
_UTILISATION = re.compile(r"^Info:\s+(\w+):\s+(\d+)/\s*(\d+)\s+\d+%", re.MULTILINE)


@dataclass(frozen=True)
class Attempt:
    """A fold that was tried.

    Attributes:
        multipliers: Its budget.
        fits: Whether the device holds it.
        usage: What it takes, as far as known; yosys' counts where it does not fit already there.
    """

    multipliers: int
    fits: bool
    usage: Mapping[str, Usage]

    def worst(self) -> tuple[str, Usage]:
        """The resource that is used most, by share."""
        return max(self.usage.items(), key=lambda item: item[1].share)

    @property
    def rejected(self) -> str:
        """Why it was not taken, of one that does not fit."""
        name, usage = self.worst()
        share = f"{usage.share:.0%} of the {UNITS[name]}"
        return f"{self.multipliers} multipliers do not fit: {share}."


@dataclass(frozen=True, repr=False)
class SynthReport(Viewed):
    """What came out.

    Attributes:
        board: Its name.
        title: As its maker calls it.
        device: The part.
        multipliers: Budget of a recurrent layer.
        usage: By resource; empty where nothing says.
        attempts: Folds tried, the last one is this.
        clock_mhz: The design's clock.
        timing: Of the best seed; None without place and route.
        seed: That seed.
        steps: Time steps of the sequence that ``cycles`` is of.
        cycles: Predicted for one inference, from its first word to its last.
        bitstream: The file, or "" without place and route.
        load: The command that loads it.
        plan: Digest of files and commands.
        note: What has to be said besides.
        hls: What Vitis HLS reached; None of other flows.
        vivado: What Vivado reached; None of other flows.
        commands: What is left to run where the vendor's tools are.
    """

    board: str
    title: str
    device: str
    multipliers: int
    usage: Mapping[str, Usage]
    attempts: tuple[Attempt, ...]
    clock_mhz: float
    timing: Timing | None
    seed: int | None
    steps: int
    cycles: int
    bitstream: str
    load: str
    plan: str
    note: str = ""
    hls: HlsReport | None = None
    vivado: VivadoReport | None = None
    commands: tuple[str, ...] = ()

    @property
    def microseconds(self) -> float:
        """Of one inference at the clock."""
        return self.cycles / self.clock_mhz

    @property
    def per_second(self) -> float:
        """Inferences, one after the other."""
        return 1e6 / self.microseconds

    def view(self) -> Shown:
        """Resources, clock and speed; its folder is that of the board, in ``synth/``."""
        return self.view_in(f"synth/{self.board} of the build")

    def view_in(self, folder: str) -> Shown:
        """The same, with the name of the folder that was made."""
        complaints = () if self.hls is None else hls_complaints(self.hls)
        hls = () if self.hls is None else hls_reached(self.hls, self.clock_mhz)
        vivado = () if self.vivado is None else vivado_reached(self.vivado)
        rejected = (ShownLine(attempt.rejected) for attempt in self.attempts[:-1])
        speed = ShownLine(self._speed)
        parts = (*complaints, *rejected, self._resources, *self._timed, speed, *hls)
        ends = (*self._to_run(folder), *vivado, *self._to_load(folder))
        return Shown(f"{self.title}: {speed.text}", (*parts, *ends))

    @property
    def _resources(self) -> ShownTable:
        rows = (
            (UNITS[name], f"{usage.used:,}", f"{usage.available:,}", usage.percent)
            for name, usage in self.usage.items()
        )
        title = f"{self.title} ({self.device}), at most {self.multipliers} multipliers"
        return ShownTable(title, ("resource", "used", "of", "share"), tuple(rows))

    @property
    def _timed(self) -> tuple[ShownLine, ...]:
        if self.timing is None:
            return ()
        path = " -> ".join(f"{hop.name} ({hop.ns:.1f} ns)" for hop in self.timing.path)
        clock = (
            f"Clock: {self.clock_mhz:.6g} MHz; nextpnr reports {self.timing.fmax_mhz:.2f} MHz "
            f"(seed {self.seed})."
        )
        return ShownLine(clock), ShownLine(f"Slowest path: {path}")

    @property
    def _speed(self) -> str:
        return (
            f"Predicted: {self.cycles:,} cycles for a sequence of {self.steps} steps, "
            f"{self.microseconds:.2f} us at {self.clock_mhz:.6g} MHz: "
            f"{self.per_second:,.0f} inferences/s."
        )

    def _to_run(self, folder: str) -> tuple[ShownLine, ...]:
        note = (ShownLine(self.note),) if self.note else ()
        if not self.commands:
            return note
        where = ShownLine(f"To run, in {folder} or a copy of it where the tool is:")
        return (*note, where, *(ShownLine(f"  {command}") for command in self.commands))

    def _to_load(self, folder: str) -> tuple[ShownLine, ...]:
        if not (self.bitstream and self.load):
            return ()
        return ShownLine(f"Load it with: {self.load}"), ShownLine(f"in {folder}")

    def write(self, folder: Path) -> None:
        """Write ``synth.json``."""
        text = json.dumps(self.to_json(), indent=1, sort_keys=True)
        (folder / SYNTH_JSON).write_text(text + "\n")

    def to_json(self) -> dict[str, Any]:
        """For ``synth.json`` and ``--json``."""
        data = asdict(self)
        data["microseconds"] = round(self.microseconds, 3)
        data["inferences_per_second"] = round(self.per_second, 1)
        return data


def count_cells(board: Board | OpenBoard, stat: str) -> dict[str, Usage]:
    """What yosys' cells take at least.

    Args:
        board: How much there is.
        stat: The text of ``stat -json``.
    """
    counts = json.loads(stat)["design"]["num_cells_by_type"]
    return tally(counts, board.family.cells, board.resources)


def tally(
    counts: Mapping[str, int],
    cells: Mapping[str, tuple[str, float]],
    available: Mapping[str, int],
) -> dict[str, Usage]:
    """Cells by type as resources."""
    sums = dict.fromkeys(RESOURCES, 0.0)
    for cell, count in counts.items():
        if cell in cells:
            resource, each = cells[cell]
            sums[resource] += each * count
    return {name: Usage(math.ceil(used), available[name]) for name, used in sums.items()}


def read_utilisation(board: OpenBoard, log: str) -> dict[str, Usage]:
    """What nextpnr's log says it packed, and what it has; empty if it did not get there."""
    found = {name: (int(used), int(total)) for name, used, total in _UTILISATION.findall(log)}
    if not found:
        return {}
    usage = {}
    for resource, names in board.family.sites.items():
        used = sum(found[name][0] * each for name, each in names if name in found)
        # Where several kinds of sites share a resource, they do not simply add up.
        single = found.get(names[0][0]) if len(names) == 1 else None
        available = single[1] if single else board.resources[resource]
        usage[resource] = Usage(math.ceil(used), available)
    return usage


def too_large(usage: Mapping[str, Usage]) -> bool:
    """Whether any resource does not suffice."""
    return any(u.used > u.available for u in usage.values())
