"""What a pass of a loop does to arrays, and to the ends of streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from gatewright.lint.llvm.address import Address
from gatewright.lint.llvm.arrays import Bank, ShapedArray, may_be_same
from gatewright.lint.llvm.text import Instruction

_COPIES = ("llvm.memcpy", "llvm.memmove")
_FILL = "llvm.memset"
_SILENT = ("llvm.lifetime", "llvm.dbg", "llvm.assume", "llvm.experimental", "gw_mark", "gw_keep")
_STREAM_WRITE = "stream_write"


class Home(Enum):
    """What an array becomes."""

    WIRES = "wires"
    REGISTERS = "registers"
    MEMORY = "memory"
    ROM = "ROM"


@dataclass(frozen=True, eq=False)
class Access:
    """A read or a write of memory.

    Attributes:
        made: The instruction.
        writes: Whether it is a write.
        address: Where.
        size: Bytes; None for the whole variable.
        array: Of what.
        home: What that becomes.
    """

    made: Instruction
    writes: bool
    address: Address
    size: int | None
    array: ShapedArray
    home: Home

    @cached_property
    def bank(self) -> Bank:
        """Which part of its array it is to."""
        return self.array.touched(self.address.offset)[0]

    def may_be_chosen(self, values: Mapping[str, int | None]) -> bool:
        """Whether it is the one of several that a pass makes, as far as its values are known."""
        chosen = ((values.get(by), number) for by, number in self.address.choices)
        return all(value is None or value == number for value, number in chosen)

    def may_meet(self, other: Access, *, carried: bool) -> bool:
        """Whether both may touch the same bytes.

        Args:
            other: The other one.
            carried: Whether they are of different passes: their indices then tell nothing.
        """
        if self.array is not other.array:
            return False
        a, b = self.address.offset, other.address.offset
        if self.size is None or other.size is None:
            return True
        if a.terms == b.terms and not (carried and a.terms):
            return a.constant < b.constant + other.size and b.constant < a.constant + self.size
        return may_be_same(self.bank, other.bank)


def callee(made: Instruction) -> str:
    """The function that a call calls; "" of anything else."""
    return made.detail.strip('"') if made.opcode == "call" else ""


def is_silent(made: Instruction) -> bool:
    """Whether a call does nothing in hardware."""
    return callee(made).startswith(_SILENT)


def is_outside(made: Instruction) -> bool:
    """Whether it calls what is defined nowhere: the end of a stream."""
    return made.opcode == "call" and not callee(made).startswith(("llvm.", *_SILENT))


def pointers(
    made: Instruction, size: Callable[[str], int]
) -> Iterator[tuple[bool, str, int | None]]:
    """Of each access of an instruction whether it writes, its pointer and its bytes.

    Args:
        made: The instruction.
        size: Bytes of a type.
    """
    name = callee(made)
    if made.opcode == "load":
        yield False, made.operands[0], size(made.type)
    elif made.opcode == "store":
        yield True, made.operands[1], size(made.type)
    elif name.startswith(_COPIES):
        count = int(made.operands[2])
        yield False, made.operands[1], count
        yield True, made.operands[0], count
    elif name.startswith(_FILL):
        yield True, made.operands[0], int(made.operands[2])
    elif is_outside(made):
        for operand in made.operands[1:]:
            if operand.startswith(("%", "@", "getelementptr")):
                yield _STREAM_WRITE not in name, operand, None
