"""How long an operator takes in hardware that an HLS tool makes: what its pipelines are taken for.

Nanoseconds on the slowest Zynq-7000, between registers, as Vitis HLS estimates them before it
places anything. They are assumptions: logs that people published show 1.4 to 2.9 ns for a sum, 1.3
to 2.5 ns for a comparison, 0.7 ns for a selection and 2.4 ns for a read on this family, and half of
that on UltraScale+. Routing is the clock uncertainty's part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil
from typing import TypeAlias

CLOCK_UNCERTAINTY = 0.27
"""The share of a clock period that Vitis HLS leaves for routing where nobody says otherwise."""

DELAYS_NS: Mapping[str, float] = {
    "add": 2.2,
    "wide_add": 2.9,
    "narrow_compare": 1.6,
    "compare": 2.5,
    "select": 0.7,
    "logic": 1.0,
    "shift": 3.2,
    "read": 2.4,
    "write": 2.4,
    "multiply": 4.2,
    "wide_multiply": 6.9,
}
"""By operator. Reads are counted from the clock edge on at which a register takes the address, of a
memory of lookup tables too. ``multiply`` is of two values of at most ``NARROW_BITS``,
``add`` of at most ``SUM_BITS``, ``narrow_compare`` of at most ``COUNT_BITS``."""

NARROW_BITS = 9
DSP_BITS = (24, 17)
"""Of a product that one DSP block computes, without signs."""
SUM_BITS = 24
COUNT_BITS = 12


def product(a_bits: int, b_bits: int) -> tuple[str, ...]:
    """The operators of a product of so many bits: a DSP block, or several and their sum."""
    wide, narrow = max(a_bits, b_bits), min(a_bits, b_bits)
    blocks = ceil((wide - 1) / DSP_BITS[0]) * ceil((narrow - 1) / DSP_BITS[1])
    one = "multiply" if wide <= NARROW_BITS else "wide_multiply"
    return (one, *[addition(wide + narrow)] * max(blocks - 1, 0).bit_length())


def addition(bits: int) -> str:
    """The operator of a sum of so many bits."""
    return "add" if bits <= SUM_BITS else "wide_add"


def comparison(bits: int) -> str:
    """The operator of a comparison of values of so many bits."""
    return "narrow_compare" if bits <= COUNT_BITS else "compare"


Arrival: TypeAlias = tuple[int, float]
"""A clock cycle, from 0, and the nanoseconds of it that are used up."""

START: Arrival = (0, 0.0)


def interval(loop: Iterable[str], clock_ns: float, distance: int = 1) -> int:
    """The cycles between passes that a loop needs, if a pass waits for the one ``distance`` before.

    Args:
        loop: Operators from what a pass takes of that one to what it gives.
        clock_ns: The clock period, uncertainty included.
        distance: Passes.
    """
    cycle, _ = after(START, loop, clock_ns)
    return ceil((cycle + 1) / distance)


def after(arrival: Arrival, operators: Iterable[str], clock_ns: float) -> Arrival:
    """When a chain of operators is done, each begun as soon as the one before is.

    An operator that does not fit what is left of a cycle begins with the next one; what does not
    fit a whole one is pipelined over several.

    Args:
        arrival: When the operands are there.
        operators: Keys of ``DELAYS_NS``, in order.
        clock_ns: The clock period, uncertainty included.

    Raises:
        KeyError: For an operator that is not in the table.
    """
    budget = clock_ns * (1 - CLOCK_UNCERTAINTY)
    cycle, used = arrival
    for operator in operators:
        delay = DELAYS_NS[operator]
        if operator == "read":
            cycle, used = cycle + 1, 0.0
        if used and used + delay > budget:
            cycle, used = cycle + 1, 0.0
        whole = max(ceil(delay / budget) - 1, 0)
        cycle, used = cycle + whole, used + delay - whole * budget
    return cycle, used
