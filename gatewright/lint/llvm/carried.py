"""What a pass has of those before it: registers, memories, and whether it is to be at all."""

from __future__ import annotations

from collections import defaultdict

from gatewright.lint.llvm.accesses import Access, Home
from gatewright.lint.llvm.arrays import ShapedArray
from gatewright.lint.llvm.body import BEGIN, PassBody
from gatewright.lint.llvm.graph import Cause, Operator


def carry(body: PassBody) -> None:
    """Add what is carried from pass to pass to the graph of one."""
    for node, values in body.first:
        body.graph[node].carried += [Cause(source, 1) for source in body.of(values)]
    body.graph[BEGIN].carried += [Cause(node, 1) for node in body.conditions]
    for array, accesses in kept(body).items():
        distance = stated_distance(array, accesses[0][0].home)
        if distance:
            _carry(body, accesses, distance)


def kept(body: PassBody) -> dict[ShapedArray, list[tuple[Access, int]]]:
    """The arrays that passes leave to each other, with their accesses."""
    found: dict[ShapedArray, list[tuple[Access, int]]] = defaultdict(list)
    for access, node in body.accesses:
        if access.home in (Home.MEMORY, Home.REGISTERS):
            found[access.array].append((access, node))
    return found


def stated_distance(array: ShapedArray, home: Home) -> int:
    """Passes from a write to the next read of the same place: 1 unless pragmas say another; 0 if
    they say that there is no such read. Nothing can be said of registers."""
    if home is Home.REGISTERS:
        return 1
    stated = [d.distance for d in array.dependences if d.carried and "raw" in d.directions]
    return stated[-1] if stated else 1


def _carry(body: PassBody, accesses: list[tuple[Access, int]], distance: int) -> None:
    """Each read waits for the writes that it may meet, through one node where they are the same."""
    writes = [(access, node) for access, node in accesses if access.writes]
    through: dict[tuple[int, ...], int] = {}
    for access, node in accesses:
        if access.writes:
            continue
        met = tuple(n for other, n in writes if access.may_meet(other, carried=True))
        if met and met not in through:
            body.graph.append(Operator(f"{access.array.name}", "", 0, met))
            through[met] = len(body.graph) - 1
        if met:
            body.graph[node].carried.append(Cause(through[met], distance))
