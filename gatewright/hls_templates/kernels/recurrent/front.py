"""The registers of ``rtl/`` from an h to the sums of a tile that reads it."""

from __future__ import annotations

from dataclasses import dataclass

from gatewright.hls_templates.kernels.recurrent.schedule import TileShape
from gatewright.hls_templates.kernels.recurrent.tail import StepSplit
from gatewright.hls_templates.rtl.cut import Cut, Stretch
from gatewright.hls_templates.rtl.functions import row_bits
from gatewright.hls_templates.rtl.sv import Bits, SvValue

SOURCE_BITS = 2
"""A tile may read x, the state that a sequence begins with, and two banks of h."""
CUT_BITS = 32
"""Of the parameter that says where the adder tree is cut."""
WRITE = 1
"""Cycles in which h is written."""


@dataclass(frozen=True)
class Front:
    """What lies between.

    Attributes:
        column_cut: Whether a register stands behind the choice of columns.
        levels: Of the adder tree.
        tree: Registers behind them.
        tree_cut: Behind which, a bit a level.
        cycles: From an h that is written to the sums of a tile that reads it, the write included.
    """

    column_cut: bool
    levels: int
    tree: int
    tree_cut: int
    cycles: int

    @property
    def params(self) -> dict[str, SvValue]:
        """Of ``gw_recurrent``, where a register is left out."""
        if self.column_cut and self.tree == self.levels:
            return {}
        cut = Bits(CUT_BITS, self.tree_cut)
        return {"COLUMN_CUT": self.column_cut, "TREE": self.tree, "TREE_CUT": cut}


def make_front(shape: TileShape, split: StepSplit, cut: Cut) -> Front:
    """The front of a kernel.

    Args:
        shape: Its tiles.
        split: The step graph.
        cut: Where registers stand.
    """
    levels = (shape.columns - 1).bit_length()
    blocks = row_bits(max(shape.x_blocks, shape.h_blocks))
    product_bits, sum_bits = split.weight.bits + split.operand.bits, split.accumulator.bits
    start = (0, cut.start)
    operands = cut.through(
        start, (Stretch("select", blocks, 0), Stretch("select", SOURCE_BITS, None))
    )
    tree = tuple(Stretch("add", sum_bits, level) for level in range(levels))
    sums = cut.through(
        start, (Stretch("product", product_bits, None), *tree, Stretch("add", sum_bits, None))
    )
    cycles = operands.ready[0] + sums.ready[0] + WRITE
    return Front(bool(operands.cut), levels, sums.cut.bit_count(), sums.cut, cycles)
