"""The certificate: every integer at which torch's float32 may round to another code.

Our reference is exact; torch computes the same real value in float32, with an error that
``docs/semantics.md`` bounds. Where an exact value is farther from every rounding boundary than the
bound, both give the same code. This is the list of the rest; ``certify.py`` finds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from gatewright.ir.certificate.runs import EvenRun
from gatewright.ir.types import BoolArray, FloatArray, IntArray

ALL_CHANNELS = -1

ASSUMPTIONS = (
    "The reference is exact real arithmetic on the float32 parameters; each place is judged for "
    "equal integers at its input, over all that float32 may reach, so a difference arises at a "
    "listed integer or follows from one.",
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
    runs: tuple[EvenRun, ...] = ()

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
            tuple(EvenRun(ALL_CHANNELS if r[0] is None else r[0], *r[1:]) for r in data["runs"]),
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


def _gap(n: IntArray) -> IntArray:
    """How far the largest of [..., C] lies above the next, [..., 1]; 0 where two are largest."""
    largest = np.partition(n, -2, axis=-1)[..., -2:]
    return np.diff(largest, axis=-1)
