"""Where a pipeline has its registers: behind every operator, or only where a clock needs them.

A module is a chain of operators with a place for a register behind each; its parameter ``CUT`` has
a bit for each place. ``Clock`` fills a cycle with as many operators as fit, by the delays of a
family; without one (``EVERY``) each operator has a cycle of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

Kind: TypeAlias = Literal["add", "clamp", "product", "select", "table", "wire", "whole"]
"""What an operator is, see ``Clock``; ``whole`` takes a cycle, whatever it does."""

Arrival: TypeAlias = tuple[int, float]
"""A clock cycle, from 0, and the nanoseconds of it that are used up."""


@dataclass(frozen=True)
class Operator:
    """One operator of a module.

    Attributes:
        kind: What it is.
        bits: Of what it gives; of the address for tables and selections.
        place: Bit of ``CUT`` that says whether a register stands behind it; None where one always
            does.
    """

    kind: Kind
    bits: int
    place: int | None


@dataclass(frozen=True)
class Passed:
    """What becomes of a chain of operators.

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

    def through(self, arrival: Arrival, operators: Iterable[Operator]) -> Passed:
        """A chain of operators, begun when its operands are there."""


@dataclass(frozen=True)
class EveryRegister:
    """A register behind each operator."""

    @property
    def start(self) -> float:
        """Nobody counts them."""
        return 0.0

    def through(self, arrival: Arrival, operators: Iterable[Operator]) -> Passed:
        """As many cycles as there are operators."""
        chain = tuple(operators)
        cut = sum(1 << o.place for o in chain if o.place is not None)
        return Passed(arrival[0], (arrival[0] + len(chain), self.start), cut)


EVERY = EveryRegister()


@dataclass(frozen=True)
class Delays:
    """Of a family's operators, routing included, in nanoseconds.

    Attributes:
        register: From the clock to a register's output, and what the next one needs before it.
        operators: What an operator takes, and what it takes for each of its bits.
    """

    register: float
    operators: Mapping[Kind, tuple[float, float]] = field(hash=False)

    def of(self, operator: Operator) -> float:
        """What an operator takes.

        Raises:
            KeyError: For one that is not in the table.
        """
        fixed, each = self.operators[operator.kind]
        return max(fixed + each * operator.bits, 0.0)


@dataclass(frozen=True)
class Clock:
    """Registers where the next operator does not fit what is left of a cycle.

    An operator that does not fit a whole one has one to itself, and the clock will be missed.

    Attributes:
        period: Nanoseconds.
        delays: Of the family.
    """

    period: float
    delays: Delays

    @property
    def start(self) -> float:
        """What the registers themselves take."""
        return self.delays.register

    def through(self, arrival: Arrival, operators: Iterable[Operator]) -> Passed:
        """Each operator as soon as the one before is done."""
        begins: int | None = None
        cycle, used = arrival
        cut = 0
        before: Operator | None = None
        for operator in operators:
            whole = operator.kind == "whole"
            delay = self.period - self.start if whole else self.delays.of(operator)
            if used > self.start and used + delay > self.period:
                cycle, used = cycle + 1, self.start
                if before is not None:
                    assert before.place is not None
                    cut |= 1 << before.place
            begins = cycle if begins is None else begins
            used += delay
            before = operator
            if operator.place is None:
                cycle, used = cycle + 1, self.start
                before = None
        return Passed(cycle if begins is None else begins, (cycle, used), cut)


DSP_BITS = 18
"""Of the first factor of ``gw_multiply``, up to which it is one product."""
LUT_TABLE_BITS = 8
"""Of an address, up to which a table may be read without a register."""


def multiplication(a_bits: int, b_bits: int) -> tuple[Operator, ...]:
    """The operators of ``gw_multiply``: the product, and where ``a`` is wide the sum of two."""
    bits = a_bits + b_bits
    return Operator("product", bits, 0), Operator("add" if a_bits > DSP_BITS else "wire", bits, 1)


def memory(address_bits: int) -> tuple[Operator, ...]:
    """Those of ``gw_table``; a large one is a block RAM, which has both its registers."""
    if address_bits > LUT_TABLE_BITS:
        return always(2)
    return Operator("table", address_bits, 0), Operator("wire", 0, 1)


def always(count: int) -> tuple[Operator, ...]:
    """A pipeline whose registers stand whatever the clock is."""
    return (Operator("whole", 0, None),) * count
