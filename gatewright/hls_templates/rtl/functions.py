"""Functions of one value as hardware: what requantizers, tables and products have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from gatewright.hls_templates.rtl.cut import UNCUT, Stretch
from gatewright.hls_templates.rtl.sv import Bits, Module, pack
from gatewright.ir.types import IntArray

ROM_LATENCY = 2


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

    def cut(self, operators: tuple[Stretch, ...], cut: int | None) -> FunctionModule:
        """With registers where ``cut`` says; everywhere for None."""
        return replace(self, module=with_cut(self.module, operators, cut))


class RtlFunction(Protocol):
    """What knows its hardware."""

    @property
    def chain(self) -> tuple[Stretch, ...]:
        """The operators of its module, a place for a register behind each."""

    @property
    def latency(self) -> int:
        """Cycles that it takes with a register behind each."""

    def rtl(self, lanes: int, rows: int, ident: str, cut: int | None = None) -> FunctionModule:
        """Its module for rows of lanes; memory images that it names itself begin with ident.

        Args:
            lanes: Values side by side.
            rows: Rows of them.
            ident: See above.
            cut: Which registers of its chain are there; None for all.
        """


def with_cut(module: Module, operators: tuple[Stretch, ...], cut: int | None) -> Module:
    """A module with registers where ``cut`` says; everywhere for None."""
    every = UNCUT.through((0, 0.0), operators).cut
    if cut is None or cut == every:
        return module
    bits = 1 + max(stretch.place for stretch in operators if stretch.place is not None)
    return replace(module, params={**module.params, "CUT": Bits(bits, cut)})


def row_bits(rows: int) -> int:
    """Bits of a row number."""
    return max((rows - 1).bit_length(), 1)


def by_row(values: IntArray, lanes: int, rows: int, bits: int) -> list[int]:
    """A word of each row of channels: one value of all, or one a channel, zeros beyond."""
    channels = np.full(rows * lanes, values[0] if len(values) == 1 else 0, dtype=np.int64)
    channels[: len(values)] = values
    return pack(channels.reshape(rows, lanes), bits)
