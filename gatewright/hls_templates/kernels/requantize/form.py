"""What a requantizer computes, and in which of its forms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gatewright.hls_templates.kernels.requantize.corrected import Corrected
from gatewright.hls_templates.kernels.requantize.rescaling import Rescaling, Wide
from gatewright.ir.ops.lookup import wrapped_table
from gatewright.ir.types import IntArray, IntType


@dataclass(frozen=True, eq=False)
class Form:
    """One requantizer, tied to a tensor.

    Attributes:
        ident: C++ identifier of its parameters.
        domain: Range of the input.
        out: Range of the output.
        thresholds: int64 [C, K].
        out_bias: Output below the first threshold.
        variant: ``clip``, ``affine``, ``table``, ``wide``, ``corrected`` or ``thresholds``.
        affine: For ``clip``, ``affine`` and ``corrected``.
        wide: For the variant of that name.
        corrected: Likewise.
    """

    ident: str
    domain: IntType
    out: IntType
    thresholds: IntArray
    out_bias: int
    variant: str
    affine: Rescaling | None
    wide: Wide | None = None
    corrected: Corrected | None = None

    def padded(self) -> IntArray:
        """Each row filled to a full binary tree, with ``hi + 1``, which is never reached."""
        rows, count = self.thresholds.shape
        padded = np.full((rows, 2 ** int(count).bit_length()), self.domain.hi + 1, dtype=np.int64)
        padded[:, 1 : count + 1] = self.thresholds
        return padded

    def table_words(self) -> IntArray:
        """The output for each address, negative inputs in the upper half."""
        n = np.arange(self.domain.lo, self.domain.hi + 1)
        entries = np.searchsorted(self.thresholds[0], n, side="right") + self.out_bias
        return wrapped_table(entries, self.domain)

    def levels(self) -> list[IntArray]:
        """Thresholds by the level of the search that reads them, from the root; [C, 2**level]."""
        padded = self.padded()
        depth = padded.shape[1].bit_length() - 1
        return [
            padded[:, (2 * np.arange(1 << level) + 1) << (depth - 1 - level)]
            for level in range(depth)
        ]
