"""Accesses of the banks of each memory in a pass, and how many its storage has ports for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from gatewright.lint.llvm.accesses import Access, Home
from gatewright.lint.llvm.address import Sum
from gatewright.lint.llvm.arrays import Bank, ShapedArray
from gatewright.lint.llvm.body import PassBody

MANY = 1 << 30
_DUAL = (2, 2, 2)
_PORTS = {
    "ram_1p": (1, 1, 1),
    "ram_2p": (2, 1, 2),
    "ram_s2p": (1, 1, 2),
    "ram_t2p": _DUAL,
    "ram_1wnr": (MANY, 1, MANY),
    "rom_1p": (1, 0, 1),
    "rom_2p": (2, 0, 2),
    "rom_np": (MANY, 0, MANY),
}
"""Reads, writes and accesses of a bank in a cycle, by ``type`` of ``bind_storage`` (UG1399)."""


@dataclass(eq=False)
class Use:
    """What a pass does to a memory.

    Attributes:
        array: The memory.
        home: MEMORY or ROM.
        words: Of each bank, the words that are read and those that are written.
        unknown: Accesses whose bank is not known before run time.
    """

    array: ShapedArray
    home: Home
    words: dict[Bank, tuple[dict[tuple[Sum, ...], Access], dict[tuple[Sum, ...], Access]]] = field(
        default_factory=lambda: defaultdict(lambda: ({}, {}))
    )
    unknown: list[Access] = field(default_factory=list)

    @property
    def most(self) -> tuple[int, int]:
        """Reads and writes of the bank that has most."""
        return max(((len(r), len(w)) for r, w in self.words.values()), key=sum, default=(0, 0))

    @property
    def copies(self) -> int:
        """Memories of the same contents that a bank takes: what a type of many ports means."""
        reads, _, _ = _PORTS.get(self.array.storage, _DUAL)
        most, _ = self.most
        if reads != MANY:
            return 1
        return -(-most // 2) if self.home is Home.ROM else most

    def too_many(self) -> Access | None:
        """An access that a bank has no port for."""
        ports = _PORTS.get(self.array.storage, _DUAL)
        for read, written in self.words.values():
            if (
                len(read) > ports[0]
                or len(written) > ports[1]
                or len(read) + len(written) > ports[2]
            ):
                return [*read.values(), *written.values()][-1]
        return None


def uses(body: PassBody) -> Iterator[Use]:
    """What a pass does to each memory."""
    found: dict[ShapedArray, Use] = {}
    for access, _ in body.accesses:
        if access.home in (Home.MEMORY, Home.ROM):
            use = found.setdefault(access.array, Use(access.array, access.home))
            bank, word = access.array.touched(access.address.offset)
            if None in bank:
                use.unknown.append(access)
            else:
                use.words[bank][access.writes].setdefault(word, access)
    yield from found.values()
