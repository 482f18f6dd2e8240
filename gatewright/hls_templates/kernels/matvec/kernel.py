"""Matrix-vector products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import ClassVar

import numpy as np

from gatewright.files.records import Count
from gatewright.hls_templates import cpp
from gatewright.hls_templates.delays import START, addition, after, product
from gatewright.hls_templates.kernels.base import Kernel
from gatewright.hls_templates.kernels.timing import Channel, Machine, one_at_a_time, pipelined
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import Mappings, OpMapping, no_tap, output_tap
from gatewright.hls_templates.records import KernelRecord, Placement, Tap
from gatewright.hls_templates.rtl.sv import Module, Rom, SvValue, pack, signed_bits
from gatewright.ir import ops
from gatewright.ir.graph import Node
from gatewright.ir.types import IntArray, IntType

_PIPELINE = 5
"""Cycles from a tile to its result, but for the adder tree."""

# A matrix that is used once a sequence works in one of its many steps: it gets a quarter of the
# multipliers of a layer that works in all of them.
ONCE_SHARE = 4


class MatVecRecord(KernelRecord, tag="matvec", kw_only=True, frozen=True):
    """A matrix and a bias.

    Attributes:
        units: Outputs of a tile.
        columns: Inputs of a tile.
    """

    units: Count
    columns: Count

    @property
    def multiplies(self) -> int:
        """One for each output and input of a tile."""
        return self.units * self.columns


@dataclass(frozen=True, eq=False)
class MatVec(Kernel):
    """``y = x @ weight + bias``, folded.

    Attributes:
        weight: int64 [inputs, outputs].
        bias: int64 [outputs].
        units: Outputs computed side by side.
        columns: Inputs consumed side by side.
        tap: Name of its output tensor.
        sequence: Whether it runs at every time step.
    """

    header: ClassVar[str] = "matvec.hpp"
    function: ClassVar[str] = "matvec"

    weight: IntArray
    bias: IntArray
    units: int
    columns: int
    tap: str
    sequence: bool

    @property
    def rows(self) -> int:
        """Output blocks."""
        return ceil(self.output.width / self.units)

    @property
    def blocks(self) -> int:
        """Input blocks."""
        return ceil(self.input.width / self.columns)

    @property
    def interval(self) -> int:
        """One beat at a time: its tiles, and the way through the pipeline."""
        return self.rows * self.blocks + self.latency

    @property
    def latency(self) -> int:
        """Cycles from the last tile of a beat to its result."""
        return _PIPELINE + (self.columns - 1).bit_length()

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """One beat at a time."""
        return one_at_a_time(reads, writes[0], self.rows * self.blocks, self.latency)

    @property
    def hls_loop(self) -> tuple[str, ...]:
        """The sums of a row block."""
        return ("select", addition(self._partial().bits))

    def hls_machine(
        self, reads: Sequence[Channel], writes: Sequence[Channel], clock_ns: float
    ) -> Machine:
        """A beat enters as soon as the tiles of the one before have."""
        tiles = self._tiles()
        products = product(IntType.of(tiles).bits, self.input.type.bits)
        adds = [addition(self._partial().bits)] * (self.columns - 1).bit_length()
        latency, _ = after(START, ("select", "read", *products, *adds, *self.hls_loop), clock_ns)
        passes = len(tiles) * self.hls_interval(clock_ns)
        return pipelined(reads, writes[0], passes, latency + 1)

    def rtl_module(self) -> Module:
        """Weights a tile a word, biases a row block a word."""
        tiles, x = self._tiles(), self.input.type
        biases = self._biases()
        w_bits, b_bits = (signed_bits(IntType.of(values)) for values in (tiles, biases))
        sum_bits = signed_bits(self._partial())
        params: dict[str, SvValue] = {
            "INPUTS": self.input.width,
            "OUTPUTS": self.output.width,
            "UNITS": self.units,
            "COLUMNS": self.columns,
            "ROWS": self.rows,
            "BLOCKS": self.blocks,
            "X_BITS": x.bits,
            "X_SIGNED": x.signed,
            "W_BITS": w_bits,
            "SUM_BITS": sum_bits,
            "BIAS_BITS": b_bits,
            "Y_BITS": self.output.type.bits,
        }
        words = pack(tiles.transpose(0, 2, 1).reshape(len(tiles), -1), w_bits)
        roms = {
            "WEIGHT_FILE": Rom(words, w_bits * self.units * self.columns),
            "BIAS_FILE": Rom(pack(biases, b_bits), b_bits * self.units),
        }
        return Module("gw_matvec", params, roms)

    def _partial(self) -> IntType:
        """Range of every sum on the way, whatever part of the products is in it already."""
        ends = np.stack([self.weight * self.input.type.lo, self.weight * self.input.type.hi])
        low, high = ends.min(axis=0).clip(max=0), ends.max(axis=0).clip(min=0)
        products = IntType(int(low.sum(axis=0).min()), int(high.sum(axis=0).max()))
        return IntType.hull([products, products + IntType.of(self.bias), self.output.type])

    def _tiles(self) -> IntArray:
        """Weights in the order they are used, [tiles, columns, units]."""
        padded = np.zeros((self.blocks * self.columns, self.rows * self.units), dtype=np.int64)
        padded[: self.input.width, : self.output.width] = self.weight
        split = padded.reshape(self.blocks, self.columns, self.rows, self.units)
        return split.transpose(2, 0, 1, 3).reshape(-1, self.columns, self.units)

    def _biases(self) -> IntArray:
        """[rows, units]."""
        biases = np.zeros(self.rows * self.units, dtype=np.int64)
        biases[: self.output.width] = self.bias
        return biases.reshape(self.rows, self.units)

    def params_cpp(self) -> str:
        """Weights in the order they are used."""
        constants: dict[str, int] = {
            "INPUTS": self.input.width,
            "OUTPUTS": self.output.width,
            "UNITS": self.units,
            "COLUMNS": self.columns,
            "ROWS": self.rows,
            "BLOCKS": self.blocks,
            "TAP": self.first_tap,
        }
        weights = cpp.RomArray(f"{self.ident}_weights", self._tiles(), wide=(2, 3))
        biases = cpp.RomArray(f"{self.ident}_biases", self._biases(), wide=(2,))
        members = [
            *self.port_types,
            f"using acc_t = {cpp.word(self._partial())};",
            *cpp.accessor(
                f"{weights.element} weight(int tile, int k, int u)", f"{weights.name}[tile][k][u]"
            ),
            *cpp.accessor(f"{biases.element} bias(int row, int u)", f"{biases.name}[row][u]"),
            *cpp.storage([weights, biases]),
        ]
        return "\n".join(
            [
                weights.declaration(),
                biases.declaration(),
                cpp.struct(self.ident, constants, members),
            ]
        )

    def record(self, place: Placement) -> MatVecRecord:
        """The folding."""
        return MatVecRecord(**place, units=self.units, columns=self.columns)

    def taps(self) -> tuple[Tap, ...]:
        """The accumulators."""
        y = self.output
        return (Tap(self.tap, y.width, self.sequence, windows=y.windows),)


def choose_fold(inputs: int, outputs: int, budget: int) -> tuple[int, int]:
    """Units and columns within a multiplier budget: fewest cycles, then fewest multipliers."""
    folds = [
        (units, columns)
        for units in range(1, min(outputs, budget) + 1)
        for columns in range(1, min(inputs, budget // units) + 1)
    ]

    def cost(fold: tuple[int, int]) -> tuple[int, int, int]:
        units, columns = fold
        tiles = ceil(outputs / units) * ceil(inputs / columns)
        return tiles, units * columns, abs(units - columns)

    return min(folds, key=cost)


def _place(mapper: Mapper, node: Node) -> None:
    """A product, together with the bias that follows it."""
    weight = mapper.graph[node.inputs[1]].value
    assert weight is not None
    outputs = weight.shape[1]
    output, bias = mapper.bias(node.outputs[0], outputs)
    common = mapper.common(node, node.inputs[:1], [output])
    sequence = mapper.is_sequence(output)
    budget = mapper.options.multipliers // (1 if sequence else ONCE_SHARE)
    units, columns = choose_fold(weight.shape[0], outputs, max(budget, 1))
    kernel = MatVec(*common, weight, bias, units, columns, output, sequence)
    mapper.append(kernel, [mapper.take(node.inputs[0])], [output])


def _place_bias(mapper: Mapper, node: Node) -> None:
    """Taken in by the product before it."""


MAPPINGS: Mappings = {
    ops.ADD: OpMapping(_place_bias, no_tap, MatVecRecord),
    ops.MATMUL: OpMapping(_place, output_tap, MatVecRecord),
}
