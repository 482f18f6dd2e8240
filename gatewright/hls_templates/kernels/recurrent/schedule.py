"""The static tile schedule of the recurrent kernel: the compiler decides the order of work.

A step has ``cycles`` slots, one a cycle, and is repeated: a tile that reads an h must come
``depth`` cycles or more after the tile of the step before that finished its row block. Say the row
blocks finish in a given order, block j no later than slot f[j]. Then a column block of h may be
read from f[k] + depth - cycles on, k being the last to finish of the row blocks in it, and every
tile of row block j has to be done at f[j]. Tiles take one slot each, so they fit if and only if no
interval holds more of them than slots (Hall), and then the earliest deadline first finds the slots.
With m[k] column blocks that wait for row block k or a later one, counting row blocks from 1, this
reads

    f[j] >= f[k] - (cycles - depth) - 1 + j * m[k]    for all j, k
    f[j] >= j * (tiles of a row block) - 1            for all j

whose least solution a fixed-point iteration finds. If its last value lies in the period, the period
is long enough; the search for the shortest one is exact, for that order of row blocks.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import ceil

import numpy as np
from msgspec import structs

from gatewright.files.records import Record
from gatewright.ir.types import IntArray


class Tile(Record, frozen=True):
    """One pass of the kernel: UNITS units x all gates x COLUMNS columns.

    Attributes:
        row: Row block (hidden units).
        column: Column block, of x or of h.
        hidden: Whether the columns are h of the step before.
        first: Whether it starts its row block in this step.
        last: Whether it completes its row block in this step.
    """

    row: int
    column: int
    hidden: bool
    first: bool
    last: bool


# The slots of a time step, one a cycle; None is a bubble, in which nothing starts.
SlotList = tuple[Tile | None, ...]


@dataclass(frozen=True)
class TileShape:
    """How the gate matrix is cut.

    Attributes:
        inputs: I.
        hidden: H.
        gates: G.
        units: Hidden units of a tile, U.
        columns: Columns of a tile, K.
    """

    inputs: int
    hidden: int
    gates: int
    units: int
    columns: int

    @property
    def rows(self) -> int:
        """Row blocks."""
        return ceil(self.hidden / self.units)

    @property
    def x_blocks(self) -> int:
        """Column blocks of x."""
        return ceil(self.inputs / self.columns)

    @property
    def h_blocks(self) -> int:
        """Column blocks of h."""
        return ceil(self.hidden / self.columns)

    @property
    def multipliers(self) -> int:
        """P = U * G * K."""
        return self.units * self.gates * self.columns

    @property
    def tiles(self) -> int:
        """Tiles of a time step."""
        return self.rows * (self.x_blocks + self.h_blocks)

    @property
    def sizes(self) -> dict[str, int]:
        """All of that by the names of the kernel's parameters, in C++ and in ``rtl/``."""
        return {
            "INPUTS": self.inputs,
            "HIDDEN": self.hidden,
            "GATES": self.gates,
            "UNITS": self.units,
            "COLUMNS": self.columns,
            "ROWS": self.rows,
            "X_BLOCKS": self.x_blocks,
            "H_BLOCKS": self.h_blocks,
        }

    def rows_of(self, column: int) -> range:
        """The row blocks that have a unit in a column block of h."""
        last = min((column + 1) * self.columns, self.hidden) - 1
        return range(column * self.columns // self.units, last // self.units + 1)

    def fewest_cycles(self, depth: int) -> int:
        """No schedule of a time step is shorter than this.

        It has a slot for each tile. Beyond that, with w = ``cycles - depth``: every row block reads
        a column block that waits for the row block that finishes last, so all finish within w slots
        of each other, and these ``rows`` tiles lie in w + 1 slots. No tile of h lies more than w
        slots before the first row block finishes: the ``h_blocks`` tiles of that one lie in w + 1
        slots, and all tiles of h in 2 w + 1.
        """
        tiles_of_h = self.rows * self.h_blocks
        beyond = max(ceil((tiles_of_h - 1) / 2), self.h_blocks - 1, self.rows - 1)
        return max(self.tiles, depth + beyond)


def make_schedule(shape: TileShape, depth: int) -> SlotList:
    """The slots of a time step: the fewest, and where it costs none, row block by row block.

    Row block by row block, the kernel needs one accumulator for each lane only. The first slot is
    never a bubble, and the last one never reads x.

    Args:
        shape: The tiles.
        depth: Cycles from the tile that finishes an h to the first that may read it.
    """
    order = row_order(shape)
    cycles = _row_order_cycles(shape, depth)
    skewed = shortest(shape, depth)
    if skewed.cycles < cycles:
        return _mark(skewed.slots())
    return order + (None,) * (cycles - len(order))


def interleaved_schedule(shape: TileShape, depth: int, sequences: int) -> SlotList:
    """The slots of a time step where steps of other sequences fill the wait for h.

    Row block by row block: what h costs is then the distance of two steps of one sequence,
    ``step_distance``, and no longer that of two steps.

    Args:
        shape: The tiles.
        depth: Cycles from the tile that finishes an h to the first that may read it.
        sequences: How many take turns.
    """
    order = row_order(shape)
    cycles = interleaved_cycles(shape, depth, sequences)
    return order + (None,) * (cycles - len(order))


def interleaved_cycles(shape: TileShape, depth: int, sequences: int) -> int:
    """The slots of that."""
    return max(shape.tiles, ceil(step_distance(shape, depth) / sequences))


def step_distance(shape: TileShape, depth: int) -> int:
    """Cycles from the first slot of a step, row block by row block, to that of its next one.

    The first row block is the first to read h.
    """
    tiles = shape.x_blocks + shape.h_blocks
    ahead = min(
        shape.x_blocks + column + 1 - (shape.rows_of(column)[-1] + 1) * tiles
        for column in range(shape.h_blocks)
    )
    return depth - ahead


def row_order(shape: TileShape) -> tuple[Tile, ...]:
    """Row block by row block; in each, x first, so that h of the last step has time to arrive."""
    tiles = []
    for row in range(shape.rows):
        columns = [(c, False) for c in range(shape.x_blocks)]
        columns += [(c, True) for c in range(shape.h_blocks)]
        for i, (column, hidden) in enumerate(columns):
            tiles.append(Tile(row, column, hidden, i == 0, i == len(columns) - 1))
    return tuple(tiles)


def dependence_distance(shape: TileShape, slots: SlotList, step_distance: int | None = None) -> int:
    """Fewest cycles from the tile that finishes an h to the first that reads it, a step later.

    Args:
        shape: The tiles.
        slots: Of a time step.
        step_distance: Cycles from a step to the next of its sequence; None for one slot behind the
            other.
    """
    period = len(slots) if step_distance is None else step_distance
    finished = {tile.row: i for i, tile in enumerate(slots) if tile is not None and tile.last}
    return min(
        period + i - max(finished[row] for row in shape.rows_of(tile.column))
        for i, tile in enumerate(slots)
        if tile is not None and tile.hidden
    )


def accumulators(slots: SlotList) -> int:
    """Row blocks whose sums have to be kept side by side: 1, or all."""
    rows = [tile.row for tile in slots if tile is not None]
    changes = sum(a != b for a, b in pairwise(rows))
    blocks = len(set(rows))
    return 1 if changes == blocks - 1 else blocks


@dataclass(frozen=True)
class Period:
    """A period, and an order in which the row blocks finish, with a deadline for each.

    Attributes:
        shape: The tiles.
        depth: Cycles from the tile that finishes an h to the first that may read it.
        backwards: Whether the last row block finishes first.
        cycles: Slots of the period.
    """

    shape: TileShape
    depth: int
    backwards: bool
    cycles: int

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """For each column block of h: which of the row blocks it waits for finishes last."""
        columns = range(self.shape.h_blocks)
        return tuple(max(map(self._rank, self.shape.rows_of(c))) for c in columns)

    @cached_property
    def deadlines(self) -> IntArray:
        """The latest slot of each row block, in order of finishing; [rows]."""
        shape, ranks = self.shape, np.arange(self.shape.rows)
        waiting = (np.array(self.levels) >= ranks[:, None]).sum(axis=1)
        gaps = (ranks[:, None] + 1) * waiting - (self.cycles - self.depth) - 1
        deadlines: IntArray = (ranks + 1) * (shape.x_blocks + shape.h_blocks) - 1
        while deadlines[-1] < self.cycles:
            later = np.maximum(deadlines, (deadlines + gaps).max(axis=1))
            if np.array_equal(later, deadlines):
                break
            deadlines = later
        return deadlines

    @property
    def fits(self) -> bool:
        """Whether there are slots for all tiles."""
        return int(self.deadlines[-1]) < self.cycles

    def slots(self) -> SlotList:
        """The earliest deadline first; of equal ones x first. For a plan that fits."""
        jobs = sorted(self._jobs())
        ready: list[tuple[int, bool, int, int]] = []
        slots: list[Tile | None] = []
        while jobs or ready:
            while jobs and jobs[-1][0] >= -len(slots):
                heapq.heappush(ready, jobs.pop()[1])
            if ready:
                _, hidden, row, column = heapq.heappop(ready)
                slots.append(Tile(row, column, hidden, first=False, last=False))
            else:
                slots.append(None)
        return (*slots, *(None,) * (self.cycles - len(slots)))

    def _rank(self, row: int) -> int:
        return self.shape.rows - 1 - row if self.backwards else row

    def _jobs(self) -> Iterator[tuple[int, tuple[int, bool, int, int]]]:
        """The first slot of each tile, negated, and how it is told from others that could run."""
        deadlines = self.deadlines.tolist()
        releases = [max(f + self.depth - self.cycles, 0) for f in deadlines]
        for row in range(self.shape.rows):
            deadline = deadlines[self._rank(row)]
            for column in range(self.shape.x_blocks):
                yield 0, (deadline, False, row, column)
            for column, level in enumerate(self.levels):
                yield -releases[level], (deadline, True, row, column)


def shortest(shape: TileShape, depth: int) -> Period:
    """The shortest plan of the two orders in which the row blocks can finish."""
    low, high = shape.fewest_cycles(depth), _row_order_cycles(shape, depth)
    plans = []
    for backwards in (False, True):
        plans.append(_search(shape, depth, backwards, low, high))
        if plans[-1].cycles == low:
            break
    return min(plans, key=lambda plan: plan.cycles)


def _search(shape: TileShape, depth: int, backwards: bool, low: int, high: int) -> Period:
    # Mostly the bound is reached; what fits in a period fits in a longer one.
    plan = Period(shape, depth, backwards, low)
    while low < high:
        if plan.fits:
            high = plan.cycles
        else:
            low = plan.cycles + 1
        plan = Period(shape, depth, backwards, (low + high) // 2)
    return plan


def _row_order_cycles(shape: TileShape, depth: int) -> int:
    """Cycles of ``row_order`` with bubbles at its end.

    Bubbles elsewhere would not do with fewer: all tiles of the later row blocks lie between what
    the first one reads and what wrote that.
    """
    return interleaved_cycles(shape, depth, 1)


def _mark(slots: SlotList) -> SlotList:
    """Mark the first and the last tile of each row block."""
    rows = [None if tile is None else tile.row for tile in slots]
    first = {row: i for i, row in reversed(list(enumerate(rows)))}
    last = {row: i for i, row in enumerate(rows)}
    return tuple(
        tile and structs.replace(tile, first=first[tile.row] == i, last=last[tile.row] == i)
        for i, tile in enumerate(slots)
    )
