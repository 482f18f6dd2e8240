"""The static tile schedule of the recurrent engine: the compiler decides the order of work."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

# Cycles from a finished accumulator to a usable hidden state, as the tail is pipelined: requantize,
# table, product, requantize, sum, table, product, requantize.
TAIL_DEPTH = 10

SQUARE_ALLOWANCE = 1.05


@dataclass(frozen=True)
class Tile:
    """One pass of the engine: UNITS units x all gates x COLUMNS columns.

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


def row_order(shape: TileShape) -> tuple[Tile, ...]:
    """Row block by row block; in each, x first, so that h of the last step has time to arrive."""
    tiles = []
    for row in range(shape.rows):
        columns = [(c, False) for c in range(shape.x_blocks)]
        columns += [(c, True) for c in range(shape.h_blocks)]
        for i, (column, hidden) in enumerate(columns):
            tiles.append(Tile(row, column, hidden, i == 0, i == len(columns) - 1))
    return tuple(tiles)


def dependence_distance(shape: TileShape, schedule: tuple[Tile, ...]) -> int:
    """Fewest tiles from the one that writes an h to the first that reads it, a step later."""
    finished = {tile.row: i for i, tile in enumerate(schedule) if tile.last}
    distance = 2 * len(schedule)
    for i, tile in enumerate(schedule):
        if tile.hidden:
            units = range(
                tile.column * shape.columns, min((tile.column + 1) * shape.columns, shape.hidden)
            )
            written = max(finished[u // shape.units] for u in units)
            distance = min(distance, len(schedule) + i - written)
    return distance


def cycles_per_step(shape: TileShape, schedule: tuple[Tile, ...]) -> int:
    """Cycles of a time step in one II-constant loop, stretched where h would come too late."""
    interval = ceil(TAIL_DEPTH / dependence_distance(shape, schedule))
    return len(schedule) * interval


def choose_tile(inputs: int, hidden: int, gates: int, multipliers: int) -> TileShape:
    """A tile within a budget of multipliers: of the nearly fastest ones, the squarest.

    A square tile needs the fewest operands and sums for its multipliers; for that it may cost a
    few per cent of the cycles.

    Args:
        inputs: I.
        hidden: H.
        gates: G.
        multipliers: At most this many, but one unit and one column at least.
    """
    budget = max(multipliers // gates, 1)
    shapes = [
        TileShape(inputs, hidden, gates, units, columns)
        for units in range(1, min(hidden, budget) + 1)
        for columns in range(1, min(max(inputs, hidden), budget // units) + 1)
    ]
    fastest = min(_row_order_cycles(shape) for shape in shapes)
    nearly = [s for s in shapes if _row_order_cycles(s) <= fastest * SQUARE_ALLOWANCE]
    return min(
        nearly,
        key=lambda s: (
            max(s.units, s.columns) / min(s.units, s.columns),
            _row_order_cycles(s),
            s.multipliers,
        ),
    )


def _row_order_cycles(shape: TileShape) -> int:
    # In row order the last row block is read back one row of tiles later.
    distance = shape.x_blocks + shape.h_blocks
    return shape.tiles * ceil(TAIL_DEPTH / distance)
