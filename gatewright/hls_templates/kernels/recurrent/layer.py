"""A recurrent layer as it is by itself: its shape, its schedule, its widths, its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from msgspec import UnsetType

from gatewright.hls_templates.kernels.base import Kernel, Port
from gatewright.hls_templates.kernels.recurrent.folding import Folding
from gatewright.hls_templates.kernels.recurrent.front import Front, make_front
from gatewright.hls_templates.kernels.recurrent.schedule import SlotList, TileShape
from gatewright.hls_templates.kernels.recurrent.tail import StepSplit, TailCode
from gatewright.hls_templates.records import StateTap, StepsRecord
from gatewright.hls_templates.rtl.cut import Cut
from gatewright.ir.graph import Graph
from gatewright.ir.types import IntArray, IntType

ROLES = ("H0", "C0", "OUT", "H_N", "C_N")
"""What a stream beside x can be: states given, h of every step, final states."""


@dataclass(frozen=True, eq=False)
class RecurrentLayer(Kernel):
    """One recurrent layer in one direction.

    Attributes:
        split: The step graph.
        tail: Its generated tail.
        folding: Its tiles and their order in ``rtl/``.
        hls: The same in ``hls/``.
        tail_latency: Cycles that the tail takes as a pipeline, in ``rtl/``.
        cut: Where registers stand there.
        roles: Its streams after x: which of ``ROLES`` each one is, those read first.
        initial: The constant state it begins with, by state; [H].
        track_depth: Beats that each of the sequences that take turns may have waiting.
        reverse: Whether its time steps come from the last to the first.
    """

    header: ClassVar[str] = "recurrent.hpp"
    function: ClassVar[str] = "recurrent"
    keeps_state: ClassVar[bool] = True
    kept: ClassVar[str] = "recurrent_state"

    split: StepSplit
    tail: TailCode
    folding: Folding
    hls: Folding
    tail_latency: int
    cut: Cut
    roles: tuple[str, ...]
    initial: dict[str, IntArray]
    reverse: bool
    track_depth: int

    @property
    def shape(self) -> TileShape:
        """How the gate matrix is cut in ``rtl/``."""
        return self.folding.shape

    @property
    def slots(self) -> SlotList:
        """What starts in each cycle of a time step in ``rtl/``."""
        return self.folding.slots

    @property
    def interval(self) -> int:
        """The pace of the schedule in ``rtl/``."""
        return len(self.slots)

    @property
    def sequences(self) -> int:
        """How many take turns in ``rtl/``."""
        return self.folding.sequences

    @property
    def tap_port(self) -> str:
        """What its tap ports begin with."""
        return f"{self.ident}_tap"

    @property
    def operand(self) -> IntType:
        """Range of what is multiplied by weights."""
        return self.split.operand

    @property
    def accumulator(self) -> IntType:
        """Range of a sum, whole or partial."""
        return self.split.accumulator

    @property
    def front(self) -> Front:
        """The registers of ``rtl/`` from an h to the sums."""
        return make_front(self.shape, self.split, self.cut)

    @property
    def has_c(self) -> bool:
        """Whether the cell has a cell state."""
        return has_c(self.split.body)

    def state_type(self, state: int) -> IntType:
        """Range of h (0) or c (1); of nothing where there is no c."""
        return state_type(self.split.body, state)

    def role_ports(self) -> dict[str, Port]:
        """Beats of the streams after x, by role."""
        return dict(zip(self.roles, (*self.inputs[1:], *self.outputs), strict=True))

    def weights(self, folding: Folding) -> IntArray:
        """[tiles, K, lanes] in schedule order, without the bubbles."""
        shape = folding.shape
        parts = {
            False: _by_lane(shape, [a.w for a in self.split.accumulators], shape.x_blocks),
            True: _by_lane(shape, [a.u for a in self.split.accumulators], shape.h_blocks),
        }
        return np.stack([parts[t.hidden][t.column, :, t.row] for t in folding.tiles])

    def biases(self, folding: Folding) -> IntArray:
        """[rows, lanes]."""
        shape = folding.shape
        padded = np.zeros((shape.rows * shape.units, shape.gates), dtype=np.int64)
        for gate, accumulator in enumerate(self.split.accumulators):
            padded[: shape.hidden, gate] = accumulator.bias
        return padded.reshape(shape.rows, -1)


def _by_lane(shape: TileShape, matrices: list[IntArray], blocks: int) -> IntArray:
    """[G] matrices [N, H] to [blocks, K, rows, U * G], padded with zeros."""
    padded = np.zeros(
        (shape.gates, blocks * shape.columns, shape.rows * shape.units), dtype=np.int64
    )
    for gate, matrix in enumerate(matrices):
        padded[gate, : matrix.shape[0], : matrix.shape[1]] = matrix
    split = padded.reshape(shape.gates, blocks, shape.columns, shape.rows, shape.units)
    lanes: IntArray = split.transpose(1, 2, 3, 4, 0).reshape(blocks, shape.columns, shape.rows, -1)
    return lanes


def has_c(body: Graph) -> bool:
    """Whether a step graph has a cell state."""
    return len(body.inputs) > 2


def state_type(body: Graph, state: int) -> IntType:
    """Range of h (0) or c (1) of a step graph; of nothing where there is no c."""
    return body[body.inputs[state]].type if state == 0 or has_c(body) else IntType(0, 0)


def state_tap(name: str, body: Graph, reverse: bool, windows: StepsRecord | UnsetType) -> StateTap:
    """What the tap port of a layer shows, however the layer is folded.

    Args:
        name: Of the layer.
        body: Its step graph.
        reverse: Whether its time steps come from the last to the first.
        windows: How many there are.
    """
    h, c = state_type(body, 0), state_type(body, 1)
    hidden = body[body.inputs[0]].shape[-1]
    assert isinstance(hidden, int)
    return StateTap(
        name=name,
        hidden=hidden,
        h_bits=h.bits,
        h_signed=h.signed,
        c_bits=c.bits if has_c(body) else 0,
        c_signed=c.signed,
        reverse=reverse,
        windows=windows,
    )
