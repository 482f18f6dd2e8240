"""The streams of an IP: words of the core as beats of a bus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from gatewright.hls_templates.kernels.axis.kernel import AxisPort
from gatewright.hls_templates.rtl.sv import pack
from gatewright.ir.types import IntArray

BUSES = (8, 16, 32, 64, 128, 256, 512)
"""Widths that a bus may have, in bits."""
WIDEST_DEFAULT = 64
"""That of the ports between a Zynq's logic and its memory; wider ones only where asked for."""


@dataclass(frozen=True)
class IpPort:
    """A stream of an IP.

    Attributes:
        name: ``s_axis``, ``s_axis_1``, ...: by the place of the port alone.
        core: The port of the core.
        bus_bits: Bits of ``tdata``.
    """

    name: str
    core: AxisPort
    bus_bits: int

    @property
    def word_bits(self) -> int:
        """Bits of a word of the core."""
        return self.core.word_bits

    @property
    def beats(self) -> int:
        """Beats of a word."""
        return -(-self.word_bits // self.bus_bits)

    @property
    def step_beats(self) -> int:
        """Beats of a time step, or of a state."""
        return self.beats * self.core.folds

    @property
    def info(self) -> int:
        """What ``INPUT_BITS`` or ``OUTPUT_BITS`` reads."""
        return self.word_bits | self.beats << 16

    def beats_of(self, steps: IntArray) -> list[int]:
        """The beats of a sequence [T, values], the first one first."""
        lanes = self.core.lanes
        rows = np.zeros((len(steps), self.core.folds * lanes), dtype=np.int64)
        rows[:, : steps.shape[1]] = steps
        words = pack(rows.reshape(-1, lanes), self.core.lane_bits)
        mask = (1 << self.bus_bits) - 1
        parts = ([word >> i * self.bus_bits & mask for i in range(self.beats)] for word in words)
        return list(chain.from_iterable(parts))


def ip_ports(prefix: str, ports: Sequence[AxisPort], bus_bits: int | None) -> tuple[IpPort, ...]:
    """The streams of one direction.

    Args:
        prefix: ``s_axis`` or ``m_axis``.
        ports: Of the core.
        bus_bits: Of all of them; None for the fewest that hold a word, at most
            ``WIDEST_DEFAULT``.
    """
    return tuple(
        IpPort(prefix if i == 0 else f"{prefix}_{i}", port, bus_bits or _fitting(port.word_bits))
        for i, port in enumerate(ports)
    )


def _fitting(word_bits: int) -> int:
    return next((bus for bus in BUSES if bus >= min(word_bits, WIDEST_DEFAULT)), WIDEST_DEFAULT)
