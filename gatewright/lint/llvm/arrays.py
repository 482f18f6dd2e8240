"""Arrays as pragmas shape them: dimensions, banks, words, and what an access touches."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

from gatewright.lint.llvm.address import Sum
from gatewright.lint.pragmas.grammar import resolved
from gatewright.lint.pragmas.parse import Pragma

_DIRECTIONS = ("raw", "war", "waw")


Bank = tuple[int | None, ...]
"""Which part it is in each dimension that is taken apart; None where that is not known."""


def may_be_same(a: Bank, b: Bank) -> bool:
    """Whether two accesses may be to one bank."""
    return all(i is None or j is None or i == j for i, j in zip(a, b, strict=True))


@dataclass(frozen=True)
class Shaping:
    """What a pragma makes of a dimension, or of all.

    Attributes:
        reshape: Whether the parts go side by side into wider words, and not apart.
        kind: ``complete``, ``cyclic`` or ``block``.
        dim: From 1; 0 for all.
        factor: Parts of the last two.
    """

    reshape: bool
    kind: str
    dim: int
    factor: int


@dataclass(frozen=True)
class Dependence:
    """What a pragma says of a dependence on an array.

    Attributes:
        number: The pragma's.
        carried: Whether it is between passes, and not inside one.
        directions: ``raw``, ``war``, ``waw``.
        distance: Passes between the two; 0 where there is no dependence at all.
    """

    number: int
    carried: bool
    directions: tuple[str, ...]
    distance: int


@dataclass(eq=False)
class ShapedArray:
    """A variable as pragmas shape it.

    Attributes:
        base: Its name in LLVM IR.
        name: As the source has it.
        start: Bytes from the base.
        size: Bytes of an element.
        extents: Of each dimension; () of what is no array.
        shapings: What pragmas make of it.
        storage: Of ``bind_storage``; "" without.
        dependences: What is said of them.
    """

    base: str
    name: str
    start: int = 0
    size: int = 1
    extents: tuple[int, ...] = ()
    shapings: list[Shaping] = field(default_factory=list)
    storage: str = ""
    dependences: list[Dependence] = field(default_factory=list)

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from an index to the next, in each dimension."""
        strides = [self.size]
        for extent in self.extents[:0:-1]:
            strides.insert(0, strides[0] * extent)
        return tuple(strides[: len(self.extents)])

    @property
    def bytes(self) -> int:
        """All of it."""
        total = self.size
        for extent in self.extents:
            total *= extent
        return total

    @property
    def is_registers(self) -> bool:
        """Whether each element is a register of its own."""
        apart = {s.dim for s in self.shapings if not s.reshape and s.kind == "complete"}
        return 0 in apart or apart.issuperset(range(1, len(self.extents) + 1))

    @property
    def banks(self) -> int:
        """Memories that it lies in."""
        count = 1
        for extent, shaping in zip(self.extents, self._by_dimension(), strict=True):
            if shaping is not None and not shaping.reshape:
                count *= extent if shaping.kind == "complete" else min(shaping.factor, extent)
        return count

    @property
    def words(self) -> int:
        """Of each bank."""
        count = 1
        for extent, shaping in zip(self.extents, self._by_dimension(), strict=True):
            parts = 1
            if shaping is not None:
                parts = extent if shaping.kind == "complete" else max(shaping.factor, 1)
            count *= -(-extent // parts)
        return count

    def add(self, number: int, pragma: Pragma, dim: int, value: int) -> None:
        """Take in a pragma.

        Args:
            number: Of it.
            pragma: What it holds.
            dim: What its ``dim`` comes to.
            value: What its ``factor`` or ``distance`` comes to.
        """
        options = resolved(pragma)
        if pragma.directive in ("array_partition", "array_reshape"):
            kind, reshape = options.get("type", "complete"), pragma.directive == "array_reshape"
            self.shapings.append(Shaping(reshape, kind, dim, value))
        elif pragma.directive == "bind_storage":
            self.storage = options["type"]
        elif pragma.directive == "dependence":
            is_real = options.get("dependent") == "true"
            directions = (options["direction"],) if "direction" in options else _DIRECTIONS
            carried = options.get("type") != "intra"
            distance = max(value, 1) if is_real else 0
            self.dependences.append(Dependence(number, carried, directions, distance))

    def touched(self, offset: Sum) -> tuple[Bank, tuple[Sum, ...]]:
        """The bank and the word of an access.

        Args:
            offset: Bytes from the base.

        Returns:
            The bank, by dimensions that are taken apart; what tells the word from others of it.
        """
        indices = self._indices(offset.plus(Sum(-self.start)))
        bank: list[int | None] = []
        word: list[Sum] = []
        for index, extent, shaping in zip(indices, self.extents, self._by_dimension(), strict=True):
            if shaping is None:
                word.append(index)
                continue
            parts = extent if shaping.kind == "complete" else max(shaping.factor, 1)
            each = -(-extent // parts)
            if shaping.kind == "block":
                known, part, rest = not index.terms, index.constant // each, index
            else:
                known = all(f % parts == 0 for _, f in index.terms) and (
                    shaping.kind != "complete" or not index.terms
                )
                part, rest = index.constant % parts, index.plus(Sum(-(index.constant % parts)))
            word.append(rest)
            if not shaping.reshape:
                bank.append(part if known else None)
        return tuple(bank), tuple(word)

    def ways(self, offset: Sum) -> int:
        """Parts that an access may be to."""
        bank, _ = self.touched(offset)
        apart = [
            e
            for e, s in zip(self.extents, self._by_dimension(), strict=True)
            if s and not s.reshape
        ]
        return prod(extent for extent, part in zip(apart, bank, strict=True) if part is None)

    def _by_dimension(self) -> list[Shaping | None]:
        found: list[Shaping | None] = []
        for dim in range(1, len(self.extents) + 1):
            found.append(next((s for s in self.shapings if s.dim in (0, dim)), None))
        return found

    def _indices(self, offset: Sum) -> list[Sum]:
        """The index in each dimension; what is below an element is left out."""
        rest, indices = offset.constant, []
        for stride in self.strides:
            indices.append(Sum(rest // stride))
            rest %= stride
        for name, factor in offset.terms:
            for i, stride in enumerate(self.strides):
                if factor % stride == 0:
                    indices[i] = indices[i].plus(Sum(0, ((name, factor // stride),)))
                    break
            else:  # a run-time index inside an element, or in what is no array
                indices[-1:] = [index.plus(Sum(0, ((name, factor),))) for index in indices[-1:]]
        return indices
