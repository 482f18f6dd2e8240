"""What a pipeline comes to: its interval, what limits it, and what it does to its memories."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gatewright.hls_templates.project.names import NAMESPACE
from gatewright.lint.llvm.accesses import Access, Home
from gatewright.lint.llvm.arrays import ShapedArray
from gatewright.lint.llvm.body import Builder, PassBody
from gatewright.lint.llvm.carried import carry, kept, stated_distance
from gatewright.lint.llvm.cfg import Loop
from gatewright.lint.llvm.chains import longest_chain
from gatewright.lint.llvm.delays import CycleRoom
from gatewright.lint.llvm.distance import Distance, true_distances
from gatewright.lint.llvm.graph import Operator, latency, shortest_interval
from gatewright.lint.llvm.ports import Use, uses
from gatewright.lint.llvm.variables import Variables
from gatewright.lint.llvm.walk import Walk

_NESTED, _NAME = re.compile(r"N(\d+)(\w+)"), re.compile(r"(\d+)(\w+)")
"""In a compiler's name of a function, where a name in a namespace begins, and any name."""


@dataclass(frozen=True)
class Carried:
    """A memory through which passes wait for others.

    Attributes:
        array: The memory.
        latency: Cycles from a read to when what is written of it can be read, at most.
        stated: Passes between, as pragmas say; 1 without, 0 where they say that nothing waits.
        true: Passes between, as the addresses have it.
        path: Operators from the read to the write.
    """

    array: ShapedArray
    latency: int
    stated: int
    true: Distance
    path: tuple[Operator, ...]

    @property
    def interval(self) -> int:
        """Cycles from a pass to the next that this allows."""
        return -(-self.latency // self.stated) if self.stated else 1


@dataclass(frozen=True)
class Measured:
    """A pass of a pipeline.

    Attributes:
        interval: The fewest cycles from a pass to the next.
        depth: Cycles of a pass.
        limit: Operators that wait for themselves, and allow no smaller interval; () where it is 1.
        distance: Passes between.
        carried: Memories that are read and written.
        uses: Of all memories.
        chain: Reads of ROMs, each of which waits for the one before.
    """

    interval: int
    depth: int
    limit: tuple[Operator, ...]
    distance: int
    carried: tuple[Carried, ...]
    uses: tuple[Use, ...]
    chain: tuple[Access, ...]


UNMEASURED = Measured(0, 0, (), 0, (), (), ())
"""Of a loop with loops inside."""


def kernel_of(function: str) -> str:
    """The kernel whose parameters a function has; where it has none, the function."""
    function = function.strip('"')
    starts = (found.start() for found in re.finditer(r"N\d", function))
    for nested in (_NESTED.match(function, start) for start in starts):
        assert nested is not None
        namespace, inside = nested[2][: int(nested[1])], nested[2][int(nested[1]) :]
        if namespace.endswith(NAMESPACE) and (found := _NAME.match(inside)):
            return found[2][: int(found[1])]
    own = _NAME.match(function.removeprefix("_Z"))
    return own[2][: int(own[1])] if own and function.startswith("_Z") else function


def measure(loop: Loop, variables: Variables, clock: CycleRoom) -> Measured:
    """Schedule a pass.

    Args:
        loop: Without loops inside.
        variables: Of its function.
        clock: What a cycle has room for.
    """
    instructions = [i for b in loop.blocks for i in loop.function.blocks[b].instructions]
    accesses = variables.accesses(instructions)
    body = Builder(loop, accesses).build()
    own = len(body.graph)
    carry(body)
    interval, schedule, circle = shortest_interval(body.graph, clock)
    return Measured(
        interval,
        max(map(clock.cycles, schedule.times[:own])),
        tuple(body.graph[node] for node in circle.nodes) if circle else (),
        circle.distance if circle else 0,
        tuple(
            _carried(
                body, Walk(loop, accesses, variables.globals.constants, variables.constant), clock
            )
        ),
        tuple(uses(body)),
        tuple(longest_chain(body)),
    )


def _carried(body: PassBody, walk: Walk, clock: CycleRoom) -> Iterator[Carried]:
    found = kept(body)
    memories = {a: both for a, both in found.items() if both[0][0].home is Home.MEMORY}
    read = {
        a for a, both in memories.items() if {access.writes for access, _ in both} == {True, False}
    }
    true = true_distances(walk) if read else {}
    for array in (a for a in memories if a in read):
        reads = {node for access, node in memories[array] if not access.writes}
        writes = {node for access, node in memories[array] if access.writes}
        cycles, path = latency(body.graph, clock, reads, writes)
        stated = stated_distance(array, Home.MEMORY)
        between = true.get(array, Distance())
        yield Carried(array, cycles, stated, between, tuple(body.graph[n] for n in path))
