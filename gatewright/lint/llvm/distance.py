"""The true distance of a memory: the fewest passes from a write to a read of the same place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gatewright.lint.llvm.accesses import Access
from gatewright.lint.llvm.arrays import ShapedArray
from gatewright.lint.llvm.walk import MaybeInt, Walk


@dataclass(frozen=True)
class Distance:
    """The fewest passes from a write of a place to the next read of it.

    Attributes:
        known: Whether all addresses are; else some depend on data.
        passes: So many; None where no read comes after a write.
        read: The read.
    """

    known: bool = True
    passes: int | None = None
    read: Access | None = None

    def least(self, other: Distance) -> Distance:
        """Of both."""
        if not (self.known and other.known):
            return Distance(known=False)
        if self.passes is None or (other.passes is not None and other.passes < self.passes):
            return other
        return self


def true_distances(walk: Walk) -> dict[ShapedArray, Distance]:
    """Of each memory that a loop reads."""
    found: dict[ShapedArray, Distance] = {}
    for start in walk.starts():
        for array, distance in _distances(walk.passes(start)):
            found[array] = found.get(array, Distance()).least(distance)
    return found


def _distances(
    passes: Iterable[list[tuple[Access, MaybeInt]]],
) -> Iterable[tuple[ShapedArray, Distance]]:
    written: dict[tuple[ShapedArray, int], int] = {}
    for number, met in enumerate(passes):
        for access, offset in met:
            if offset is None:
                yield access.array, Distance(known=False)
            elif access.writes:
                written[access.array, offset] = number
            else:
                last = written.get((access.array, offset))
                before = None if last in (None, number) else number - last
                yield access.array, Distance(True, before, access)
