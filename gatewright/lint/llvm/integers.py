"""Integers as LLVM computes with them, in two's complement."""

from __future__ import annotations

from collections.abc import Callable


def wrapped(value: int, bits: int) -> int:
    """What is left of a value in so many bits; one bit is a truth, and no sign."""
    if bits == 1:
        return value & 1
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def _unsigned(value: int, bits: int) -> int:
    return value & ((1 << bits) - 1)


def _toward_zero(a: int, b: int) -> int:
    return 0 if b == 0 else abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def compare(predicate: str, a: int, b: int, bits: int) -> int:
    """What an ``icmp`` of values of so many bits gives."""
    if predicate.startswith("u"):
        a, b = _unsigned(a, bits), _unsigned(b, bits)
    return int(_PREDICATES[predicate.lstrip("us")](a, b))


_PREDICATES: dict[str, Callable[[int, int], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}
MEANING: dict[str, Callable[..., int]] = {
    "add": lambda bits, a, b: a + b,
    "sub": lambda bits, a, b: a - b,
    "mul": lambda bits, a, b: a * b,
    "udiv": lambda bits, a, b: _unsigned(a, bits) // _unsigned(b, bits) if b else 0,
    "urem": lambda bits, a, b: _unsigned(a, bits) % _unsigned(b, bits) if b else 0,
    "sdiv": lambda bits, a, b: _toward_zero(a, b),
    "srem": lambda bits, a, b: a - b * _toward_zero(a, b),
    "and": lambda bits, a, b: a & b,
    "or": lambda bits, a, b: a | b,
    "xor": lambda bits, a, b: a ^ b,
    "shl": lambda bits, a, b: a << b,
    "lshr": lambda bits, a, b: _unsigned(a, bits) >> b,
    "ashr": lambda bits, a, b: a >> b,
    "zext": lambda bits, a: _unsigned(a, bits),
    "sext": lambda bits, a: -a if bits == 1 else a,
    "trunc": lambda bits, a: a,
    "freeze": lambda bits, a: a,
}
"""Of operators on integers of so many bits: what their results are before they wrap; of a division
by zero, which has no result, any."""
