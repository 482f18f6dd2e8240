"""The model of the interval: its arithmetic, and that of whole loops in pieces of C++."""

from __future__ import annotations

import random

import pytest

from gatewright.lint.llvm.delays import (
    READ_PS,
    WRITE_PS,
    CycleRoom,
    add,
    divide,
    multiplex,
    multiply,
)
from gatewright.lint.llvm.graph import Cause, Operator, latency, shortest_interval

CLOCK = CycleRoom(10.0, 0.25)
ROOM = 7500


def test_operators_follow_each_other_as_long_as_they_fit() -> None:
    assert CLOCK.room == ROOM
    assert CLOCK.after(0, 3000) == 3000
    assert CLOCK.after(3000, 4500) == ROOM
    assert CLOCK.after(3001, 4500) == ROOM + 4500
    assert CLOCK.after(ROOM, 4500) == ROOM + 4500
    assert CLOCK.after(1, ROOM + 1) == 3 * ROOM  # a pipeline of two cycles, from the next edge on
    assert CLOCK.after(0, 2 * ROOM + 1) == 3 * ROOM
    assert (CLOCK.edge(0), CLOCK.edge(1), CLOCK.edge(ROOM)) == (0, ROOM, ROOM)
    assert (CLOCK.cycles(0), CLOCK.cycles(1), CLOCK.cycles(ROOM + 1)) == (0, 1, 2)


def test_more_bits_and_ways_take_no_less() -> None:
    products = [multiply(a, a) for a in (4, 8, 17, 18, 30, 60)]
    assert products == sorted(products) and products[0] < products[-1]
    assert [multiplex(n) for n in (1, 2, 3, 4, 5, 64)] == sorted(
        multiplex(n) for n in (1, 2, 3, 4, 5, 64)
    )
    assert divide(8) == 8 * add(8)


def test_a_read_takes_a_cycle_and_a_sum_is_a_tree() -> None:
    read = Operator("read", delay=WRITE_PS, reads=True)
    assert read.done(0, (), CLOCK) == ROOM + READ_PS
    terms = Operator("add", delay=1000, terms=True)
    assert terms.done(0, [0] * 8, CLOCK) == 3000
    assert terms.done(4000, [0, 0, 0, 4000], CLOCK) == 5000  # the late one is added last
    assert terms.done(0, [0, 0, 0], CLOCK) == 2000


def register(delay: int, distance: int) -> list[Operator]:
    return [
        Operator("register", carried=[Cause(1, distance)]),
        Operator("work", delay=delay, operands=(0,)),
    ]


@pytest.mark.parametrize(
    ("delay", "distance", "interval"),
    [
        (1, 1, 1),
        (ROOM, 1, 1),
        (ROOM + 1, 1, 2),
        (3 * ROOM, 1, 3),
        (3 * ROOM, 2, 2),
        (3 * ROOM, 3, 1),
    ],
)
def test_latency_by_distance(delay: int, distance: int, interval: int) -> None:
    found, _, circle = shortest_interval(register(delay, distance), CLOCK)
    assert found == interval
    assert (circle is None) == (interval == 1)
    if circle is not None:
        assert (set(circle.nodes), circle.distance) == ({0, 1}, distance)


def test_circles_through_two_registers_are_seen_together() -> None:
    """Each by itself allows 1, as does either way back; both together take 3 cycles in 2 passes."""
    graph = [
        Operator("a", carried=[Cause(3, 1)]),
        Operator("b", carried=[Cause(2, 1)]),
        Operator("a's work", delay=2 * ROOM, operands=(0,)),
        Operator("b's work", delay=1, operands=(1,)),
    ]
    assert shortest_interval(graph, CLOCK)[0] == 2


def test_a_circle_that_fits_is_no_limit_where_something_else_came_first() -> None:
    """What waited for the condition waits for the pass before in the end, and no longer then."""
    graph = [
        Operator("begin", carried=[Cause(3, 1)]),
        Operator("condition", delay=3600),
        Operator("stream", delay=3650, operands=(0, 1)),
        Operator("last", delay=1500, operands=(2,)),
    ]
    assert shortest_interval(graph, CLOCK)[0] == 1


def test_latency_is_of_what_is_asked_about() -> None:
    graph = [
        Operator("early", delay=ROOM),
        Operator("read", delay=WRITE_PS, reads=True),
        Operator("work", delay=2 * ROOM, operands=(0, 1)),
        Operator("write", delay=WRITE_PS, operands=(2,)),
    ]
    assert latency(graph, CLOCK, {1}, {3}) == (5, [1, 2, 3])
    assert latency(graph, CLOCK, {0}, {3})[0] == 4
    assert latency(graph, CLOCK, {1}, {0}) == (0, [])


def drawn(draw: random.Random) -> list[Operator]:
    graph: list[Operator] = []
    count = draw.randrange(2, 14)
    for node in range(count):
        before = range(node)
        operands = tuple(draw.sample(before, min(node, draw.randrange(3))))
        operator = Operator("", delay=draw.randrange(0, 12000), operands=operands)
        operator.reads = draw.random() < 0.2
        operator.terms = not operator.reads and len(operands) > 1 and draw.random() < 0.3
        graph.append(operator)
    for _ in range(draw.randrange(1, draw.choice((5, 2 * count + 2)))):
        cause = Cause(draw.randrange(count), draw.randrange(1, 4))
        graph[draw.randrange(count)].carried.append(cause)
    return graph


def keeps_up(graph: list[Operator], interval: int, passes: int = 60) -> bool:
    """Whether passes that begin so often are no later after many than after some."""
    done: list[list[int]] = []
    late = []
    for number in range(passes):
        start = number * interval * CLOCK.room
        times: list[int] = []
        for operator in graph:
            begin = max([start, *(times[o] for o in operator.operands)])
            for cause in operator.carried:
                if cause.passes <= number:
                    begin = max(begin, CLOCK.edge(done[number - cause.passes][cause.node]))
            times.append(operator.done(begin, [times[o] for o in operator.operands], CLOCK))
        done.append(times)
        late.append(max(times) - start)
    return late[-1] <= max(late[: passes // 2])


@pytest.mark.parametrize("seed", range(400))
def test_the_interval_is_the_least_at_which_passes_keep_up(seed: int) -> None:
    graph = drawn(random.Random(seed))
    interval, schedule, _ = shortest_interval(graph, CLOCK)
    assert keeps_up(graph, interval)
    assert interval == 1 or not keeps_up(graph, interval - 1)
    for operator, time in zip(graph, schedule.times, strict=True):
        assert all(time >= schedule.times[other] for other in operator.operands)
