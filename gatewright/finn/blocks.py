"""DSP blocks and block RAMs of ``synth_xilinx``: the rules by which yosys takes them.

Of products: ``share/mul2dsp.v`` of yosys, with the widths that ``synth_xilinx`` gives it. Of
memories: the costs in ``share/xilinx/brams_xc4v.txt`` and ``lutrams_*.txt``, of which
``memory_libmap`` takes the cheapest, a bit of a ROM in logic costing a 64th.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil

NARROW_FACTOR, NARROW_PRODUCT = 2, 9
"""Bits of the narrowest factor and the narrowest product that a DSP block is taken for."""
B_BITS = 18
SLICE = 17
"""Bits of a factor too wide for a block that go into each block but the last one."""

COST_OF_18K, COST_OF_36K = 129, 257
"""Costs of block RAMs of 18 and of 36 Kbit."""
SHAPES = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))
"""Of 18 Kbit, as (width, depth); two of them side by side, or one behind the other, are 36 Kbit."""
LANE = 9
"""Bits of a block RAM that are written together."""
ABOVE = 3
"""What ``memory_libmap`` adds to the cost of a block RAM, as measured."""
ROM_BIT = 1 / 64


@dataclass(frozen=True)
class Fabric:
    """A family of devices, as yosys knows it.

    Attributes:
        name: ``synth_xilinx -family``.
        a_bits: Of the wider factor of a DSP block.
        lut_rams: Shapes of a block of distributed RAM that is written at one port and read at
            another, as (width, depth).
        lut_ram_luts: LUTs of such a block.
        lut_ram_cost: Its cost.
    """

    name: str
    a_bits: int
    lut_rams: tuple[tuple[int, int], ...]
    lut_ram_luts: int
    lut_ram_cost: int


XC7 = Fabric("xc7", 25, ((6, 32), (3, 64)), 4, 8)
XCUP = Fabric("xcup", 27, ((14, 32), (7, 64)), 8, 16)


def fabric_of(fpgapart: str) -> Fabric:
    """What yosys knows a device by, as FINN has it."""
    return XC7 if fpgapart.lower().startswith("xc7") else XCUP


def product_blocks(fabric: Fabric, a: int, b: int, y: int) -> int:
    """DSP blocks of a signed product of ``a`` by ``b`` bits, of which ``y`` bits are used."""
    return _product(fabric, max(a, b), min(a, b), y)


def _product(fabric: Fabric, a: int, b: int, y: int) -> int:
    if a < NARROW_FACTOR or b < NARROW_FACTOR or y < NARROW_PRODUCT:
        return 0
    if a > fabric.a_bits:
        n = ceil((a - fabric.a_bits) / SLICE)
        rest = a - n * SLICE
        first = _product(fabric, SLICE + 1, b, min(y, b + SLICE + 1))
        return n * first + _product(fabric, rest, b, b + rest)
    if b > B_BITS:
        n = ceil((b - B_BITS) / SLICE)
        rest = b - n * SLICE
        first = _product(fabric, a, SLICE + 1, min(y, a + SLICE + 1))
        return n * first + _product(fabric, a, rest, a + rest)
    return 1


@dataclass(frozen=True, order=True)
class BlockRams:
    """Block RAMs of one shape that make a memory.

    Attributes:
        cost: By which yosys compares them.
        rows: How many of them the depth takes, of which the address chooses one.
        halves: How many there are, in halves of 18 Kbit.
    """

    cost: int
    rows: int
    halves: int


def rom_blocks(width: int, depth: int) -> BlockRams | None:
    """Those of a ROM; None where it becomes logic.

    A block takes bits of any rows side by side.
    """
    best = min(_block_rams(depth, lambda rows, w: ceil(width * rows / w)))
    return best if width * depth * ROM_BIT > best.cost else None


def ram_blocks(fabric: Fabric, width: int, depth: int) -> BlockRams | None:
    """The same of a memory with a port to write and one to read; None where it becomes LUTs.

    What a block writes at once is a lane of 9 bits, or all of a narrower word.
    """

    def count(rows: int, w: int) -> int:
        return ceil(ceil(width / min(w, LANE)) * rows / max(1, w // LANE))

    best = min(_block_rams(depth, count))
    return best if lut_rams(fabric, width, depth).blocks * fabric.lut_ram_cost > best.cost else None


@dataclass(frozen=True, order=True)
class LutRams:
    """Distributed RAMs of one shape that make a memory.

    Attributes:
        blocks: How many there are.
        rows: How many of them the depth takes.
    """

    blocks: int
    rows: int


def lut_rams(fabric: Fabric, width: int, depth: int) -> LutRams:
    """Those of such a memory."""
    shapes = [(w, ceil(depth / d)) for w, d in fabric.lut_rams]
    return min(LutRams(ceil(width / w) * rows, rows) for w, rows in shapes)


def _block_rams(depth: int, count: Callable[[int, int], int]) -> Iterator[BlockRams]:
    """All ways to make a memory, by how many blocks so many rows of a width take."""
    pairs = [(2 * w, d) for w, d in SHAPES] + [(w, 2 * d) for w, d in SHAPES]
    for halves, cost, shapes in ((1, COST_OF_18K, SHAPES), (2, COST_OF_36K, pairs)):
        for w, d in shapes:
            rows = ceil(depth / d)
            n = count(rows, w)
            yield BlockRams(n * cost + ABOVE, rows, n * halves)
