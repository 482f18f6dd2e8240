"""Where a pipeline has its registers: behind every stretch of it, or only where a clock needs them.

A module is a chain of stretches, each an operator with a place for a register behind it; its
parameter ``CUT`` has a bit for each place. ``Paced`` fills a cycle with as many as fit, by the
delays of a family; ``UNCUT`` gives each a cycle of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from gatewright.hls_templates.delays import Arrival

StretchKind: TypeAlias = Literal[
    "add", "clamp", "leave", "product", "reach", "select", "table", "wire", "whole"
]
"""What a stretch computes; ``whole`` takes a cycle, whatever it does. ``reach`` is the way to a DSP
block, ``leave`` that back."""


@dataclass(frozen=True)
class Stretch:
    """One operator of a module, and the place behind it.

    Attributes:
        kind: What it is.
        bits: Of what it gives; of the address for tables and selections.
        place: Bit of ``CUT`` that says whether a register stands behind it; None where one always
            does.
        extra: Whether the register is one of a DSP block, in front of a product; that behind the
            product then is, too.
        leaves: Whether its operand comes from a DSP block.
    """

    kind: StretchKind
    bits: int
    place: int | None
    extra: bool = False
    leaves: bool = False


@dataclass(frozen=True)
class Passed:
    """What becomes of a chain.

    Attributes:
        begins: The cycle in which it takes its operands.
        ready: When its result is there.
        cut: The bits of ``CUT``.
    """

    begins: int
    ready: Arrival
    cut: int


class Cut(Protocol):
    """A way of placing registers."""

    @property
    def start(self) -> float:
        """Nanoseconds of a cycle that are used up where a register gives its value."""

    def through(self, arrival: Arrival, chain: Iterable[Stretch]) -> Passed:
        """A chain, begun when its operands are there."""


@dataclass(frozen=True)
class EveryRegister:
    """A register behind each stretch.

    Attributes:
        extra: Also those that only DSP blocks have.
    """

    extra: bool = False

    @property
    def start(self) -> float:
        """Nobody counts them."""
        return 0.0

    def through(self, arrival: Arrival, chain: Iterable[Stretch]) -> Passed:
        """As many cycles as there are stretches."""
        stretches = tuple(s for s in chain if self.extra or not s.extra)
        cut = sum(1 << s.place for s in stretches if s.place is not None)
        return Passed(arrival[0], (arrival[0] + len(stretches), self.start), cut)


UNCUT = EveryRegister()


def cycles(chain: Iterable[Stretch]) -> int:
    """That a chain takes with every register."""
    return UNCUT.through((0, 0.0), chain).ready[0]


@dataclass(frozen=True)
class FamilyDelays:
    """Of a family's operators, routing included, in nanoseconds.

    Attributes:
        register: From the clock to a register's output, and what the next one needs before it.
        operators: What an operator takes, and what it takes for each of its bits.
    """

    register: float
    operators: Mapping[StretchKind, tuple[float, float]] = field(hash=False)

    def of(self, stretch: Stretch, inside: bool) -> float:
        """What an operator takes.

        Args:
            stretch: The operator.
            inside: Whether products have registers inside their blocks. Without, one is the way to
                the block and back, too.

        Raises:
            KeyError: For one that is not in the table.
        """
        fixed, each = self.operators[stretch.kind]
        delay = max(fixed + each * stretch.bits, 0.0)
        ways: tuple[StretchKind, ...] = ("leave",) if inside and stretch.leaves else ()
        if stretch.kind == "product" and not inside:
            ways = ("reach", "leave")
        return delay + sum(self.operators[way][0] for way in ways)


@dataclass(frozen=True)
class Paced:
    """Registers where the next stretch does not fit what is left of a cycle.

    One that does not fit a whole one has one to itself, and the clock will be missed. Products have
    registers inside their blocks where that meets the clock sooner.

    Attributes:
        period: Nanoseconds.
        delays: Of the family.
    """

    period: float
    delays: FamilyDelays

    @property
    def start(self) -> float:
        """What the registers themselves take."""
        return self.delays.register

    def through(self, arrival: Arrival, chain: Iterable[Stretch]) -> Passed:
        """Each as soon as the one before is done."""
        stretches = tuple(chain)
        ways = [False, True] if any(stretch.extra for stretch in stretches) else [False]
        filled = [self._filled(arrival, stretches, inside) for inside in ways]
        return min(filled, key=lambda way: (way[0], way[1].ready))[1]

    def _filled(
        self, arrival: Arrival, chain: tuple[Stretch, ...], inside: bool
    ) -> tuple[float, Passed]:
        """By how many nanoseconds the clock will be missed, and the chain."""
        begins: int | None = None
        cycle, used = arrival
        cut, late = 0, 0.0
        before: Stretch | None = None
        for stretch in chain:
            if stretch.extra and not inside:
                continue
            whole = stretch.kind == "whole"
            delay = self.period - self.start if whole else self.delays.of(stretch, inside)
            if used > self.start and used + delay > self.period:
                cycle, used = cycle + 1, self.start
                if before is not None:
                    assert before.place is not None
                    cut |= 1 << before.place
            begins = cycle if begins is None else begins
            used += delay
            late = max(late, used - self.period)
            before = stretch
            if stretch.extra:
                assert stretch.place is not None
                cut |= 1 << stretch.place
            if stretch.place is None or stretch.extra:
                cycle, used = cycle + 1, self.start
                before = None
        return late, Passed(cycle if begins is None else begins, (cycle, used), cut)


WHOLE_FACTOR = 18
"""Bits of a first factor that is multiplied in one piece."""
LUT_TABLE_BITS = 8
"""Of an address, up to which a table may be read without a register."""


def multiplication(a_bits: int, b_bits: int) -> tuple[Stretch, ...]:
    """A product; where ``a`` is wide, two and their sum."""
    bits = a_bits + b_bits
    return (
        Stretch("reach", 0, 2, extra=True),
        Stretch("product", bits, 0),
        Stretch("add" if a_bits > WHOLE_FACTOR else "wire", bits, 1, leaves=True),
    )


def memory(address_bits: int) -> tuple[Stretch, ...]:
    """A read of a table; a large one is a block RAM, which has both its registers."""
    if address_bits > LUT_TABLE_BITS:
        return always(2)
    return Stretch("table", address_bits, 0), Stretch("wire", 0, 1)


def always(count: int) -> tuple[Stretch, ...]:
    """A pipeline whose registers stand whatever the clock is."""
    return (Stretch("whole", 0, None),) * count
