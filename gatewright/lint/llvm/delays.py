"""The delay table of ``hls_templates`` in picoseconds, by widths, and the clock it is held against.

Operators follow each other in a cycle as long as they fit into it; one that takes longer than a
cycle is a pipeline of several. What the table does not have is made of what it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from gatewright.hls_templates.delays import (
    CLOCK_UNCERTAINTY,
    DELAYS_NS,
    addition,
    comparison,
    product,
)

_PICO = 1000
_PS = {operator: round(delay * _PICO) for operator, delay in DELAYS_NS.items()}
SELECT_PS = _PS["select"]
LOGIC_PS, SHIFT_PS = _PS["logic"], _PS["shift"]
ADDRESS_PS, READ_PS, WRITE_PS = _PS["write"], _PS["read"], _PS["write"]
"""Of a memory: before a clock edge its address, after it its data; before one what is written."""
STREAM_PS = _PS["read"]
"""A FIFO's data, to the reader or from the writer."""
_MORE_WAYS = 600
"""For twice as many ways of a multiplexer."""


def multiplex(ways: int) -> int:
    """One of several."""
    return SELECT_PS + _MORE_WAYS * ((max(ways, 2) - 1).bit_length() - 1)


def multiply(a: int, b: int) -> int:
    """A product of a by b bits."""
    return sum(_PS[operator] for operator in product(a, b))


def add(bits: int) -> int:
    """A sum of so many bits, or a difference."""
    return _PS[addition(bits)]


def compare(bits: int) -> int:
    """A comparison of values of so many bits."""
    return _PS[comparison(bits)]


def divide(bits: int) -> int:
    """A quotient or remainder: a subtraction a bit."""
    return add(bits) * bits


@dataclass(frozen=True)
class CycleRoom:
    """What a cycle has room for.

    Attributes:
        period_ns: Of the clock.
        uncertainty: The part of it that is left to placement and routing.
    """

    period_ns: float
    uncertainty: float = CLOCK_UNCERTAINTY

    @cached_property
    def room(self) -> int:
        """Picoseconds of operators in a cycle."""
        return int(self.period_ns * _PICO * (1 - self.uncertainty))

    def after(self, time: int, delay: int) -> int:
        """When an operator is done that may begin at a time; cycles are ``room`` long."""
        if delay <= 0:
            return time
        begun = time % self.room
        if begun + delay <= self.room:
            return time + delay
        edge = time - begun + (self.room if begun else 0)
        return edge + (delay if delay <= self.room else -(-delay // self.room) * self.room)

    def edge(self, time: int) -> int:
        """The clock edge at which what is there at a time is in a register."""
        return -(-time // self.room) * self.room

    def cycles(self, time: int) -> int:
        """Cycles until then."""
        return -(-time // self.room)
