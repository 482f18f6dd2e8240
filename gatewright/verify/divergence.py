"""The first difference between two levels, told in the model's own terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gatewright.builds.documents import Documents
from gatewright.ir import ops
from gatewright.ir.graph import Graph, Node
from gatewright.levels.integer import integer_engine
from gatewright.levels.run import Arguments, Run


@dataclass(frozen=True)
class Divergence:
    """Where two levels first differ: earliest step, then order of computation, then sequence.

    Attributes:
        layer: Path of the layer.
        direction: ``forward`` or ``reverse``; empty outside recurrent layers.
        sequence: Index in the batch given to ``verify``.
        step: Time step, or None where there is no time axis.
        gate: ``input``, ``forget``, ``cell``, ``output``, or empty.
        tap: The value that differs.
        unit: Hidden unit or feature.
        expected: What the level before has.
        got: What this level has.
        accumulator: Input of the quantizer or table that made the value, by the integer level.
        distance: How far that accumulator is from the nearest change of the result, in its units.
    """

    layer: str
    direction: str
    sequence: int
    step: int | None
    gate: str
    tap: str
    unit: int
    expected: int
    got: int
    accumulator: int | None = None
    distance: int | None = None

    def __str__(self) -> str:
        gate = f", {self.gate} gate" if self.gate else ""
        direction = f" ({self.direction})" if self.direction else ""
        step = f", step {self.step}" if self.step is not None else ""
        text = (
            f"layer {self.layer}{direction}{step}{gate}, unit {self.unit}: {self.tap} is "
            f"{self.got}, expected {self.expected} (sequence {self.sequence}"
        )
        if self.accumulator is not None:
            text += f"; accumulator {self.accumulator}"
        if self.distance is not None:
            text += f", {self.distance} from the next threshold"
        return text + ")"

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return dict(self.__dict__)


_GATES = ("input", "forget", "cell", "output")


def first_divergence(
    build: Documents, a: Run, b: Run, arguments: Arguments, first: int
) -> Divergence | None:
    """Find the first difference of two runs.

    Args:
        build: The build they belong to.
        a: The run before.
        b: The run compared.
        arguments: Their input.
        first: Index of their first sequence.
    """
    graph = build.integer.graph
    order = [*_tap_order(graph), *graph.outputs]
    shown_a, shown_b = {**a.taps, **a.n}, {**b.taps, **b.n}
    best: tuple[tuple[int, int], str, tuple[int, ...]] | None = None
    for rank, name in enumerate(order):
        if name not in shown_a or name not in shown_b:
            continue
        places = np.argwhere(shown_a[name] != shown_b[name])
        if not len(places):
            continue
        in_time = shown_a[name].ndim == 3
        steps = places[:, 1] if in_time else np.zeros(len(places), dtype=int)
        place = places[np.lexsort((places[:, 0], steps))[0]]
        # What has no time axis is computed after all steps.
        key = (int(place[1]) if in_time else 2**31, rank)
        if best is None or key < best[0]:
            best = key, name, tuple(int(i) for i in place)
    if best is None:
        return None
    _, name, place = best
    values = int(shown_a[name][place]), int(shown_b[name][place])
    return _describe(build, name, place, *values, arguments, first)


def _tap_order(graph: Graph) -> list[str]:
    """Tap names in the order of computation."""
    names = []
    for node in graph.nodes:
        if node.body is not None:
            names += [f"{node.name}/{o}" for inner in node.body.nodes for o in inner.outputs]
        names += node.outputs
    return names


def _describe(
    build: Documents,
    name: str,
    place: tuple[int, ...],
    expected: int,
    got: int,
    arguments: Arguments,
    first: int,
) -> Divergence:
    graph = build.integer.graph
    layer, _, tap = name.rpartition("/")
    scan = next((n for n in graph.scans() if n.name == layer), None)
    body = scan.body if scan is not None and scan.body is not None else graph
    producer = next((n for n in body.nodes if tap in n.outputs), None)
    accumulator, distance = _accumulator(build, name, body, producer, place, arguments)
    gate = tap.partition("_")[0]
    return Divergence(
        layer=layer or (producer.name if producer else name),
        direction="" if scan is None else ("reverse" if scan.attrs.get("reverse") else "forward"),
        sequence=first + place[0],
        step=place[1] if len(place) == 3 else None,
        gate=gate if scan is not None and gate in _GATES else "",
        tap=tap,
        unit=place[-1],
        expected=expected,
        got=got,
        accumulator=accumulator,
        distance=distance,
    )


def _accumulator(
    build: Documents,
    name: str,
    body: Graph,
    producer: Node | None,
    place: tuple[int, ...],
    arguments: Arguments,
) -> tuple[int | None, int | None]:
    """What the integer level had at the input of the op that made the value."""
    if producer is None or producer.op not in (ops.MULTITHRESHOLD, ops.LOOKUP):
        return None, None
    sequence = tuple(
        np.take(a, [place[0]], axis=argument.batch_axis)
        for a, argument in zip(arguments, build.integer.arguments, strict=True)
    )
    taps = integer_engine(build.integer)(sequence).taps
    source = producer.inputs[0]
    layer = name.rpartition("/")[0]
    values = taps.get(f"{layer}/{source}" if layer else source)
    if values is None:
        return None, None
    n = int(values[(0, *place[1:])])
    if producer.op == ops.LOOKUP:
        return n, None
    rows = body[producer.inputs[1]].value
    assert rows is not None
    row = rows[place[-1] if len(rows) > 1 else 0]
    # From n up to the next threshold, or down to just below the one it has reached.
    gaps = np.where(row > n, row - n, n - row + 1)
    return n, int(gaps.min())
