"""Functions of one value as hardware: what requantizers, tables and products have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gatewright.hls_templates.rtl.sv import Module, pack
from gatewright.ir.types import IntArray

ROM_LATENCY = 2
TABLE_LATENCY = ROM_LATENCY


@dataclass(frozen=True)
class FunctionModule:
    """A function of a value as hardware.

    Attributes:
        module: With ``n_i`` and ``y_o``, each of all lanes.
        by_row: Whether it needs to be told the row of its channels (``row_i``).
        resets: Whether it has a ``rst_i``.
    """

    module: Module
    by_row: bool = False
    resets: bool = False


class RtlFunction(Protocol):
    """What knows its hardware."""

    @property
    def latency(self) -> int:
        """Cycles that it takes."""

    def rtl(self, lanes: int, rows: int, ident: str) -> FunctionModule:
        """Its module for rows of lanes; memory images that it names itself begin with ident."""


def row_bits(rows: int) -> int:
    """Bits of a row number."""
    return max((rows - 1).bit_length(), 1)


def by_row(values: IntArray, lanes: int, rows: int, bits: int) -> list[int]:
    """A word of each row of channels: one value of all, or one a channel, zeros beyond."""
    channels = np.full(rows * lanes, values[0] if len(values) == 1 else 0, dtype=np.int64)
    channels[: len(values)] = values
    return pack(channels.reshape(rows, lanes), bits)
