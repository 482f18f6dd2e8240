"""How a recurrent layer is folded: the tiles, and when each starts; RTL and C++ have one each."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from gatewright.hls_templates.delays import START, Arrival, addition, after, product
from gatewright.hls_templates.kernels.recurrent.front import make_front
from gatewright.hls_templates.kernels.recurrent.schedule import (
    SlotList,
    Tile,
    TileShape,
    accumulators,
    dependence_distance,
    interleaved_schedule,
    make_schedule,
    step_distance,
)
from gatewright.hls_templates.kernels.recurrent.tail import OPERATORS, StepSplit, TailCode
from gatewright.hls_templates.kernels.recurrent.tiling import choose_tile
from gatewright.hls_templates.mapping.options import MappingOptions
from gatewright.hls_templates.rtl.cut import Cut
from gatewright.ir.types import IntType

DEPTH_MARGIN = 3
"""A pipeline that an HLS tool makes is taken for a third longer than the delays say."""


@dataclass(frozen=True)
class Folding:
    """Tiles and their order.

    Attributes:
        shape: How the gate matrix is cut.
        depth: Cycles from the tile that finishes an h to the first that may read it.
        slots: What starts in each cycle of a time step.
        sequences: How many take turns, step by step.
    """

    shape: TileShape
    depth: int
    slots: SlotList
    sequences: int = 1

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """The slots without the bubbles."""
        return tuple(tile for tile in self.slots if tile is not None)

    @property
    def step_distance(self) -> int:
        """The fewest cycles from a step to the next one of its sequence."""
        if self.sequences == 1:
            return len(self.slots)
        return step_distance(self.shape, self.depth)

    @property
    def distance(self) -> int:
        """The fewest cycles from a tile that finishes an h to one that reads it."""
        return dependence_distance(self.shape, self.slots, self.step_distance)

    @property
    def accumulators(self) -> int:
        """Row blocks whose sums are kept side by side."""
        return accumulators(self.slots)

    @property
    def parts(self) -> int:
        """How many of the narrower of units and columns make a word of h."""
        wide, narrow = sorted((self.shape.units, self.shape.columns), reverse=True)
        return wide // narrow


def fold_for_rtl(
    inputs: int,
    hidden: int,
    split: StepSplit,
    options: MappingOptions,
    tail_latency: int,
    cut: Cut,
) -> Folding:
    """The folding of ``rtl/``.

    Args:
        inputs: I.
        hidden: H.
        split: The step graph.
        options: The budget, and how many sequences take turns.
        tail_latency: Cycles that the cell's tail takes as a pipeline.
        cut: Where registers stand.
    """

    def depth(shape: TileShape) -> int:
        return make_front(shape, split, cut).cycles + tail_latency

    gates, sequences = len(split.accumulators), options.sequences
    shape = choose_tile(inputs, hidden, gates, options.multipliers, depth, sequences=sequences)
    cycles = depth(shape)
    if sequences == 1:
        return Folding(shape, cycles, make_schedule(shape, cycles))
    return Folding(shape, cycles, interleaved_schedule(shape, cycles, sequences), sequences)


def fold_for_hls(
    inputs: int, hidden: int, split: StepSplit, tail: TailCode, options: MappingOptions
) -> Folding:
    """The folding of ``hls/``, whose pipeline an HLS tool makes.

    Args:
        inputs: I.
        hidden: H.
        split: The step graph.
        tail: Its generated tail.
        options: The budget, the clock, and the depth where that is given; else it is that of the
            operators from an h to the next, and a margin.
    """

    def depth(shape: TileShape) -> int:
        return options.hls_depth or loop_depth(split, tail, shape.columns, options.clock_ns)

    gates = len(split.accumulators)
    shape = choose_tile(inputs, hidden, gates, options.multipliers, depth, banked=True)
    chosen = depth(shape)
    return Folding(shape, chosen, make_schedule(shape, chosen))


def loop_depth(split: StepSplit, tail: TailCode, columns: int, clock_ns: float) -> int:
    """Cycles from the read of an h to the first that can follow its write, with a margin.

    Args:
        split: The step graph.
        tail: Its generated tail.
        columns: Columns of a tile.
        clock_ns: The clock period.
    """
    cycles, _ = loop_cycles(split, tail, columns, clock_ns)
    return ceil(cycles * (DEPTH_MARGIN + 1) / DEPTH_MARGIN)


def loop_cycles(split: StepSplit, tail: TailCode, columns: int, clock_ns: float) -> tuple[int, int]:
    """Cycles from the read of h to its write, and from the read of c to its write, both included.

    Args:
        split: The step graph.
        tail: Its generated tail.
        columns: Columns of a tile.
        clock_ns: The clock period.
    """
    body = split.body
    weights = IntType.hull([IntType.of(m) for a in split.accumulators for m in (a.w, a.u)])
    operands = IntType.hull([body[body.inputs[0]].type, body[body.inputs[-1]].type])
    adder = sum_operator(split)
    adds = [adder] * (columns - 1).bit_length()
    products = ("read", "select", "select", *product(weights.bits, operands.bits), *adds)
    sums = after(START, (*products, "select", adder), clock_ns)
    times: dict[str, Arrival] = {a.tensor: sums for a in split.accumulators}
    states = body.inputs[:-1]
    h = _write(split, tail, times, body.outputs[0], clock_ns)
    if len(states) < 2:
        return h, 1
    begins = {states[1]: after(START, ("read", "select"), clock_ns)}
    return h, _write(split, tail, begins, body.outputs[1], clock_ns)


def sum_operator(split: StepSplit) -> str:
    """The addition of the sums of a tile."""
    return addition(IntType.hull([split.body[a.tensor].type for a in split.accumulators]).bits)


def _write(
    split: StepSplit, tail: TailCode, begins: dict[str, Arrival], output: str, clock_ns: float
) -> int:
    """The cycles up to the write of a state, where what else the tail needs is there in time."""
    body, times = split.body, dict(begins)
    for node in split.tail:
        known = [times[name] for name in node.inputs if name in times]
        if not known:
            continue
        function = tail.functions.get(node.outputs[0])
        if function is not None:
            operators = function.operators
        else:
            operators = OPERATORS[node.op](*(body[name].type.bits for name in node.inputs))
        times[node.outputs[0]] = after(max(known), operators, clock_ns)
    cycle, _ = after(times.get(output, START), ("select", "write"), clock_ns)
    return cycle + 1
