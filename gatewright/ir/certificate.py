"""The certificate: every integer at which torch's float32 may round to another code.

Our reference is exact; torch computes the same real value in float32, with an error that
``docs/semantics.md`` bounds. Where an exact value is farther from every rounding boundary than the
bound, both give the same code. This module finds the rest, within the reachable range.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gatewright.ir.float_error import (
    Intervals,
    argmax_gap,
    boundaries,
    output_intervals,
    step_intervals,
)
from gatewright.ir.function_error import function_intervals, table_intervals
from gatewright.ir.lowering.lower import IntegerModel
from gatewright.ir.lowering.rounding import Rounding
from gatewright.ir.runs import Run, find_runs
from gatewright.ir.types import IntArray

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

ALL_CHANNELS = -1
FINE = 2.0**-6
"""Codes that an integer is worth, below which two more on a list are no matter."""
LONG_LIST = 4096
"""Entries of a place beyond which those that are evenly spaced are written as runs."""

ASSUMPTIONS = (
    "The reference is exact real arithmetic on the float32 parameters; each place is judged for "
    "equal integers at its input, so a first difference can only arise at a listed integer.",
    "torch computes in IEEE binary32, rounding to nearest even: no TF32, bfloat16 or other reduced "
    "precision in matrix products. Sums may run in any order, with or without fused multiply-add.",
    "No operation overflows. Underflow, gradual or flushed to zero, costs at most 2**-126 each.",
    "torch.sigmoid and torch.tanh err by at most 4 units in the last place of float32, and are "
    "exact at 0. Behind the recurrent layers the traced graph leaves them to ONNX Runtime, whose "
    "tanh errs by at most 8 units and whose sigmoid by at most 2**-21.",
    "An inverse square root in a batch normalization errs by at most 4 units in the last place.",
    "The quantizer of the float input is defined in IEEE binary32, as torch computes it, and is "
    "equal by construction.",
)


class SummaryRow(NamedTuple):
    """One line of the certificate's table.

    Attributes:
        name: Of the place, or ``total``.
        kind: See ``Rounding``; empty for the total.
        boundaries: Rounding boundaries in reach: one a code and channel, one a table entry,
            or one a channel of an unquantized output.
        listed: Those that float32 may cross.
        inputs: Reachable integers, counted once a channel.
        inputs_listed: Those of them that are listed.
        error_bound: Largest error of float32 before rounding, in codes; None where unbounded.
    """

    name: str
    kind: str
    boundaries: int
    listed: int
    inputs: int
    inputs_listed: int
    error_bound: float | None


@dataclass(frozen=True, eq=False)
class Place:
    """One place of rounding, and its list: integers ``low .. high`` at a boundary.

    Attributes:
        summary: Its counts.
        source: The integer tensor that enters it.
        channels: One an entry, ``ALL_CHANNELS`` where an entry holds for all; [E].
        codes: The quantizer's code that begins at the boundary, [E].
        lows: Lowest listed integer, [E].
        highs: Highest listed integer, [E].
        distances: From the nearest listed integer to the boundary, in codes, [E].
        runs: Further entries, many evenly spaced ones each.
    """

    summary: SummaryRow
    source: str
    channels: IntArray
    codes: IntArray
    lows: IntArray
    highs: IntArray
    distances: FloatArray
    runs: tuple[Run, ...] = ()

    def lists(self, n: IntArray) -> BoolArray:
        """Whether each integer n [..., C] is listed.

        Of an argmax, whether each row is, [..., 1]: what it lists are gaps between the largest
        integer and the next.
        """
        if self.summary.kind == "argmax":
            n = _gap(n)
        result = self._inside(ALL_CHANNELS, n)
        for channel in self._by_channel.keys() - {ALL_CHANNELS}:
            result[..., channel] |= self._inside(channel, n[..., channel])
        return result

    @cached_property
    def _by_channel(self) -> dict[int, tuple[IntArray, IntArray]]:
        """Lowest and highest integers of all intervals of a channel, each sorted."""
        bounds: dict[int, list[tuple[IntArray, IntArray]]] = {}
        for channel in np.unique(self.channels):
            own = self.channels == channel
            bounds.setdefault(int(channel), []).append((self.lows[own], self.highs[own]))
        for run in self.runs:
            bounds.setdefault(run.channel, []).append(run.bounds())
        return {
            channel: (np.sort(np.concatenate(lows)), np.sort(np.concatenate(highs)))
            for channel, (lows, highs) in ((c, zip(*b, strict=True)) for c, b in bounds.items())
        }

    def _inside(self, channel: int, n: IntArray) -> BoolArray:
        # Of the intervals that have begun, some have not ended.
        nothing = np.zeros(0, dtype=np.int64)
        lows, highs = self._by_channel.get(channel, (nothing, nothing))
        begun = np.searchsorted(lows, n, side="right")
        ended = np.searchsorted(highs, n, side="left")
        inside: BoolArray = np.asarray(begun > ended)
        return inside

    def to_json(self) -> dict[str, Any]:
        """A JSON form; distances to three digits."""
        columns = (self.channels, self.codes, self.lows, self.highs, self.distances)
        return {
            **self.summary._asdict(),
            "error_bound": _three_digits(self.summary.error_bound),
            "source": self.source,
            "entries": [
                [None if channel == ALL_CHANNELS else channel, code, low, high, _three_digits(d)]
                for channel, code, low, high, d in zip(*(c.tolist() for c in columns), strict=True)
            ],
            "runs": [
                [None if run.channel == ALL_CHANNELS else run.channel, *run.to_json()[1:]]
                for run in self.runs
            ],
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> Place:
        """The inverse of ``to_json``."""
        rows = [[ALL_CHANNELS if e[0] is None else e[0], *e[1:]] for e in data["entries"]]
        integers = np.array([r[:4] for r in rows], dtype=np.int64).reshape(-1, 4)
        return Place(
            SummaryRow(**{key: data[key] for key in SummaryRow._fields}),
            data["source"],
            integers[:, 0],
            integers[:, 1],
            integers[:, 2],
            integers[:, 3],
            np.array([r[4] for r in rows], dtype=np.float64),
            tuple(Run(ALL_CHANNELS if r[0] is None else r[0], *r[1:]) for r in data["runs"]),
        )


def _three_digits(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.2e}")


@dataclass(frozen=True, eq=False)
class Certificate:
    """All places of rounding of a model, in the order of its integer graph."""

    places: tuple[Place, ...]

    def lists(self, name: str, n: IntArray) -> BoolArray:
        """Whether float32 may round an integer input of a place to another code.

        Args:
            name: The place, such as ``lstm/input_acc``.
            n: Values [..., C] of the tensor that enters it (``Place.source``).

        Raises:
            KeyError: If there is no such place.
        """
        return self.place(name).lists(n)

    def place(self, name: str) -> Place:
        """The place of that name.

        Raises:
            KeyError: If there is none.
        """
        for place in self.places:
            if place.summary.name == name:
                return place
        raise KeyError(name)

    def summary(self) -> list[SummaryRow]:
        """One row a place, and the total last."""
        rows = [place.summary for place in self.places]
        bounds = [row.error_bound for row in rows]
        total = SummaryRow(
            "total",
            "",
            sum(row.boundaries for row in rows),
            sum(row.listed for row in rows),
            sum(row.inputs for row in rows),
            sum(row.inputs_listed for row in rows),
            None if None in bounds else max((b for b in bounds if b is not None), default=0.0),
        )
        return [*rows, total]

    def to_json(self) -> dict[str, Any]:
        """A deterministic JSON form."""
        total = self.summary()[-1]
        return {
            "summary": {
                "places": len(self.places),
                "boundaries": total.boundaries,
                "listed": total.listed,
                "proven": total.boundaries - total.listed,
                "inputs": total.inputs,
                "inputs_listed": total.inputs_listed,
            },
            "assumptions": list(ASSUMPTIONS),
            "places": [place.to_json() for place in self.places],
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> Certificate:
        """The inverse of ``to_json``."""
        return Certificate(tuple(Place.from_json(p) for p in data["places"]))


def build_certificate(model: IntegerModel) -> Certificate:
    """Judge every place of rounding of a lowered model.

    Args:
        model: As ``lower`` gives it.

    Raises:
        ValueError: If the model was read back from a file, which holds no float parameters.
    """
    if not model.roundings:
        raise ValueError("a model read from a file has no certificate; lower the traced graph")
    return Certificate(tuple(_judge(rounding) for rounding in model.roundings))


def _judge(rounding: Rounding) -> Place:
    if rounding.kind == "argmax":
        return _judge_argmax(rounding)
    path = rounding.path
    lo, hi = np.array(path.lo, dtype=np.int64), np.array(path.hi, dtype=np.int64)
    inputs = int((hi - lo + 1).sum())
    found = _intervals(rounding)
    if found is None:
        codes, _ = boundaries(rounding.quantizer)
        summary = SummaryRow(
            rounding.name,
            rounding.kind,
            len(codes) * lo.size,
            len(codes) * lo.size,
            inputs,
            inputs,
            None,
        )
        channel, code, low, high = (
            np.array([value], dtype=np.int64)
            for value in (ALL_CHANNELS, codes[0], lo.min(), hi.max())
        )
        return Place(summary, rounding.source, channel, code, low, high, np.zeros(1))
    lows, highs = _align(found)
    lows, highs = np.maximum(lows, lo[:, None]), np.minimum(highs, hi[:, None])
    listed = lows <= highs
    single: BoolArray = listed
    runs: tuple[Run, ...] = ()
    if listed.sum() > LONG_LIST:
        single, runs = _as_runs(found, lows, highs)
    summary = SummaryRow(
        rounding.name,
        rounding.kind,
        int((found.reached | listed).sum()),
        int(listed.sum()),
        inputs,
        _union(lows, highs),
        found.error_bound,
    )
    lows, highs = np.where(single, lows, hi[:, None] + 1), np.where(single, highs, lo[:, None] - 1)
    return Place(summary, rounding.source, *_entries(found, lows, highs, lo, hi), runs)


def _intervals(rounding: Rounding) -> Intervals | None:
    if rounding.kind in _JUDGES:
        return _JUDGES[rounding.kind](rounding)
    return function_intervals(rounding) if rounding.function else step_intervals(rounding)


_JUDGES: dict[str, Callable[[Rounding], Intervals | None]] = {
    "output": output_intervals,
    "table": table_intervals,
}


def _judge_argmax(rounding: Rounding) -> Place:
    """One boundary, between the first of the largest and any other class."""
    path = rounding.path
    widest = max(path.hi) - min(path.lo)
    gap, error = argmax_gap(rounding)
    gap = min(gap, widest)
    summary = SummaryRow(rounding.name, rounding.kind, 1, int(gap >= 0), widest + 1, gap + 1, error)
    entries = [[ALL_CHANNELS, 0, 0, gap]] if gap >= 0 else []
    channel, code, low, high = np.array(entries, dtype=np.int64).reshape(-1, 4).T
    return Place(summary, rounding.source, channel, code, low, high, np.zeros(len(entries)))


def _gap(n: IntArray) -> IntArray:
    """How far the largest of [..., C] lies above the next, [..., 1]; 0 where two are largest."""
    largest = np.partition(n, -2, axis=-1)[..., -2:]
    return np.diff(largest, axis=-1)


def _align(found: Intervals) -> tuple[IntArray, IntArray]:
    """Give the channels [C, K] of a boundary one interval where theirs are nearly the same.

    A longer list is sound as well; this one is shorter to write.
    """
    if found.unit > FINE:
        return found.lows, found.highs
    listed = found.lows <= found.highs
    far = np.iinfo(np.int64).max
    low = np.where(listed, found.lows, far).min(axis=0)
    high = np.where(listed, found.highs, -far).max(axis=0)
    widest = np.where(listed, found.highs - found.lows + 1, 0).max(axis=0)
    often = 2 * listed.sum(axis=0) >= found.reached.sum(axis=0)
    more = np.maximum(2, widest // 4)
    near = (np.ptp(found.centers, axis=0) <= more) & (high - low + 1 <= widest + more)
    alike = (widest > 0) & often & near
    return np.where(alike, low, found.lows), np.where(alike, high, found.highs)


def _as_runs(
    found: Intervals, lows: IntArray, highs: IntArray
) -> tuple[BoolArray, tuple[Run, ...]]:
    """Cover listed intervals [C, K] by runs, and widen those arrays to what the runs list.

    Returns:
        Which intervals are left to be listed one by one, and the runs.
    """
    single = lows <= highs
    runs = []
    centers = np.broadcast_to(found.centers, lows.shape)
    for c in range(len(lows)):
        channel = c if len(lows) > 1 else ALL_CHANNELS
        for part, run in find_runs(channel, found.codes, lows[c], highs[c], centers[c]):
            lows[c, part], highs[c, part] = run.bounds()
            single[c, part] = False
            runs.append(run)
    return single, tuple(runs)


def _union(lows: IntArray, highs: IntArray) -> int:
    """How many integers the intervals [C, K] of each channel hold, ascending in K."""
    listed = lows <= highs
    floor = np.iinfo(np.int64).min // 2
    ends = np.maximum.accumulate(np.where(listed, highs, floor), axis=1)
    before = np.concatenate([np.full((len(ends), 1), floor), ends[:, :-1]], axis=1)
    return int(np.where(listed, np.maximum(0, highs - np.maximum(lows, before + 1) + 1), 0).sum())


def _entries(
    found: Intervals, lows: IntArray, highs: IntArray, lo: IntArray, hi: IntArray
) -> tuple[IntArray, IntArray, IntArray, IntArray, FloatArray]:
    """Columns of the list: a boundary where all channels agree, else a channel and boundary."""
    codes, distances = found.codes, found.distances
    listed = lows <= highs
    far = np.iinfo(np.int64).max
    low = np.where(listed, lows, far).min(axis=0)
    high = np.where(listed, highs, -far).max(axis=0)
    # A channel agrees where the interval, as far as the channel reaches, is its own.
    within = np.maximum(low, lo[:, None]), np.minimum(high, hi[:, None])
    agrees = np.where(listed, (lows == within[0]) & (highs == within[1]), within[0] > within[1])
    common = listed.any(axis=0) & agrees.all(axis=0)
    nearest = np.where(listed, distances, np.inf).min(axis=0)
    own = np.argwhere((listed & ~common).T)
    code, channel = own.T
    every = np.flatnonzero(common)
    columns = (
        np.concatenate([np.full(every.size, ALL_CHANNELS), channel]),
        np.concatenate([codes[every], codes[code]]),
        np.concatenate([low[every], lows[channel, code]]),
        np.concatenate([high[every], highs[channel, code]]),
        np.concatenate([nearest[every], distances[channel, code]]),
    )
    order = np.lexsort((columns[0], columns[2], columns[1]))
    a, b, c, d, e = (column[order] for column in columns)
    return a, b, c, d, e
