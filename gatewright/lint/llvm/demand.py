"""Which reads of a pass something comes of: a pass may read ahead what it then does not take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from gatewright.lint.llvm.accesses import Access, Home
from gatewright.lint.llvm.arrays import ShapedArray
from gatewright.lint.llvm.text import Instruction
from gatewright.lint.llvm.widths import literal

_PASSING = ("zext", "sext", "trunc", "freeze")


class Demand:
    """Where what a pass reads goes.

    Args:
        where: Instructions of a pass, with their blocks.
        accesses: What they do to memory.
        header: The block that a pass begins with.
    """

    def __init__(
        self,
        where: Mapping[Instruction, str],
        accesses: Mapping[Instruction, Sequence[Access]],
        header: str,
    ) -> None:
        self.where, self.accesses, self.header = where, accesses, header
        self.users: dict[str, list[Instruction]] = defaultdict(list)
        self.reads: dict[ShapedArray, list[Access]] = defaultdict(list)
        for made in where:
            for operand in made.operands:
                self.users[operand].append(made)
            for access in accesses.get(made, ()):
                if not access.writes:
                    self.reads[access.array].append(access)


class PassDemand:
    """The same of one pass.

    Args:
        demand: Of any pass.
        values: What is known of its values.
        live: Blocks that it may come through, with those that it may come from.
    """

    def __init__(
        self, demand: Demand, values: Mapping[str, int | None], live: Mapping[str, set[str]]
    ) -> None:
        self._of, self._values, self._live = demand, values, live
        self._known: dict[object, bool] = {}

    def is_used(self, load: Instruction) -> bool:
        """Whether something may come of what a load gives; what else reads, hands it on."""
        if not load.name:
            return True
        known = self._known.get(load)
        if known is None:
            self._known[load] = True  # what waits for itself is used
            known = self._known[load] = any(
                self._takes(user, load.name) for user in self._of.users[load.name]
            )
        return known

    def _takes(self, user: Instruction, value: str) -> bool:
        block = self._of.where[user]
        if block not in self._live:
            return False
        if user.opcode == "phi":
            pairs = zip(user.operands, user.labels, strict=True)
            taken = any(v == value and label in self._live[block] for v, label in pairs)
            return taken and (block == self._of.header or self.is_used(user))
        if user.opcode == "select" and value != user.operands[0]:
            condition = self._value(user.operands[0])
            chosen = user.operands[1:] if condition is None else (user.operands[2 - condition],)
            return value in chosen and self.is_used(user)
        if user.opcode == "store" and value == user.operands[0]:
            return any(map(self._is_read, self._of.accesses.get(user, ())))
        return self.is_used(user) if user.opcode in _PASSING else True

    def _is_read(self, write: Access) -> bool:
        """Whether something may come of what is written."""
        if write.home is not Home.WIRES:
            return True
        known = self._known.get(write.array)
        if known is None:
            known = self._known[write.array] = any(
                self._of.where[read.made] in self._live
                and read.may_be_chosen(self._values)
                and self.is_used(read.made)
                for read in self._of.reads[write.array]
            )
        return known

    def _value(self, operand: str) -> int | None:
        number = literal(operand)
        return self._values.get(operand) if number is None else number
