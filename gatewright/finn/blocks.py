"""DSP blocks and block RAMs of ``synth_xilinx``: the rules by which yosys takes them.

Of products: ``share/mul2dsp.v`` of yosys, with the widths that ``synth_xilinx`` gives it. Of
memories: the costs in ``share/xilinx/brams_xc4v.txt`` and ``lutrams_*.txt``, of which
``memory_libmap`` takes the cheapest, a bit of a ROM in logic costing a 64th.
"""

from __future__ import annotations

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


def rom_blocks(width: int, depth: int) -> int:
    """Block RAMs of a ROM, in halves of 18 Kbit; 0 where it becomes logic."""
    cost, halves = _block_rams(width, depth)
    return halves if width * depth * ROM_BIT > cost else 0


def ram_blocks(fabric: Fabric, width: int, depth: int) -> int:
    """The same of a memory with a port to write and one to read; 0 where it becomes LUTs."""
    cost, halves = _block_rams(width, depth)
    return halves if lut_rams(fabric, width, depth) * fabric.lut_ram_cost > cost else 0


def lut_rams(fabric: Fabric, width: int, depth: int) -> int:
    """Blocks of distributed RAM of such a memory."""
    return min(ceil(width / w) * ceil(depth / d) for w, d in fabric.lut_rams)


def _block_rams(width: int, depth: int) -> tuple[int, int]:
    """The least cost of a memory in block RAMs, and how many halves those are."""
    halves = min(ceil(width / w) * ceil(depth / d) for w, d in SHAPES)
    pairs = [(2 * w, d) for w, d in SHAPES] + [(w, 2 * d) for w, d in SHAPES]
    wholes = min(ceil(width / w) * ceil(depth / d) for w, d in pairs)
    by_half, by_whole = halves * COST_OF_18K + ABOVE, wholes * COST_OF_36K + ABOVE
    return (by_half, halves) if by_half < by_whole else (by_whole, 2 * wholes)
