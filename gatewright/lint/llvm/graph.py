"""A pass of a loop as a graph of operators, which knows nothing of LLVM."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gatewright.lint.llvm.delays import READ_PS, CycleRoom


class Cause(NamedTuple):
    """What a node waits for.

    Attributes:
        node: The other one.
        passes: Between the two.
        carried: Whether it waits until what that gives is in a register or memory.
    """

    node: int
    passes: int = 0
    carried: bool = True


_NEVER = -1
_FOR_EVER = 3
"""What is carried comes at clock edges: where a circle made its first operator later by itself, it
does so again; sums that have other terms too are given the time to settle."""


@dataclass(slots=True, eq=False)
class Operator:
    """A node: what it computes is there ``delay`` after the last of its operands.

    Attributes:
        label: For people.
        debug: Where it stands in the source.
        delay: Picoseconds.
        operands: Nodes of the same pass, all before this one.
        carried: Nodes, each with a number of passes: it begins when what they gave that many passes
            before is in its register or memory.
        reads: Whether it reads a memory, whose data comes after the next clock edge.
        terms: Whether it adds up its operands, those first that are there first.
    """

    label: str
    debug: str = ""
    delay: int = 0
    operands: Sequence[int] = ()
    carried: list[Cause] = field(default_factory=list)
    reads: bool = False
    terms: bool = False

    def longest(self, clock: CycleRoom) -> int:
        """No less than from when its operands are there until it is in a register."""
        terms = max(len(self.operands), 1) if self.terms else 1
        return (clock.cycles(self.delay) * terms + clock.cycles(READ_PS) + 2) * clock.room

    def done(self, begin: int, operands: Sequence[int], clock: CycleRoom) -> int:
        """When it is, if the last of what it waits for is there at ``begin``."""
        if self.reads:
            return clock.edge(clock.after(begin, self.delay)) + READ_PS
        if not self.terms:
            return clock.after(begin, self.delay)
        waiting = list(operands)
        heapq.heapify(waiting)
        while len(waiting) > 1:
            heapq.heappop(waiting)
            heapq.heapreplace(waiting, clock.after(waiting[0], self.delay))
        return max(begin, waiting[0])


@dataclass(frozen=True)
class Schedule:
    """When each operator of a pass is done, as early as can be.

    Attributes:
        times: Picoseconds from the beginning of the pass; negative of what is not asked about.
        causes: What each waits for; None of what waits for nothing.
    """

    times: list[int]
    causes: list[Cause | None]

    def path(self, last: int) -> list[int]:
        """Operators of one pass, each of which waits for the one before."""
        path = [last]
        while (cause := self.causes[path[-1]]) is not None and cause.passes == 0:
            path.append(cause.node)
        return path[::-1]


@dataclass(frozen=True)
class Circle:
    """Operators that wait for themselves, passes later.

    Attributes:
        nodes: In order; what the first waits for is carried.
        distance: Passes until the first waits for itself.
    """

    nodes: tuple[int, ...]
    distance: int


def shortest_interval(
    graph: Sequence[Operator], clock: CycleRoom
) -> tuple[int, Schedule, Circle | None]:
    """The fewest cycles from a pass to the next in which nothing is used before it is there.

    Returns:
        The interval; a schedule for it; the circle that allows no smaller one, unless it is 1.
    """
    interval, limiting = 1, None
    while True:
        schedule, circle = _schedule(graph, clock, interval * clock.room)
        if circle is None:
            return interval, schedule, limiting
        limiting = circle
        interval += 1


def latency(
    graph: Sequence[Operator], clock: CycleRoom, first: Collection[int], last: Collection[int]
) -> tuple[int, list[int]]:
    """Cycles from when some operators begin until what others give is in its register or memory.

    Returns:
        The most that it takes, 0 where none of the others depends on one of the first; the
        operators between.
    """
    schedule = Schedule([_NEVER] * len(graph), [None] * len(graph))
    times, causes = schedule.times, schedule.causes
    for node, operator in enumerate(graph):
        known = [time for o in operator.operands if (time := times[o]) >= 0]
        begin = 0 if node in first else _NEVER
        cause: Cause | None = None
        for other in operator.operands:
            if times[other] > begin:
                begin, cause = times[other], Cause(other, 0, False)
        if begin >= 0:
            times[node] = operator.done(begin, known, clock)
            causes[node] = cause
    end = max(last, key=lambda node: times[node], default=None)
    if end is None or times[end] < 0:
        return 0, []
    return max(clock.cycles(times[end]), 1), schedule.path(end)


def _schedule(
    graph: Sequence[Operator], clock: CycleRoom, period: int
) -> tuple[Schedule, Circle | None]:
    """Times by repeated sweeps, or a circle in which they would grow for ever."""
    schedule = Schedule([_NEVER] * len(graph), [None] * len(graph))
    later: dict[Circle, int] = {}
    longest = sum(operator.longest(clock) for operator in graph)
    while changed := set(_sweep(graph, clock, period, schedule)):
        latest = max(changed, key=schedule.times.__getitem__)
        if schedule.times[latest] > longest:  # so what it waits for waits for itself
            return schedule, next(_circles(schedule, [latest]))
        circles = set(_circles(schedule, sorted(changed)))
        later = {c: later.get(c, 0) + (c.nodes[0] in changed) for c in circles}
        growing = next((c for c, times in later.items() if times == _FOR_EVER), None)
        if growing is not None:
            return schedule, growing
    return schedule, None


def _sweep(
    graph: Sequence[Operator], clock: CycleRoom, period: int, schedule: Schedule
) -> list[int]:
    """Take times as late as what they wait for demands; the operators that this changes."""
    times, causes = schedule.times, schedule.causes
    changed = []
    for node, operator in enumerate(graph):
        begin, cause = 0, None
        for other in operator.operands:
            if times[other] > begin:
                begin, cause = times[other], Cause(other, 0, False)
        for carried in operator.carried:
            time = clock.edge(max(times[carried.node], 0)) - carried.passes * period
            if time > begin:
                begin, cause = time, carried
        terms = [times[o] for o in operator.operands] if operator.terms else ()
        done = operator.done(begin, terms, clock)
        if done > times[node]:
            times[node], causes[node] = done, cause
            changed.append(node)
    return changed


def _circles(schedule: Schedule, nodes: Sequence[int]) -> Iterator[Circle]:
    """Those in what waits for what, if one of some nodes does."""
    seen: dict[int, int] = {}
    for start in nodes:
        node = start
        while node not in seen:
            seen[node] = start
            cause = schedule.causes[node]
            if cause is None:
                break
            node = cause.node
        else:
            if seen[node] == start:
                yield _around(schedule, node)


def _around(schedule: Schedule, start: int) -> Circle:
    nodes: list[int] = []
    passes: dict[int, int] = {}
    node = start
    while node not in nodes:
        nodes.append(node)
        cause = schedule.causes[node]
        assert cause is not None, "a node of a circle waits for another one"
        if cause.carried:
            passes[cause.node] = cause.passes
        node = cause.node
    nodes.reverse()
    first = min((i for i, _ in enumerate(nodes) if nodes[i - 1] in passes), key=nodes.__getitem__)
    order = (*nodes[first:], *nodes[:first])
    return Circle(order, sum(passes.values()))
