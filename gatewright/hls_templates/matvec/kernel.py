"""Matrix-vector products."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar

import numpy as np

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernel import Kernel, Tap
from gatewright.ir.types import IntArray, IntType


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

    def cycles(self, steps: int) -> int:
        """One tile a cycle."""
        return steps * self.rows * self.blocks

    def params_cpp(self) -> str:
        """Weights in the order they are used."""
        padded = np.zeros((self.blocks * self.columns, self.rows * self.units), dtype=np.int64)
        padded[: self.input.width, : self.output.width] = self.weight
        split = padded.reshape(self.blocks, self.columns, self.rows, self.units)
        tiles = split.transpose(2, 0, 1, 3).reshape(-1, self.columns, self.units)
        constants: dict[str, object] = {
            "INPUTS": self.input.width,
            "OUTPUTS": self.output.width,
            "UNITS": self.units,
            "COLUMNS": self.columns,
            "ROWS": self.rows,
            "BLOCKS": self.blocks,
            "TAP": self.first_tap,
        }
        element = cpp.rom(IntType.of(tiles))
        weights, biases = f"{self.ident}_weights", f"{self.ident}_biases"
        members = [
            *self.port_types,
            f"using acc_t = {cpp.word(self.output.type)};",
            f"static {element} weight(int tile, int k, int u) {{ return {weights}[tile][k][u]; }}",
            f"static acc_t bias(int output) {{ return {biases}[output]; }}",
        ]
        return "\n".join(
            [
                cpp.array(weights, tiles),
                cpp.array(biases, self.bias),
                cpp.struct(self.ident, constants, members),
            ]
        )

    def to_json(self) -> dict[str, Any]:
        """The folding."""
        return {"units": self.units, "columns": self.columns}

    def taps(self) -> tuple[Tap, ...]:
        """The accumulators."""
        return (Tap(self.tap, self.output.width, self.sequence),)


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
