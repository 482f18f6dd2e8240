"""The choice of a tile: the fewest cycles that a budget of multipliers allows."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from gatewright.hls_templates.kernels.recurrent.schedule import (
    TileShape,
    interleaved_cycles,
    shortest,
)

SQUARE_ALLOWANCE = 1.05


def least_multipliers(gates: int) -> int:
    """Those of the smallest tile of a cell: one unit and one column, all gates at once."""
    return TileShape(1, 1, gates, 1, 1).multipliers


def choose_tile(
    inputs: int,
    hidden: int,
    gates: int,
    multipliers: int,
    depth: Callable[[TileShape], int],
    *,
    banked: bool = False,
    sequences: int = 1,
) -> TileShape:
    """A tile within a budget of multipliers: of the nearly fastest ones, the smallest and squarest.

    A square tile needs the fewest operands and sums for its multipliers; for that it may cost a
    few per cent of the cycles. Where the wait for h decides, more multipliers gain nothing.

    Args:
        inputs: I.
        hidden: H.
        gates: G.
        multipliers: At most this many.
        depth: Of a tile, the cycles from one that finishes an h to one that may read it.
        banked: Whether of units and columns one has to divide the other.
        sequences: How many take turns.

    Raises:
        ValueError: Below ``least_multipliers``.
    """
    if multipliers < least_multipliers(gates):
        raise ValueError(f"{multipliers} multipliers cannot feed {gates} gates")
    budget = multipliers // gates
    shapes = [
        TileShape(inputs, hidden, gates, units, columns)
        for units, columns in _blocks(inputs, hidden, banked)
        if units * columns <= budget
    ]
    depths = {shape: depth(shape) for shape in shapes}
    if sequences > 1:
        return _interleaved_tile(depths, sequences)
    bounds = {shape: shape.fewest_cycles(depths[shape]) for shape in shapes}
    allowed = _fastest(bounds, depths) * SQUARE_ALLOWANCE
    by_size = sorted(shapes, key=lambda s: (max(s.units, s.columns), s.multipliers, bounds[s]))
    return next(
        shape
        for shape in by_size
        if bounds[shape] <= allowed and shortest(shape, depths[shape]).cycles <= allowed
    )


def _interleaved_tile(depths: dict[TileShape, int], sequences: int) -> TileShape:
    """The same where sequences take turns."""
    cycles = {s: interleaved_cycles(s, depth, sequences) for s, depth in depths.items()}
    allowed = min(cycles.values()) * SQUARE_ALLOWANCE
    fast = (shape for shape in cycles if cycles[shape] <= allowed)
    return min(fast, key=lambda s: (max(s.units, s.columns), s.multipliers, cycles[s]))


def _blocks(inputs: int, hidden: int, banked: bool) -> list[tuple[int, int]]:
    """Units and columns of tiles that are worth a look."""
    sides = sorted({*_block_sizes(inputs), *_block_sizes(hidden)})
    blocks = [(units, columns) for units in _block_sizes(hidden) for columns in sides]
    if not banked:
        return blocks
    whole = {(u, ceil(k / u) * u) for u, k in blocks} | {(ceil(u / k) * k, k) for u, k in blocks}
    return sorted(whole)


def _fastest(bounds: dict[TileShape, int], depths: dict[TileShape, int]) -> int:
    """The fewest cycles of all; most shapes need no schedule to be out of the question."""
    ordered = sorted(bounds, key=lambda shape: bounds[shape])
    fastest = shortest(ordered[0], depths[ordered[0]]).cycles
    for shape in ordered[1:]:
        if bounds[shape] >= fastest:
            break
        fastest = min(fastest, shortest(shape, depths[shape]).cycles)
    return fastest


def _block_sizes(size: int) -> list[int]:
    """The smallest block for each number of blocks."""
    return sorted({ceil(size / blocks) for blocks in range(1, size + 1)})
