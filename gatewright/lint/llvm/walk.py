"""The control of a loop, run pass by pass without data: which places of memories it comes to.

What depends on data is not known, and both ways are taken where it decides. Slots, tiles and banks
depend on none, so that the addresses of a schedule come out exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from itertools import product

from gatewright.lint.llvm.accesses import Access, Home
from gatewright.lint.llvm.cfg import Loop
from gatewright.lint.llvm.demand import Demand, PassDemand
from gatewright.lint.llvm.integers import MEANING, compare, wrapped
from gatewright.lint.llvm.text import Instruction
from gatewright.lint.llvm.widths import literal, type_bits

MaybeInt = int | None
"""In two's complement; None where it is not known."""
MAX_PASSES = 1 << 14
MAX_OPEN = 4


class Walk:
    """A loop at work.

    Args:
        loop: Without loops inside.
        accesses: What its instructions do to memory.
        roms: Names of constants.
        rom: What is at a byte of one.
    """

    def __init__(
        self,
        loop: Loop,
        accesses: Mapping[Instruction, Sequence[Access]],
        roms: Container[str],
        rom: Callable[[str, int], int],
    ) -> None:
        self._loop, self._accesses, self._roms, self._rom = loop, accesses, roms, rom
        self._blocks = {label: loop.function.blocks[label].instructions for label in loop.blocks}
        self._made = {i.name: i for b in self._blocks.values() for i in b if i.name}
        self._inside = set(loop.blocks)
        where = {i: label for label, b in self._blocks.items() for i in b}
        self._demand = Demand(where, accesses, loop.header)
        self._needed = self._without_data(self._asked())
        self._steps = {
            label: [i for i in instructions if i.name in self._needed or i in accesses]
            for label, instructions in self._blocks.items()
        }

    def starts(self) -> Iterator[dict[str, MaybeInt]]:
        """What the loop may begin with; a truth that is not known is once true and once false."""
        values = {i.name: self._entered(i) for i in self._first()}
        open_ = [n for n, value in values.items() if value is None and self._is_truth(n)]
        for chosen in product((0, 1), repeat=min(len(open_), MAX_OPEN)):
            yield values | dict(zip(open_, chosen, strict=False))

    def passes(self, values: dict[str, MaybeInt]) -> Iterator[list[tuple[Access, MaybeInt]]]:
        """Of each pass the accesses to memories in order, with bytes from their bases.

        It ends where the loop does, or where all begins anew for the second time.

        Args:
            values: What the loop begins with, of ``starts``.
        """
        seen: dict[tuple[MaybeInt, ...], int] = {}
        end = MAX_PASSES
        for number in range(MAX_PASSES):
            state = tuple(values.values())
            if number >= end:
                return
            if state in seen and end == MAX_PASSES:
                end = number + 2 * (number - seen[state])
            seen.setdefault(state, number)
            met, following = self._pass(values)
            yield met
            if following is None:
                return
            values = following

    def _first(self) -> list[Instruction]:
        first = self._blocks[self._loop.header]
        return [i for i in first if i.opcode == "phi" and i.name in self._needed]

    def _entered(self, phi: Instruction) -> MaybeInt:
        """What the loop begins with."""
        pairs = zip(phi.operands, phi.labels, strict=True)
        values = {literal(value) for value, label in pairs if label not in self._inside}
        return values.pop() if len(values) == 1 else None

    def _is_truth(self, phi: str) -> bool:
        if self._made[phi].type == "i1":
            return True
        users = (i for i in self._made.values() if phi in i.operands)
        return any(i.opcode == "trunc" and i.type == "i1" for i in users)

    def _asked(self) -> set[str]:
        """Values that decide where a pass goes, and what it touches."""
        asked = {b[-1].operands[0] for b in self._blocks.values() if len(b[-1].labels) > 1}
        asked |= {i.operands[0] for i in self._made.values() if i.opcode == "select"}
        for accesses in self._accesses.values():
            for access in accesses:
                asked.update(by for by, _ in access.address.choices)
                if access.home is Home.MEMORY:
                    asked.update(name for name, _ in access.address.offset.terms)
        return asked

    def _without_data(self, asked: set[str]) -> set[str]:
        """What of that, and of all that makes it, depends on no data."""
        needed: set[str] = set()
        stack = list(asked)
        while stack:
            made = self._made.get(stack.pop())
            if made is not None and made.name not in needed:
                needed.add(made.name)
                stack += made.operands[:1] if made.type == "ptr" else made.operands
                for access in self._accesses.get(made, ()):
                    stack += _decide(access)
        while data := {name for name in needed if self._is_data(self._made[name], needed)}:
            needed -= data
        return needed

    def _is_data(self, made: Instruction, needed: set[str]) -> bool:
        if made.opcode == "load":
            accesses = self._accesses.get(made, ())
            return len(accesses) != 1 or accesses[0].array.base not in self._roms
        if made.type == "ptr":
            chosen = made.opcode == "select" and made.operands[0] in self._made
            return chosen and made.operands[0] not in needed
        if made.opcode not in MEANING and made.opcode not in ("phi", "icmp", "select"):
            return True
        return any(o in self._made and o not in needed for o in made.operands)

    def _pass(
        self, values: dict[str, MaybeInt]
    ) -> tuple[list[tuple[Access, MaybeInt]], dict[str, MaybeInt] | None]:
        """The accesses of a pass; what the next one begins with, None if there is none."""
        values = dict(values)
        header = self._loop.header
        live: dict[str, set[str]] = {header: set()}
        met: list[tuple[Access, MaybeInt]] = []
        for label in self._loop.blocks:
            before = live.get(label)
            if before is None:
                continue
            for made in self._steps[label]:
                if made.name in self._needed and not (made.opcode == "phi" and label == header):
                    values[made.name] = self._evaluate(made, values, before)
                for access in self._accesses.get(made, ()):
                    if access.home is Home.MEMORY and access.may_be_chosen(values):
                        met.append((access, self._offset(access, values)))
            for target in self._targets(label, values):
                live.setdefault(target, set()).add(label)
        demand = PassDemand(self._demand, values, live)
        met = [(a, at) for a, at in met if a.writes or demand.is_used(a.made)]
        latches = live[header]
        if not latches:
            return met, None
        return met, {i.name: self._merged(i, values, latches) for i in self._first()}

    def _targets(self, label: str, values: Mapping[str, MaybeInt]) -> list[str]:
        """Where a pass goes on; it leaves the loop only where that is known."""
        last = self._blocks[label][-1]
        if len(last.labels) < 2:
            return list(last.labels)
        condition = _known(last.operands[0], values)
        if condition is None:
            return [target for target in last.labels if target in self._inside]
        if last.opcode == "br":
            return [last.labels[0 if condition else 1]]
        cases = zip(last.operands[1:], last.labels[1:], strict=True)
        return [next((t for case, t in cases if literal(case) == condition), last.labels[0])]

    def _merged(
        self, phi: Instruction, values: Mapping[str, MaybeInt], sources: set[str]
    ) -> MaybeInt:
        pairs = zip(phi.operands, phi.labels, strict=True)
        found = {_known(value, values) for value, label in pairs if label in sources}
        return found.pop() if len(found) == 1 else None

    def _evaluate(
        self, made: Instruction, values: Mapping[str, MaybeInt], before: set[str]
    ) -> MaybeInt:
        if made.type == "ptr":
            return self._choice(made, values, before)
        if made.opcode == "phi":
            return self._merged(made, values, before)
        if made.opcode == "load":
            access = self._accesses[made][0]
            offset = self._offset(access, values)
            found = None if offset is None else self._rom(access.address.base, offset)
            return None if found is None else wrapped(found, type_bits(made.type))
        if made.opcode == "select":
            condition = _known(made.operands[0], values)
            return None if condition is None else _known(made.operands[2 - condition], values)
        operands = [_known(operand, values) for operand in made.operands]
        known = [operand for operand in operands if operand is not None]
        if len(known) < len(operands):
            return None
        bits = type_bits(made.detail if made.opcode in ("zext", "sext") else made.type)
        if made.opcode == "icmp":
            a, b = known
            return compare(made.detail, a, b, bits)
        return wrapped(MEANING[made.opcode](bits, *known), type_bits(made.type))

    def _choice(
        self, made: Instruction, values: Mapping[str, MaybeInt], before: set[str]
    ) -> MaybeInt:
        """Which of its pointers a select or phi takes."""
        if made.opcode == "select":
            condition = _known(made.operands[0], values)
            return None if condition is None else 1 - condition
        numbers = [i for i, label in enumerate(made.labels) if label in before]
        return numbers[0] if len(numbers) == 1 else None

    def _offset(self, access: Access, values: Mapping[str, MaybeInt]) -> MaybeInt:
        offset = access.address.offset.constant
        for name, factor in access.address.offset.terms:
            value = values.get(name)
            if value is None:
                return None
            offset += value * factor
        return offset


def _decide(access: Access) -> list[str]:
    """Values that say where an access is, and whether."""
    address = access.address
    return [name for name, _ in (*address.offset.terms, *address.choices)]


def _known(operand: str, values: Mapping[str, MaybeInt]) -> MaybeInt:
    number = literal(operand)
    return values.get(operand) if number is None else number
