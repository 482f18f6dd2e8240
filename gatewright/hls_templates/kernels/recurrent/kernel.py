"""The recurrent kernel: its control, its code in both languages, its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TypedDict

from msgspec import UNSET, structs

from gatewright.files.records import Count, Record
from gatewright.hls_templates.kernels.recurrent.folding import (
    Folding,
    loop_cycles,
    sum_operator,
)
from gatewright.hls_templates.kernels.recurrent.layer import RecurrentLayer, state_tap
from gatewright.hls_templates.kernels.recurrent.machine import X_READ, LayerTiming, layer_machine
from gatewright.hls_templates.kernels.recurrent.params import layer_params
from gatewright.hls_templates.kernels.recurrent.rtl import layer_module, place
from gatewright.hls_templates.kernels.recurrent.schedule import SlotList
from gatewright.hls_templates.kernels.recurrent.tracks_machine import TrackTiming, tracks_machine
from gatewright.hls_templates.kernels.timing import Channel, Machine
from gatewright.hls_templates.records import (
    KernelRecord,
    Placement,
    RequantizerRecord,
    StateTap,
    Tap,
)
from gatewright.hls_templates.rtl.sv import Module, RtlStage


class _Fold(TypedDict):
    """What ``FoldingRecord`` and ``RecurrentRecord`` have both."""

    units: int
    columns: int
    multipliers: int
    depth: int
    dependence_distance: int
    accumulators: int
    tiles: int
    cycles_per_step: int
    schedule: SlotList


class FoldingRecord(Record, frozen=True):
    """How the C++ is folded, where an HLS tool makes the pipeline.

    Attributes:
        units: Hidden units of a tile.
        columns: Columns of a tile.
        multipliers: Those of a tile.
        depth: Cycles from the tile that finishes an h to the first that may read it.
        dependence_distance: The fewest cycles between these two in this schedule.
        accumulators: Row blocks whose sums are kept side by side.
        tiles: Of a time step.
        cycles_per_step: Slots of a time step.
        schedule: What starts in each; null for a bubble.
    """

    units: Count
    columns: Count
    multipliers: Count
    depth: Count
    dependence_distance: Count
    accumulators: Count
    tiles: Count
    cycles_per_step: Count
    schedule: SlotList


class RecurrentRecord(KernelRecord, tag="recurrent", kw_only=True, frozen=True):
    """A recurrent layer in one direction.

    Attributes:
        gates: G.
        units: Hidden units of a tile.
        columns: Columns of a tile.
        multipliers: Those of a tile.
        tail_latency: Cycles that the cell's tail takes as a pipeline.
        depth: Cycles from the tile that finishes an h to the first that may read it.
        dependence_distance: The fewest cycles between these two in this schedule.
        accumulators: Row blocks whose sums are kept side by side.
        tiles: Of a time step.
        cycles_per_step: SlotList of a time step.
        schedule: What starts in each; null for a bubble.
        requantizers: Of its tail, by what they give.
        hls: The same of its C++; all above is of ``rtl/``.
    """

    gates: Count
    units: Count
    columns: Count
    multipliers: Count
    tail_latency: Count
    depth: Count
    dependence_distance: Count
    accumulators: Count
    tiles: Count
    cycles_per_step: Count
    schedule: SlotList
    requantizers: dict[str, RequantizerRecord]
    hls: FoldingRecord

    @property
    def multiplies(self) -> int:
        """Those of a tile."""
        return self.multipliers


@dataclass(frozen=True, eq=False)
class Recurrent(RecurrentLayer):
    """One recurrent layer in one direction, as a kernel."""

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """A step begins with its x beat, once the step before the last has been taken."""
        tiles = [(i, tile) for i, tile in enumerate(self.slots) if tile is not None]
        x_taken = max(i for i, tile in tiles if not tile.hidden) + X_READ
        return self._machine(self.folding, x_taken, reads, writes)

    @property
    def hls_loop(self) -> tuple[str, ...]:
        """The sums of a row block."""
        return (sum_operator(self.split), "select")

    def hls_interval(self, clock_ns: float) -> int:
        """What these, or h, or c from step to step need."""
        h, c = loop_cycles(self.split, self.tail, self.hls.shape.columns, clock_ns)
        waits = ceil(h / self.hls.distance), ceil(c / len(self.hls.slots))
        return max(super().hls_interval(clock_ns), *waits)

    def hls_machine(
        self, reads: Sequence[Channel], writes: Sequence[Channel], clock_ns: float
    ) -> Machine:
        """The same of the C++, which takes x whole."""
        interval = self.hls_interval(clock_ns)
        return self._machine(self.hls, 1, reads, writes, interval)

    def _machine(
        self,
        folding: Folding,
        x_taken: int,
        reads: Sequence[Channel],
        writes: Sequence[Channel],
        interval: int = 1,
    ) -> Machine:
        streams = dict(zip(self.roles, (*reads[1:], *writes), strict=True))
        given = [streams[role] for role in ("H0", "C0") if role in streams]
        finishes = max(i for i, tile in enumerate(folding.slots) if tile is not None and tile.last)
        done = finishes * interval + folding.depth + 1
        timing = LayerTiming(len(folding.slots) * interval, x_taken, done, "C_N" in streams)
        always = [streams["OUT"]] if "OUT" in streams else []
        finals = [streams[role] for role in ("H_N", "C_N") if role in streams]
        if folding.sequences > 1:
            tracks = TrackTiming(folding.sequences, folding.step_distance, self.track_depth)
            return tracks_machine(timing, tracks, reads[0], always, finals)
        return layer_machine(timing, reads[0], given, always, finals)

    def rtl_module(self) -> Module:
        """The module ``gw_recurrent``."""
        return layer_module(self)

    def rtl(self, reads: Sequence[str], writes: Sequence[str]) -> RtlStage:
        """That and its tail."""
        return place(self, reads, writes)

    def rtl_taps(self) -> tuple[StateTap, ...]:
        """Those of h and c."""
        tap = state_tap(self.source, self.split.body, self.reverse, self.input.windows)
        units, rows = self.shape.units, self.shape.rows
        tracks = self.sequences if self.sequences > 1 else UNSET
        tap = structs.replace(tap, port=self.tap_port, units=units, rows=rows, tracks=tracks)
        return (tap,)

    def taps(self) -> tuple[Tap, ...]:
        """Everything in the tail."""
        hidden, windows = self.shape.hidden, self.input.windows
        return tuple(
            Tap(f"{self.source}/{name}", hidden, True, self.reverse, windows)
            for name in self.tail.taps
        )

    def params_cpp(self) -> str:
        """Tables of the tail, weights, biases, schedule, and the struct that ties them."""
        return layer_params(self)

    def record(self, place: Placement) -> RecurrentRecord:
        """Tiling, schedule and requantizers."""
        return RecurrentRecord(
            **place,
            gates=self.shape.gates,
            tail_latency=self.tail_latency,
            requantizers={k: r.choice() for k, r in self.tail.requantizers.items()},
            **_fold(self.folding),
            hls=FoldingRecord(**_fold(self.hls)),
        )


def _fold(folding: Folding) -> _Fold:
    shape = folding.shape
    return _Fold(
        units=shape.units,
        columns=shape.columns,
        multipliers=shape.multipliers,
        depth=folding.depth,
        dependence_distance=folding.distance,
        accumulators=folding.accumulators,
        tiles=shape.tiles,
        cycles_per_step=len(folding.slots),
        schedule=folding.slots,
    )
