"""Rows that hold every possible pair of values of every two axes, greedily few of them.

Every row begins with a pair that no row holds yet, and takes of each further axis the value that
adds the most pairs; where the rules leave none, it goes back. So a pair is left out only after a
full search has shown that no row can hold it. Nothing here is random.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Pair = tuple[tuple[str, Any], tuple[str, Any]]
Row = dict[str, Any]
Fits = Callable[[Row], bool]


def pairs_of(row: Mapping[str, Any]) -> set[Pair]:
    """The pairs that a row holds, each in the order of the axes."""
    return set(itertools.combinations(row.items(), 2))


def every_pair(axes: Mapping[str, Sequence[Any]]) -> list[Pair]:
    """All pairs of values of different axes, possible or not."""
    return [
        ((a, x), (b, y))
        for a, b in itertools.combinations(axes, 2)
        for x, y in itertools.product(axes[a], axes[b])
    ]


def all_pairs(axes: Mapping[str, Sequence[Any]], fits: Fits) -> list[Row]:
    """The rows.

    Args:
        axes: The values of every axis.
        fits: Whether a row, complete or not, breaks no rule.

    Returns:
        Complete rows that fit, with their axes in order.
    """
    # The wide axes have the most pairs to place: they choose first.
    order = sorted(axes, key=lambda axis: -len(axes[axis]))
    missing = dict.fromkeys(every_pair(axes))
    place = {axis: i for i, axis in enumerate(axes)}

    def gain(row: Row, axis: str, value: Any) -> int:
        return sum(
            (
                ((other, row[other]), (axis, value))
                if place[other] < place[axis]
                else ((axis, value), (other, row[other]))
            )
            in missing
            for other in row
        )

    def complete(row: Row) -> Row | None:
        # An axis without a value left ends the search here, not at the end of all the others.
        left = {a: [v for v in axes[a] if fits({**row, a: v})] for a in order if a not in row}
        if not left:
            return {a: row[a] for a in axes}
        if not all(left.values()):
            return None
        axis = next(iter(left))
        ranked = sorted(left[axis], key=lambda value: -gain(row, axis, value))
        found = (complete({**row, axis: value}) for value in ranked)
        return next((full for full in found if full is not None), None)

    rows: list[Row] = []
    while missing:
        seed = next(iter(missing))
        row = complete(dict(seed)) if fits(dict(seed)) else None
        if row is None:
            del missing[seed]
            continue
        rows.append(row)
        for pair in pairs_of(row):
            missing.pop(pair, None)
    return rows
