"""The graph of operators of a pass of a loop, made of its LLVM IR.

Branches inside a pass become multiplexers, as in hardware: both sides are computed, what is written
or sent waits for the condition, and what is only read does not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gatewright.lint.llvm import delays
from gatewright.lint.llvm.accesses import Access, Home, callee, is_outside, is_silent
from gatewright.lint.llvm.arrays import ShapedArray
from gatewright.lint.llvm.cfg import Loop
from gatewright.lint.llvm.graph import Cause, Operator
from gatewright.lint.llvm.text import Instruction
from gatewright.lint.llvm.widths import Widths, literal, type_bits

BEGIN = 0
"""The node at which a pass begins: what has effects waits until its pass is to be."""


@dataclass(eq=False)
class PassBody:
    """A pass as a graph.

    Attributes:
        graph: Its operators.
        nodes: Those of values by their names.
        accesses: Reads and writes, each with its node, in order.
        first: Of each phi at the beginning of a pass its node and what the pass before gives it.
        conditions: Of leaving the loop.
    """

    graph: list[Operator] = field(default_factory=lambda: [Operator("begin")])
    nodes: dict[str, int] = field(default_factory=dict)
    accesses: list[tuple[Access, int]] = field(default_factory=list)
    first: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    conditions: list[int] = field(default_factory=list)

    def of(self, values: Iterable[str]) -> list[int]:
        """The nodes of those values that a pass computes."""
        nodes = self.nodes
        return [nodes[value] for value in values if value in nodes]


class Builder:
    """Makes the graph of a loop without loops inside.

    Args:
        loop: The loop.
        accesses: What each instruction does to memory.
    """

    def __init__(self, loop: Loop, accesses: Mapping[Instruction, Sequence[Access]]) -> None:
        self.loop, self.accesses = loop, accesses
        self.body = PassBody()
        self.widths = Widths()
        self.users: dict[str, list[Instruction]] = defaultdict(list)
        for made in loop.function.instructions():
            for operand in made.operands:
                self.users[operand].append(made)
        instructions = [
            i for label in loop.blocks for i in loop.function.blocks[label].instructions
        ]
        self.made = {i.name: i for i in instructions if i.name}
        self.first = {
            i for i in loop.function.blocks[loop.header].instructions if i.opcode == "phi"
        }
        self.writes: dict[ShapedArray, list[tuple[Access, int]]] = defaultdict(list)
        self.controls: dict[str, list[int]] = {}
        self.states: dict[str, bool] = {}
        self.ends: dict[str, tuple[int, int]] = {}

    def build(self) -> PassBody:
        """The graph of a pass, without what it has of others."""
        for label in self.loop.blocks:
            self.controls[label] = self._control(label)
            for made in self.loop.function.blocks[label].instructions:
                self._take(label, made)
        for label in self.loop.exits:
            self.body.conditions += self._condition(label)
        for first, last in self.ends.values():
            if first != last:  # words stay in order: the next pass waits for the last of this one
                self.body.graph[first].carried.append(Cause(last, 1))
        return self.body

    def _take(self, label: str, made: Instruction) -> None:
        self.widths.add(made)
        if is_silent(made) or made.opcode in ("br", "switch", "alloca", "unreachable", "ret"):
            return
        if made.opcode == "phi":
            self._phi(label, made)
        elif is_outside(made):
            self._stream(label, made)
        elif made in self.accesses:
            self._memory(label, made)
        else:
            self._value(made)

    def _node(self, operator: Operator, name: str = "") -> int:
        self.body.graph.append(operator)
        node = len(self.body.graph) - 1
        if name:
            self.body.nodes[name] = node
        return node

    # --- branches ---------------------------------------------------------------------------------

    def _condition(self, label: str) -> list[int]:
        """What decides where a block goes on, if it can go several ways."""
        last = self.loop.function.blocks[label].instructions[-1]
        return self.body.of(last.operands[:1]) if len(last.labels) > 1 else []

    def _control(self, label: str) -> list[int]:
        """What says whether a pass comes through a block: one node, or none."""
        nodes: dict[int, None] = {}
        for block in self.loop.control[label]:
            nodes.update(dict.fromkeys([*self._condition(block), *self.controls[block]]))
        if len(nodes) < 2:
            return list(nodes)
        return [self._node(Operator("enable", "", delays.LOGIC_PS, tuple(nodes)))]

    def _phi(self, label: str, made: Instruction) -> None:
        if label == self.loop.header:
            inside = set(self.loop.blocks)
            node = self._node(Operator("register", made.debug), made.name)
            pairs = zip(made.operands, made.labels, strict=True)
            self.body.first.append((node, tuple(v for v, b in pairs if b in inside)))
            return
        nodes = dict.fromkeys(self.body.of(made.operands))
        for block in made.labels:
            nodes.update(dict.fromkeys(self._condition(block)))
            if self.loop.control[block] != self.loop.control[label]:
                nodes.update(dict.fromkeys(self.controls[block]))
        delay = delays.multiplex(len(set(made.operands)))
        self._node(Operator("select", made.debug, delay, tuple(nodes)), made.name)

    # --- values -----------------------------------------------------------------------------------

    def _value(self, made: Instruction) -> None:
        if self._is_term(made.name) and self._is_sum(made):
            return  # a larger sum has its terms
        delay = _DELAYS.get(made.opcode, _unknown)(self, made)
        operands = self._terms(made) if made.opcode == "add" else made.operands
        many = len(operands) > 2 and made.opcode == "add"
        nodes = tuple(self.body.of(operands))
        label = callee(made).removeprefix("llvm.").partition(".")[0] or made.opcode
        self._node(Operator(label, made.debug, delay, nodes, terms=many), made.name)

    def _terms(self, made: Instruction) -> list[str]:
        """What a sum adds up, in whatever order; what it adds to a state comes by itself."""
        terms, stack = [], list(made.operands)
        if not self._is_sum(made):
            return stack
        while stack:
            term = stack.pop()
            if self._is_term(term) and self._is_sum(self.made[term]):
                stack += self.made[term].operands
            else:
                terms.append(term)
        return terms

    def _is_sum(self, made: Instruction) -> bool:
        return made.opcode == "add" and not any(map(self.is_state, made.operands))

    def _is_term(self, value: str) -> bool:
        """Whether it is a sum, and a larger sum takes its terms for its own."""
        users = self.users[value]
        inside = value in self.made and self.made[value].opcode == "add"
        return inside and len(users) == 1 and self._is_sum(users[0])

    def is_state(self, value: str) -> bool:
        """Whether a value is what another pass has left, or is chosen from such."""
        made = self.made.get(value)
        if made is None:
            return False
        known = self.states.get(value)
        if known is None:
            known = self.states[value] = self._is_state(made)
        return known

    def _is_state(self, made: Instruction) -> bool:
        if made.opcode == "phi":
            return made in self.first or any(map(self.is_state, made.operands))
        if made.opcode == "load":
            homes = (Home.REGISTERS, Home.MEMORY)
            return any(access.home in homes for access in self.accesses[made])
        operands = {"select": made.operands[1:]}.get(made.opcode, made.operands)
        return made.opcode in _PASSING and any(map(self.is_state, operands))

    # --- memory and streams -----------------------------------------------------------------------

    def _memory(self, label: str, made: Instruction) -> None:
        read = tuple(self._read(access) for access in self.accesses[made] if not access.writes)
        for access in self.accesses[made]:
            if access.writes:
                self._write(label, access, read)
        if made.name:
            delay = delays.multiplex(len(read)) if len(read) > 1 else 0
            self._node(Operator("select", made.debug, delay, read), made.name)

    def _read(self, access: Access) -> int:
        made, array = access.made, access.array
        operator = Operator(f"read {array.name}", made.debug, 0, self.body.of(made.operands))
        operator.reads = access.home in (Home.MEMORY, Home.ROM)
        if operator.reads:
            operator.delay = delays.ADDRESS_PS
        if access.home in (Home.WIRES, Home.REGISTERS) and access.address.offset.terms:
            operator.delay = delays.multiplex(array.ways(access.address.offset))
        before = self._written(access)
        if operator.reads:
            operator.carried += [Cause(node) for node in before]
        else:
            operator.operands = (*operator.operands, *before)
        node = self._node(operator)
        self.body.accesses.append((access, node))
        return node

    def _write(self, label: str, access: Access, read: tuple[int, ...]) -> int:
        made = access.made
        nodes = [*self.body.of(made.operands), *read, *self.controls[label], BEGIN]
        delay = {Home.MEMORY: delays.WRITE_PS, Home.REGISTERS: delays.SELECT_PS}.get(access.home, 0)
        node = self._node(Operator(f"write {access.array.name}", made.debug, delay, tuple(nodes)))
        self.body.accesses.append((access, node))
        self.writes[access.array].append((access, node))
        return node

    def _written(self, access: Access) -> list[int]:
        """Writes of the same pass that a read may have to see."""
        writes = self.writes[access.array]
        return [n for other, n in writes if access.may_meet(other, carried=False)]

    def _stream(self, label: str, made: Instruction) -> None:
        accesses = self.accesses.get(made, ())
        nodes = [*self.controls[label], BEGIN, *self.body.of(made.operands)]
        for access in accesses:
            if not access.writes:
                nodes += self._written(access)
        node = self._node(Operator("stream", made.debug, delays.STREAM_PS, tuple(nodes)), made.name)
        for access in accesses:
            if access.writes:
                self.body.accesses.append((access, node))
                self.writes[access.array].append((access, node))
        end = made.operands[0] if made.operands else ""
        first, last = self.ends.get(end, (node, node))
        if last != node:  # a FIFO gives or takes one word a cycle
            self.body.graph[node].carried.append(Cause(last))
        self.ends[end] = first, node


def _logic(builder: Builder, made: Instruction) -> int:
    wires = any(literal(operand) is not None for operand in made.operands)
    return 0 if wires or "disjoint" in made.detail else delays.LOGIC_PS


def _shift(builder: Builder, made: Instruction) -> int:
    return 0 if literal(made.operands[1]) is not None else delays.SHIFT_PS


def _add(builder: Builder, made: Instruction) -> int:
    if any(literal(operand) in (1, -1) for operand in made.operands):
        return delays.add(1)  # a counter, which is trimmed
    return delays.add(min(max(map(builder.widths.of, made.operands)) + 1, type_bits(made.type)))


def _multiply(builder: Builder, made: Instruction) -> int:
    numbers = [n for n in map(literal, made.operands) if n is not None]
    if any(n & (n - 1) == 0 for n in map(abs, numbers)):
        return 0
    a, b = map(builder.widths.of, made.operands)
    return delays.multiply(a, b)


def _compare(builder: Builder, made: Instruction) -> int:
    if (made.detail, literal(made.operands[1])) in _SIGNS:
        return 0
    # A counter is trimmed to the constant that it is held against.
    numbers = [operand for operand in made.operands if literal(operand) is not None]
    return delays.compare(max(map(builder.widths.of, numbers or made.operands)))


def _call(builder: Builder, made: Instruction) -> int:
    """The lesser or greater of two, and the like."""
    return delays.compare(max(map(builder.widths.of, made.operands))) + delays.SELECT_PS


def _wires(builder: Builder, made: Instruction) -> int:
    return 0


def _unknown(builder: Builder, made: Instruction) -> int:
    """Floating point and the like: as slow as the slowest that is known."""
    return delays.divide(64)


_SIGNS = {("slt", 0), ("sge", 0), ("sgt", -1), ("sle", -1)}
"""Comparisons that look at one bit."""
_PASSING = ("select", "zext", "sext", "trunc", "freeze")
_DELAYS: dict[str, Callable[[Builder, Instruction], int]] = {
    **dict.fromkeys(("add", "sub"), _add),
    **dict.fromkeys(("and", "or", "xor"), _logic),
    **dict.fromkeys(("zext", "sext", "trunc", "freeze", "getelementptr"), _wires),
    **dict.fromkeys(("shl", "lshr", "ashr"), _shift),
    **dict.fromkeys(
        ("sdiv", "udiv", "srem", "urem"),
        lambda builder, made: delays.divide(type_bits(made.type)),
    ),
    "mul": _multiply,
    "icmp": _compare,
    "select": lambda builder, made: delays.SELECT_PS,
    "call": _call,
}
"""By opcode."""
