"""Addresses as sums: a variable, bytes that are constant, and values times constants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gatewright.lint.llvm.layout import Type
from gatewright.lint.llvm.text import Instruction, IrFunction, read_instruction

Terms = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Sum:
    """An integer: a constant, and values times constants.

    Attributes:
        constant: The constant.
        terms: Names of values in order, each with its factor, which is not 0.
    """

    constant: int = 0
    terms: Terms = ()

    def plus(self, other: Sum) -> Sum:
        """The sum of both."""
        factors = dict(self.terms)
        for name, factor in other.terms:
            factors[name] = factors.get(name, 0) + factor
        terms = tuple(sorted((name, factor) for name, factor in factors.items() if factor))
        return Sum(self.constant + other.constant, terms)

    def times(self, factor: int) -> Sum:
        """The product with a constant."""
        terms = self.terms if factor else ()
        return Sum(self.constant * factor, tuple((name, f * factor) for name, f in terms))


@dataclass(frozen=True)
class Address:
    """A place in memory.

    Attributes:
        base: The variable, or whatever gives a pointer that is not known further.
        offset: Bytes from there.
        choices: Where it is one of several places, what chooses, and the number of its choice.
    """

    base: str
    offset: Sum = Sum()
    choices: tuple[tuple[str, int], ...] = ()

    def plus(self, offset: Sum) -> Address:
        """A place behind it."""
        return Address(self.base, self.offset.plus(offset), self.choices)

    def chosen(self, by: str, number: int) -> Address:
        """The same where a select or phi takes its choice of that number."""
        return Address(self.base, self.offset, (*self.choices, (by, number)))


class Addresses:
    """What the pointers of a function point to.

    No index is taken to overflow: the compiler proves the range of each.

    Args:
        function: The function.
        types: What its getelementptrs name.
    """

    def __init__(self, function: IrFunction, types: Mapping[str, Type]) -> None:
        self._types = types
        self._made = {i.name: i for i in function.instructions() if i.name}
        self._sums: dict[str, Sum] = {}
        self._pointers: dict[str, tuple[Address, ...]] = {}

    def of(self, pointer: str) -> tuple[Address, ...]:
        """Where a pointer points: to one place, or one of several that are chosen from."""
        found = self._pointers.get(pointer)
        if found is None:
            self._pointers[pointer] = (Address(pointer),)  # to itself, where a loop moves it
            found = self._pointers[pointer] = tuple(dict.fromkeys(self._resolve(pointer)))
        return found

    def sum(self, value: str) -> Sum:
        """An integer as a sum."""
        found = self._sums.get(value)
        if found is None:
            found = self._sums[value] = self._add_up(value)
        return found

    def _resolve(self, pointer: str) -> Iterator[Address]:
        made = self._made.get(pointer)
        if pointer.startswith("getelementptr"):
            made = _constant_expression(pointer)
        if made is not None and made.opcode in ("select", "phi"):
            for i, choice in enumerate(made.operands[made.opcode == "select" :]):
                yield from (address.chosen(made.name, i) for address in self.of(choice))
        elif made is not None and made.opcode == "getelementptr":
            base, *indices = made.operands
            offset = self._offset(self._types[made.detail], indices)
            yield from (address.plus(offset) for address in self.of(base))
        else:
            yield Address(pointer)

    def _offset(self, type_: Type, indices: list[str]) -> Sum:
        offset = self.sum(indices[0]).times(type_.size)
        for index in indices[1:]:
            if type_.is_struct:
                member = int(index)
                offset = offset.plus(Sum(type_.offset(member)))
                type_ = type_.parts[member]
            else:
                type_ = type_.parts[0]
                offset = offset.plus(self.sum(index).times(type_.size))
        return offset

    def _add_up(self, value: str) -> Sum:
        if value.lstrip("-").isdigit():
            return Sum(int(value))
        made = self._made.get(value)
        rule = None if made is None else _SUMS.get(made.opcode)
        found = None if made is None or rule is None else rule(self, made)
        return found if found is not None else Sum(0, ((value, 1),))


def _binary(addresses: Addresses, made: Instruction) -> Sum | None:
    a, b = map(addresses.sum, made.operands)
    match made.opcode:
        case "add":
            return a.plus(b)
        case "or":
            return a.plus(b) if "disjoint" in made.detail else None
        case "sub":
            return a.plus(b.times(-1))
        case "mul":
            return a.times(b.constant) if not b.terms else None
    return a.times(1 << b.constant) if not b.terms else None


def _extended(addresses: Addresses, made: Instruction) -> Sum | None:
    return addresses.sum(made.operands[0])


_SUMS = {**dict.fromkeys(("add", "or", "sub", "mul", "shl"), _binary), "sext": _extended} | {
    "zext": _extended
}


def _constant_expression(text: str) -> Instruction | None:
    """``getelementptr inbounds (type, ptr @name, i64 1)`` as an instruction."""
    head, _, inner = text.partition("(")
    return read_instruction(f"  %_ = {head.strip()} {inner[:-1]}")
