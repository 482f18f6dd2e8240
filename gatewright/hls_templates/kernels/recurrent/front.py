"""The registers of ``rtl/`` from an h to the sums of a tile that reads it."""

from __future__ import annotations

from dataclasses import dataclass

from gatewright.hls_templates.kernels.recurrent.schedule import TileShape
from gatewright.hls_templates.kernels.recurrent.tail import StepSplit
from gatewright.hls_templates.rtl.cut import LUT_TABLE_BITS, Cut, Stretch, StretchKind
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
        operand_cut: Whether a register more stands in front of the products.
        cycles: From an h that is written to the sums of a tile that reads it, the write included.
    """

    column_cut: bool
    levels: int
    tree: int
    tree_cut: int
    operand_cut: bool
    cycles: int

    @property
    def params(self) -> dict[str, SvValue]:
        """Of ``gw_recurrent``, where a register is left out or one more is there."""
        operand: dict[str, SvValue] = {"OPERAND_CUT": True} if self.operand_cut else {}
        if self.column_cut and self.tree == self.levels:
            return operand
        cut = Bits(CUT_BITS, self.tree_cut)
        return {"COLUMN_CUT": self.column_cut, "TREE": self.tree, "TREE_CUT": cut, **operand}


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
    choices = Stretch("select", blocks, 0), Stretch("select", SOURCE_BITS, None)
    operands = cut.through(start, choices)
    column_cut = bool(operands.cut or cut.through(start, _weights(shape)).cut)
    products = Stretch("reach", 0, levels, extra=True), Stretch("product", product_bits, None)
    places = (*range(levels), None)
    tree = tuple(Stretch("add", sum_bits, place, leaves=place == places[0]) for place in places)
    sums = cut.through(start, (*products, *tree))
    operand_cut, tree_cut = divmod(sums.cut, 1 << levels)
    cycles = 1 + int(column_cut) + sums.ready[0] + WRITE
    registers = tree_cut.bit_count()
    return Front(column_cut, levels, registers, tree_cut, bool(operand_cut), cycles)


def _weights(shape: TileShape) -> tuple[Stretch, ...]:
    """From the number of a tile to its weights: what is cut here is cut behind the columns, too.

    The memory is as wide as all multipliers: to address it is a way as long as one to DSP blocks.
    """
    address = (shape.tiles - 1).bit_length()
    read: StretchKind = "table" if address <= LUT_TABLE_BITS else "wire"
    return Stretch("add", address, 0), Stretch("reach", 0, 1), Stretch(read, address, None)
