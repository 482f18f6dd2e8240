"""Thresholds that decide a line: the corners of their convex hull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gatewright.ir.types import IntArray


@dataclass(frozen=True)
class Corners:
    """Of each channel, filled up to the most that one has.

    Attributes:
        thresholds: [C, L].
        codes: [C, L], that begin there.
        there: bool [C, L], False for what only fills.
    """

    thresholds: IntArray
    codes: IntArray
    there: npt.NDArray[np.bool_]


def corners(
    thresholds: IntArray,
    codes: IntArray,
    counted: npt.NDArray[np.bool_],
    kind: type,
    *,
    below: bool = False,
) -> Corners:
    """Those that can be the greatest ``a * code - b * threshold``, or the least, for positive a, b.

    Even and odd codes have corners of their own: a tie may add to one kind and not to the other.

    Args:
        thresholds: int64 [C, K], ascending rows.
        codes: int64 [K], ascending.
        counted: bool [C, K].
        kind: Type of the integers that are given.
        below: For the least.
    """
    sign = -1 if below else 1
    found = []
    for row, mask in zip(thresholds, counted, strict=True):
        kinds = (np.flatnonzero(mask & (codes & 1 == parity)) for parity in (0, 1))
        found.append(np.concatenate([_hull(row, sign * codes, places) for places in kinds]))
    most = max((len(places) for places in found), default=0) or 1
    places = np.zeros((len(thresholds), most), dtype=np.int64)
    there = np.zeros(places.shape, dtype=bool)
    for row, own in enumerate(found):
        places[row, : len(own)] = own
        there[row, : len(own)] = True
    given = np.take_along_axis(thresholds, places, axis=1)
    return Corners(given.astype(kind), codes[places].astype(kind), there)


def _hull(x: IntArray, y: IntArray, places: IntArray) -> IntArray:
    """Of points in the order of x, those that lie above all chords of the others.

    What is not above the chord between its neighbours is no corner, whatever else goes with it.
    """
    while len(places) > 2:
        left, here, right = places[:-2], places[1:-1], places[2:]
        rise = (x[here] - x[left]) * (y[right] - y[left])
        above = (y[here] - y[left]) * (x[right] - x[left]) > rise
        if above.all():
            break
        places = np.concatenate([places[:1], here[above], places[-1:]])
    return places
