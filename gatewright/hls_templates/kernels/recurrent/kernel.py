"""The recurrent kernel: parameters, schedule ROM, weights in schedule order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import structs

from gatewright.files.records import Count
from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.recurrent.layer import ROLES, RecurrentLayer, state_tap
from gatewright.hls_templates.kernels.recurrent.machine import X_READ, LayerTiming, layer_machine
from gatewright.hls_templates.kernels.recurrent.rtl import layer_module, place
from gatewright.hls_templates.kernels.recurrent.schedule import (
    SlotList,
    Tile,
    accumulators,
    dependence_distance,
)
from gatewright.hls_templates.kernels.timing import Channel, Machine
from gatewright.hls_templates.records import (
    KernelRecord,
    Placement,
    RequantizerRecord,
    StateTap,
    Tap,
)
from gatewright.hls_templates.rtl.sv import Module, RtlStage
from gatewright.ir.types import IntArray, IntType


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

    @property
    def multiplies(self) -> int:
        """Those of a tile."""
        return self.multipliers


@dataclass(frozen=True, eq=False)
class Recurrent(RecurrentLayer):
    """One recurrent layer in one direction, as a kernel."""

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """A step begins with its x beat, once the step before the last has been taken."""
        streams = dict(zip(self.roles, (*reads[1:], *writes), strict=True))
        given = [streams[role] for role in ("H0", "C0") if role in streams]
        tiles = [(i, tile) for i, tile in enumerate(self.slots) if tile is not None]
        timing = LayerTiming(
            len(self.slots),
            max(i for i, tile in tiles if not tile.hidden) + X_READ,
            max(i for i, tile in tiles if tile.last) + self.depth + 1,
            "C_N" in streams,
        )
        always = [streams["OUT"]] if "OUT" in streams else []
        finals = [streams[role] for role in ("H_N", "C_N") if role in streams]
        return layer_machine(timing, reads[0], given, always, finals)

    def arguments(self, reads: tuple[str, ...], writes: tuple[str, ...]) -> tuple[str, ...]:
        """What it keeps comes first, where the host brings it."""
        first, *others = (*reads, *writes)
        return (f"GW_KEPT_ARGUMENT({self.ident}) {first}", *others)

    def rtl_module(self) -> Module:
        """The module ``gw_recurrent``."""
        return layer_module(self)

    def rtl(self, reads: Sequence[str], writes: Sequence[str]) -> RtlStage:
        """That and its tail."""
        return place(self, reads, writes)

    def rtl_taps(self) -> tuple[StateTap, ...]:
        """Those of h and c."""
        tap = state_tap(self.source, self.split.body, self.reverse)
        units, rows = self.shape.units, self.shape.rows
        return (structs.replace(tap, port=self.tap_port, units=units, rows=rows),)

    def taps(self) -> tuple[Tap, ...]:
        """Everything in the tail."""
        hidden = self.shape.hidden
        return tuple(
            Tap(f"{self.source}/{name}", hidden, True, self.reverse) for name in self.tail.taps
        )

    def params_cpp(self) -> str:
        """Tables of the tail, weights, biases, schedule, and the struct that ties them."""
        weights, biases = self.weights(), self.biases()
        names = {key: f"{self.ident}_{key}" for key in ("weights", "biases", "schedule")}
        return "\n".join(
            [
                *self.tail.params,
                *self._initial_arrays(),
                cpp.array(names["weights"], weights, lanes=True),
                cpp.array(names["biases"], biases, lanes=True),
                self._schedule_cpp(names["schedule"]),
                cpp.struct(self.ident, self._constants(), self._members(names, weights, biases)),
            ]
        )

    def record(self, place: Placement) -> RecurrentRecord:
        """Tiling, schedule and requantizers."""
        return RecurrentRecord(
            **place,
            gates=self.shape.gates,
            units=self.shape.units,
            columns=self.shape.columns,
            multipliers=self.shape.multipliers,
            tail_latency=self.tail_latency,
            depth=self.depth,
            dependence_distance=dependence_distance(self.shape, self.slots),
            accumulators=accumulators(self.slots),
            tiles=self.shape.tiles,
            cycles_per_step=len(self.slots),
            schedule=self.slots,
            requantizers={k: r.choice() for k, r in self.tail.requantizers.items()},
        )

    def _constants(self) -> dict[str, int]:
        shape = self.shape
        return {
            "INPUTS": shape.inputs,
            "HIDDEN": shape.hidden,
            "GATES": shape.gates,
            "UNITS": shape.units,
            "COLUMNS": shape.columns,
            "ROWS": shape.rows,
            "X_BLOCKS": shape.x_blocks,
            "H_BLOCKS": shape.h_blocks,
            "SLOTS": len(self.slots),
            "TILES": len(self.tiles),
            "ACCUMULATORS": accumulators(self.slots),
            "DISTANCE": dependence_distance(shape, self.slots),
            "FIRST_TAP": self.first_tap,
            "TAPS": len(self.tail.taps),
            **{role: self.roles.index(role) if role in self.roles else -1 for role in ROLES},
        }

    def _initial_arrays(self) -> list[str]:
        return [
            cpp.array(f"{self.ident}_initial_{state}", row)
            for state, row in self.initial.items()
            if row.any()
        ]

    def _initial_member(self, state: str) -> list[str]:
        row = self.initial.get(state)
        value = "0" if row is None or not row.any() else f"{self.ident}_initial_{state}[i]"
        parameter = "int i" if value != "0" else "int"
        return [f"struct initial_{state} {{", *cpp.accessor(f"int at({parameter})", value), "};"]

    def _members(self, names: dict[str, str], weights: IntArray, biases: IntArray) -> list[str]:
        return [
            f"using in_beat = {self.input.beat};",
            *self._initial_member("h"),
            *self._initial_member("c"),
            f"using operand_t = {cpp.word(self.operand)};",
            f"using cell_t = {cpp.word(self.state_type(1))};",
            f"using acc_t = {cpp.word(self.accumulator)};",
            *cpp.accessor("gw::slot_entry slot(int i)", f"{names['schedule']}[i]"),
            *cpp.accessor(
                f"{cpp.rom(IntType.of(weights))} weight(int i, int k, int lane)",
                f"{names['weights']}[i][k][lane]",
            ),
            *cpp.accessor(
                f"{cpp.rom(IntType.of(biases))} bias(int row, int lane)",
                f"{names['biases']}[row][lane]",
            ),
            "static void tail(const acc_t* sum, int unit, const operand_t& h_prev,"
            " const cell_t& c_prev,",
            "                 operand_t& h_next, cell_t& c_next) {",
            "#pragma HLS inline",
            *(f"  {s}" for s in self.tail.statements),
            "}",
        ]

    def _schedule_cpp(self, name: str) -> str:
        bubble = Tile(0, 0, hidden=False, first=False, last=False)
        rows = ",\n".join(
            "{" + ", ".join(map(cpp.literal, (t is not None, *structs.astuple(t or bubble)))) + "}"
            for t in self.slots
        )
        return f"static const gw::slot_entry {name}[{len(self.slots)}] = {{{rows}}};"
