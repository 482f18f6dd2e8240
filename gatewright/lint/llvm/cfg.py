"""Loops of a function, and on which branches the blocks of a pass depend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from gatewright.lint.llvm.text import IrFunction

Edges = Mapping[str, Sequence[str]]


@dataclass(frozen=True, eq=False)
class Loop:
    """A natural loop of a function.

    Attributes:
        function: That it is of.
        header: The block that each pass begins with.
        blocks: Those of a pass, the header first, each behind those that lead to it; where loops
            are inside, theirs are in no such order.
        inner: Headers of loops inside.
    """

    function: IrFunction
    header: str
    blocks: tuple[str, ...]
    inner: tuple[str, ...]

    @cached_property
    def latches(self) -> tuple[str, ...]:
        """Blocks that end a pass which another one follows."""
        return tuple(b for b in self.blocks if self.header in self._successors(b))

    @cached_property
    def exits(self) -> tuple[str, ...]:
        """Blocks that may leave the loop."""
        inside = set(self.blocks)
        return tuple(b for b in self.blocks if not inside.issuperset(self._successors(b)))

    @cached_property
    def control(self) -> Mapping[str, tuple[str, ...]]:
        """Of each block those whose branches decide directly whether a pass comes through it."""
        after = _immediate(self.blocks[::-1], self._forwards, _END)
        decided: dict[str, list[str]] = {block: [] for block in self.blocks}
        for block in self.blocks:
            following = self._forwards[block]
            if len(following) > 1:
                for at in following:
                    while at not in (_END, after[block]):
                        if block not in decided[at]:
                            decided[at].append(block)
                        at = after[at]
        return {block: tuple(blocks) for block, blocks in decided.items()}

    def _successors(self, block: str) -> tuple[str, ...]:
        return self.function.blocks[block].successors

    @cached_property
    def _forwards(self) -> dict[str, list[str]]:
        """Where a pass goes on; both its end and an exit are the end."""
        inside = set(self.blocks) - {self.header}
        return {
            block: list(dict.fromkeys(s if s in inside else _END for s in self._successors(block)))
            for block in self.blocks
        }


_END = ""
"""No block is named so."""


def loops(function: IrFunction) -> list[Loop]:
    """All loops of a function, inner ones before those around them."""
    entry = next(iter(function.blocks))
    order = _postorder(entry, {name: b.successors for name, b in function.blocks.items()})
    order.reverse()
    before = _predecessors(function, order)
    dominators = _immediate(order, before, "")
    bodies: dict[str, set[str]] = {}
    for block in order:
        for target in function.blocks[block].successors:
            if _dominates(target, block, dominators):
                bodies.setdefault(target, {target}).update(_reaching(block, target, before))
    found = []
    for header, body in sorted(bodies.items(), key=lambda item: len(item[1])):
        inner = tuple(h for h in bodies if h != header and h in body)
        found.append(Loop(function, header, tuple(b for b in order if b in body), inner))
    return found


def _predecessors(function: IrFunction, order: Iterable[str]) -> dict[str, list[str]]:
    before: dict[str, list[str]] = {block: [] for block in order}
    for block in before:
        for target in function.blocks[block].successors:
            before[target].append(block)
    return before


def _postorder(entry: str, successors: Edges) -> list[str]:
    order, seen, stack = [], {entry}, [(entry, iter(successors[entry]))]
    while stack:
        block, following = stack[-1]
        for target in following:
            if target not in seen:
                seen.add(target)
                stack.append((target, iter(successors[target])))
                break
        else:
            order.append(block)
            stack.pop()
    return order


def _immediate(order: Sequence[str], before: Edges, root: str) -> dict[str, str]:
    """The immediate dominator of each block (Cooper, Harvey and Kennedy).

    Args:
        order: Blocks, each behind one that leads to it at least.
        before: What leads to each; the root leads to the first and is in no order.
        root: What dominates all.
    """
    place = {block: i for i, block in enumerate(order)} | {root: -1}
    above: dict[str, str] = {root: root}

    def meet(a: str, b: str) -> str:
        while a != b:
            while place[a] > place[b]:
                a = above[a]
            while place[b] > place[a]:
                b = above[b]
        return a

    changed = True
    while changed:
        changed = False
        for i, block in enumerate(order):
            known = [b for b in before[block] if b in above]
            if i == 0 and root not in known:
                known.append(root)
            new = known[0]
            for other in known[1:]:
                new = meet(new, other)
            if above.get(block) != new:
                above[block] = new
                changed = True
    return above


def _dominates(a: str, b: str, above: Mapping[str, str]) -> bool:
    while b != a and above[b] != b:
        b = above[b]
    return a == b


def _reaching(block: str, header: str, before: Edges) -> set[str]:
    found, stack = {block}, [block]
    while stack:
        at = stack.pop()
        if at == header:
            continue
        for source in before[at]:
            if source not in found:
                found.add(source)
                stack.append(source)
    return found
