"""Cycles of a design, counted by ticking its control: who hands on a beat in which clock cycle.

A machine is a Python generator for one kernel: each ``yield`` ends a clock cycle. In a cycle it
looks at ``valid`` and ``last`` of the channels it reads and at ``ready`` of those it writes, which
stand for registers and so do not change within the cycle, and calls ``pop`` and ``push``. A channel
is the control of one ``gw_fifo``. No data is computed: no control in a design depends on data.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from typing import TypeAlias

Machine: TypeAlias = Generator[None, None, None]

FOREVER = 10**6
"""Cycles without a beat that count as standing still, beside the work of the slowest beats."""


class Channel:
    """The control of a ``gw_fifo``.

    Depths 1 and 2 show a beat in the cycle after it was pushed and hold ``depth`` beats. Deeper
    ones have a RAM and a register behind it: a beat shows two cycles after, and ``depth`` + 1 fit.

    Attributes:
        valid: Whether there is a beat to pop.
        last: Whether that beat ends its sequence.
        ready: Whether there is room to push.
        active: Whether it changes at the end of this cycle.
    """

    __slots__ = (
        "_beats",
        "_depth",
        "_popped",
        "_pushed",
        "active",
        "last",
        "ready",
        "valid",
    )

    def __init__(self, depth: int) -> None:
        self.valid = self.last = self.active = False
        self.ready = True
        self._depth = depth
        self._beats: deque[bool] = deque()
        self._pushed = self._popped = False

    def pop(self) -> None:
        """Take the beat that shows, at the end of this cycle."""
        assert self.valid and not self._popped, "a beat is taken that is not there"
        self._popped = self.active = True

    def push(self, last: bool) -> None:
        """Give a beat, at the end of this cycle."""
        assert self.ready and not self._pushed, "a beat is given where there is no room"
        self._beats.append(last)
        self._pushed = self.active = True

    def commit(self) -> None:
        """End the cycle."""
        if self._popped:
            self._beats.popleft()
        deep = self._depth > 2
        on_its_way = deep and self._pushed
        self.valid = len(self._beats) > on_its_way
        self.ready = len(self._beats) - (deep and self.valid) < self._depth
        self.last = self.valid and self._beats[0]
        self.active = on_its_way
        self._pushed = self._popped = False


def simulate(
    machines: Sequence[Machine],
    channels: Sequence[Channel],
    ends: Sequence[list[int]],
    count: int,
    work: int = 0,
) -> int:
    """Tick until every list of ``ends`` has ``count`` entries.

    Args:
        machines: Kernels, sources and sinks, in any order; they never end.
        channels: All channels between them.
        ends: Of each sink, where it notes the cycles that end a sequence.
        count: How many sequences there are.
        work: Cycles that the kernels together work on a beat, in which no channel need move.

    Returns:
        The last of those cycles, counted from 1.
    """
    ticks = [machine.__next__ for machine in machines]
    quiet = 0
    while min(len(end) for end in ends) < count:
        for tick in ticks:
            tick()
        quiet += 1
        for channel in channels:
            if channel.active:
                channel.commit()
                quiet = 0
        assert quiet < FOREVER + work, "the design waits for ever"
    return max(end[count - 1] for end in ends)


def source(write: Channel, beats: int, sequences: int, folds: int = 1) -> Machine:
    """Stream words that are always there, ``folds`` of them a beat: ``gw_axis_read``."""
    for beat in range(beats * sequences):
        for _ in range(folds - 1):
            yield
        while not write.ready:
            yield
        write.push((beat + 1) % beats == 0)
        yield
    while True:
        yield


def sink(
    read: Channel, ends: list[int], folds: int = 1, begins: list[int] | None = None
) -> Machine:
    """Takes ``folds`` words a beat and notes the cycles that end a sequence: ``gw_axis_write``.

    Args:
        read: What it takes from.
        ends: Where it notes them.
        folds: Words of a beat.
        begins: Where it notes the cycles of the first words of sequences, if anybody asks.
    """
    cycle = fold = 0
    first = True
    while True:
        cycle += 1
        if read.valid:
            if first and begins is not None:
                begins.append(cycle)
            fold += 1
            first = False
            if fold == folds:
                fold = 0
                read.pop()
                first = read.last
                if read.last:
                    ends.append(cycle)
        yield


def lockstep(reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
    """A beat of every input makes one of every output, in the same cycle."""
    while True:
        for read in reads:
            if not read.valid:
                break
        else:
            for write in writes:
                if not write.ready:
                    break
            else:
                for write in writes:
                    write.push(reads[0].last)
                for read in reads:
                    read.pop()
        yield


def always(read: Channel) -> Machine:
    """A beat a cycle is taken, and nothing comes of it."""
    while True:
        if read.valid:
            read.pop()
        yield


def at_the_end(read: Channel, write: Channel) -> Machine:
    """A beat a cycle is taken; the last of a sequence makes one."""
    while True:
        if read.valid and not read.last:
            read.pop()
        elif read.valid and write.ready:
            read.pop()
            write.push(True)
        yield


def held(read: Channel, write: Channel, cycles: int) -> Machine:
    """A beat stands at the input for some cycles, and is taken with its result after them."""
    while True:
        while not read.valid:
            yield
        for _ in range(cycles):
            yield
        while not write.ready:
            yield
        write.push(read.last)
        read.pop()
        yield


def pipelined(reads: Sequence[Channel], write: Channel, interval: int, latency: int) -> Machine:
    """A beat of each input every ``interval`` cycles; their result is there ``latency`` later.

    What stands at the end without room to go holds up all behind it.
    """
    cycle = free = 0
    flying: deque[tuple[int, bool]] = deque()
    while True:
        if flying and flying[0][0] <= cycle and write.ready:
            write.push(flying.popleft()[1])
        held_up = bool(flying) and flying[0][0] <= cycle
        if free <= cycle and not held_up and all(read.valid for read in reads):
            flying.append((cycle + interval - 1 + latency, reads[0].last))
            for read in reads:
                read.pop()
            free = cycle + interval
        cycle += 1
        yield


def one_at_a_time(reads: Sequence[Channel], write: Channel, reading: int, latency: int) -> Machine:
    """A beat of each input is read for some cycles and taken with the last; its result comes later.

    Args:
        reads: The inputs.
        write: Where the result goes.
        reading: Cycles that beats are read for.
        latency: From the last of these to the result.
    """
    while True:
        while not all(read.valid for read in reads):
            yield
        for _ in range(reading - 1):
            yield
        last = reads[0].last
        for read in reads:
            read.pop()
        for _ in range(latency):
            yield
        while not write.ready:
            yield
        write.push(last)
        yield
