"""Rows of the matrix that show each choice that shapes a design."""

from __future__ import annotations

from typing import Any

from matrix_run import ROWS

# What decides which kernels and streams a design has.
SHAPING = ("layer", "bidirectional", "weight_scales", "state", "feature", "returns")


def few() -> list[int]:
    """Rows in which each value of the axes above occurs, the one with most new ones first."""

    def values(row: dict[str, Any]) -> set[tuple[str, Any]]:
        return {(axis, row[axis]) for axis in SHAPING}

    missing = set().union(*map(values, ROWS))
    chosen = []
    while missing:
        chosen.append(max(range(len(ROWS)), key=lambda n: len(values(ROWS[n]) & missing)))
        missing -= values(ROWS[chosen[-1]])
    return chosen
