"""How many bits of a value change: what a synthesis tool trims operators to."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache

from gatewright.lint.llvm.text import Instruction

_INTEGER = re.compile(r"i(\d+)$")
_POINTER = 64


@cache
def type_bits(type_: str) -> int:
    """Of an integer type; those of a pointer of anything else."""
    found = _INTEGER.match(type_)
    return int(found[1]) if found else _POINTER


@lru_cache(1 << 16)
def literal(value: str) -> int | None:
    """The integer that a literal is; None of anything else."""
    if value.lstrip("-").isdigit():
        return int(value)
    return {"true": 1, "false": 0, "null": 0, "zeroinitializer": 0}.get(value)


class Widths:
    """Bits of values in two's complement, their sign included.

    Instructions are added in an order in which operands come first, phis of loops excepted.
    """

    def __init__(self) -> None:
        self._bits: dict[str, int] = {}

    def of(self, value: str) -> int:
        """Bits of a value or literal."""
        number = literal(value)
        if number is not None:
            return (number if number >= 0 else ~number).bit_length() + 1
        return self._bits.get(value, _POINTER if value.startswith(("%", "@")) else 1)

    def add(self, made: Instruction) -> None:
        """The bits of what an instruction gives."""
        if made.name:
            most = type_bits(made.type)
            rule = _BITS.get(made.opcode)
            self._bits[made.name] = most if rule is None else max(1, min(most, rule(self, made)))


def _greatest(widths: Widths, made: Instruction) -> int:
    return max(map(widths.of, made.operands))


def _product(widths: Widths, made: Instruction) -> int:
    return sum(map(widths.of, made.operands))


def _and(widths: Widths, made: Instruction) -> int:
    numbers = [n for n in map(literal, made.operands) if n is not None and n >= 0]
    return min([n.bit_length() + 1 for n in numbers] or [_greatest(widths, made)])


def _shifted(widths: Widths, made: Instruction) -> int:
    value, by = made.operands
    number = literal(by)
    if number is None:
        return type_bits(made.type)
    if made.opcode == "shl":
        return widths.of(value) + number
    if made.opcode == "lshr":
        return type_bits(made.type) - number + 1
    return widths.of(value) - number


def _select(widths: Widths, made: Instruction) -> int:
    return max(map(widths.of, made.operands[1:]))


_BITS: dict[str, Callable[[Widths, Instruction], int]] = {
    **dict.fromkeys(("add", "sub"), lambda widths, made: _greatest(widths, made) + 1),
    **dict.fromkeys(("or", "xor", "sext", "trunc", "freeze", "phi", "call"), _greatest),
    **dict.fromkeys(("shl", "lshr", "ashr"), _shifted),
    "mul": _product,
    "and": _and,
    "select": _select,
    "zext": lambda widths, made: type_bits(made.detail) + 1,
    "icmp": lambda widths, made: 1,
}
