"""The recurrent kernel and its tail: every cell, tiling, schedule and stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from bench import Beats
from cases import Array, Case, Sequences
from placed import placed
from small_cells import cell

from gatewright.boards.families.ecp5 import ECP5
from gatewright.builds.options import ClockedOptions
from gatewright.hls_templates import map_design
from gatewright.hls_templates.kernels.recurrent.folding import Folding
from gatewright.hls_templates.kernels.recurrent.front import make_front
from gatewright.hls_templates.kernels.recurrent.kernel import Recurrent
from gatewright.hls_templates.kernels.recurrent.schedule import (
    SlotList,
    TileShape,
    make_schedule,
    row_order,
)
from gatewright.ir import ops
from gatewright.ir.graph import Graph, Node
from gatewright.ir.interpreter import run_body
from gatewright.ir.lowering.cells import build_body
from gatewright.ir.lowering.rounding import RoundingLog
from gatewright.ir.traced.vocabulary import LSTM_CELL, RNN_CELL, CellForm
from gatewright.ir.types import IntType

RNG = np.random.default_rng(19)
BYTE = IntType(-128, 127)


@dataclass(frozen=True)
class Layer:
    """A layer to build.

    Attributes:
        name: Of the case.
        sizes: I, H, U, K: inputs, units, units and columns of a tile.
        streams: What it has beside x: of ``h0 c0 out hn cn``.
        form: LSTM or RNN.
        cifg: As in ``cell``.
        relu: Whether an RNN has ReLU, whose h is not negative.
        x: Range of x.
        given: Range of given states, where it is not the whole one.
        row_order: Whether tiles come row block by row block, with bubbles where h is late.
        depths: Of the FIFOs.
        length: Of all sequences, where that is fixed.
        mhz: The clock that it is cut for; None for every register.
    """

    name: str
    sizes: tuple[int, int, int, int]
    streams: str
    form: CellForm = LSTM_CELL
    cifg: bool = False
    relu: bool = False
    x: IntType = BYTE
    given: IntType | None = None
    row_order: bool = False
    depths: tuple[int, int] = (2, 2)
    length: int | None = None
    mhz: float | None = None

    def graph(self) -> Graph:
        """One ``Scan``; its states are inputs, or a constant row."""
        inputs, hidden, _, _ = self.sizes
        spec = cell(
            form=self.form,
            seed=len(self.name),
            cifg=self.cifg,
            nonlinearity="relu" if self.relu else "tanh",
            inputs=inputs,
            hidden=hidden,
            signed=not self.relu,
        )
        graph = Graph(self.name)
        graph.add_input("x", self.x, ("B", "T", inputs))
        body = build_body(spec, self.x, RoundingLog("layer/"))
        initial, states = [], spec.form.states
        for state in states:
            type_ = body[f"{state}_prev"].type
            if f"{state}0" in self.streams:
                shape = ("B", hidden)
                initial.append(graph.add_input(f"{state}0", self.given or type_, shape))
            else:
                row = graph.add_constant(f"{state}0_row", RNG.integers(type_.lo, type_.hi, hidden))
                initial.append(graph.add(ops.INITIAL_STATE, [row, "x"], [f"{state}0"]))
        finals, steps = (
            [f"{s}n" for s in spec.form.states],
            [f"{s}_steps" for s in spec.form.states],
        )
        count = len(finals)
        outputs = [*finals, *steps]
        graph.add(ops.SCAN, [*initial, "x"], outputs, name=self.name, body=body, states=count)
        graph.outputs = [n for n in (steps[0], *finals) if n.removesuffix("_steps") in self.wanted]
        return graph

    @property
    def wanted(self) -> list[str]:
        """Its outputs: ``h`` of every step, final states."""
        return [{"out": "h"}.get(name, name) for name in self.streams.split()]

    def slots(self, shape: TileShape, depth: int) -> SlotList:
        """The schedule."""
        if not self.row_order:
            return make_schedule(shape, depth)
        # Every h of a step is there before the first tile of the next one.
        order = row_order(shape)
        return order + (None,) * depth

    def case(self) -> Case:
        """The kernel, tiled as told."""
        graph = self.graph()
        (kernel,) = map_design(graph, ClockedOptions(registers=ECP5.cuts(self.mhz)[-1:])).kernels
        assert isinstance(kernel, Recurrent)
        inputs, hidden, units, columns = self.sizes
        shape = TileShape(inputs, hidden, kernel.shape.gates, units, columns)
        depth = make_front(shape, kernel.split, kernel.cut).cycles + kernel.tail_latency
        kernel = replace(kernel, folding=Folding(shape, depth, self.slots(shape, depth)))
        return placed(
            kernel,
            _expected(graph),
            depths=self.depths,
            length=self.length,
            given=tuple(range(1, len(kernel.inputs))),
        )


def _expected(graph: Graph) -> Callable[[Sequences], list[Beats]]:
    """What the step graph makes of sequences."""
    (node,) = graph.scans()
    count = int(node.attrs["states"])
    given = {name: n for n, name in enumerate(graph.inputs)}
    rows = {
        n.outputs[0]: graph[n.inputs[0]].value for n in graph.nodes if n.op == ops.INITIAL_STATE
    }

    def expected(s: Sequences) -> list[Beats]:
        fresh = []
        for name in node.inputs[:count]:
            row = rows.get(name)
            shape = len(s.lengths), graph[name].shape[-1]
            fresh.append(s.values[given[name]] if row is None else np.broadcast_to(row, shape))
        steps, finals = recurrence(node, s, fresh)
        values = dict(zip(node.outputs, (*finals, steps), strict=False))
        return [
            (s.beats if name == node.outputs[count] else s.ends)(
                values[name], graph[name].type.bits
            )
            for name in graph.outputs
        ]

    return expected


def recurrence(node: Node, s: Sequences, fresh: list[Array]) -> tuple[Array, list[Array]]:
    """h of every step [N, H] and the final states [sequences, H], many sequences at a time.

    A sequence that keeps state waits for the one before it; those that wait for equally many run
    side by side.
    """
    body = node.body
    assert body is not None
    waits = np.zeros(len(s.lengths), dtype=np.int64)
    for n in range(1, len(waits)):
        waits[n] = waits[n - 1] + 1 if s.keep[n] else 0
    finals = [np.zeros(f.shape, dtype=np.int64) for f in fresh]
    steps = np.zeros((int(s.lengths.sum()), fresh[0].shape[1]), dtype=np.int64)
    for wave in range(int(waits.max()) + 1):
        index = np.flatnonzero(waits == wave)
        states = [f[index - 1] if wave else first[index] for f, first in zip(finals, fresh)]  # noqa: B905
        for t in range(int(s.lengths[index].max())):
            going = s.lengths[index] > t
            index, states = index[going], [state[going] for state in states]
            at = s.starts[index] + t
            computed = run_body(body, [*states, s.values[0][at]])
            states = [computed[name] for name in body.outputs[: len(fresh)]]
            steps[at] = states[0]
            for final, state in zip(finals, states, strict=True):
                final[index] = state
    return steps, finals


RNN = RNN_CELL
LAYERS = (
    Layer("smallest", (1, 1, 1, 1), "out", RNN, depths=(1, 1)),
    Layer("smallest_lstm", (1, 1, 1, 1), "h0 c0 out hn cn"),
    Layer("lstm", (3, 5, 2, 2), "h0 c0 out hn cn"),
    Layer("lstm_in_rows", (3, 5, 2, 2), "h0 c0 out hn cn", row_order=True),
    Layer("single_steps", (2, 3, 1, 2), "h0 c0 out hn cn", length=1, depths=(1, 1)),
    Layer("one_row", (2, 4, 4, 8), "out"),
    Layer("wider_than_x", (1, 7, 3, 4), "out cn", cifg=True),
    Layer("narrow_states", (4, 4, 1, 1), "h0 c0 cn", given=IntType(0, 15), depths=(4, 2)),
    Layer("only_h0", (2, 3, 2, 1), "h0 hn", x=IntType(0, 255)),
    Layer("only_c0", (3, 3, 1, 3), "c0 out", x=IntType(0, 3), depths=(2, 1)),
    Layer("positive", (3, 6, 4, 3), "h0 out hn", RNN, relu=True, x=IntType(0, 255)),
    Layer("positive_in_rows", (2, 5, 1, 1), "out", RNN, relu=True, row_order=True),
    Layer("tanh", (3, 4, 2, 2), "out hn", RNN, x=IntType(-900, 900)),
    Layer("lstm_at_150", (3, 5, 2, 2), "h0 c0 out hn cn", mhz=150),
    Layer("lstm_at_90", (3, 5, 2, 4), "h0 c0 out cn", mhz=90),
    Layer("lstm_at_40", (5, 7, 3, 5), "out", cifg=True, mhz=40, row_order=True),
    Layer("lstm_at_1", (4, 3, 2, 3), "h0 hn cn", mhz=1),
    Layer("rnn_at_70", (6, 5, 5, 6), "out hn", RNN, relu=True, x=IntType(0, 255), mhz=70),
    Layer("rnn_at_1", (1, 1, 1, 1), "out", RNN, mhz=1, depths=(1, 1)),
)
