"""One time step of each cell as integer MatMul, thresholds and tables.

To add a cell: its form in ``traced/vocabulary.py``, and here a function that builds its body.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from gatewright.ir import ops
from gatewright.ir.functions import FUNCTIONS, TANH, Function
from gatewright.ir.graph import Graph
from gatewright.ir.lowering import rounding
from gatewright.ir.lowering.rounding import FloatPath, RoundingLog
from gatewright.ir.lowering.state import look_up, requantize
from gatewright.ir.lowering.values import ZERO
from gatewright.ir.quantizer import Quantizer
from gatewright.ir.traced.cell_spec import CellSpec
from gatewright.ir.types import IntType

NOTHING = IntType(0, 0)


@dataclass(frozen=True)
class Body:
    """A body under construction.

    Attributes:
        graph: The step graph.
        spec: The cell it computes.
        log: Where its roundings go.
    """

    graph: Graph
    spec: CellSpec
    log: RoundingLog

    def accumulate(self, gate: str) -> str:
        """A gate's sum over x and h, and its requantizer; gives ``<gate>_acc``."""
        body, p = self.graph, self.spec.gates[gate]
        unit = self.spec.quantizers["output"].scales[0]
        w = body.add_constant(f"{gate}_w", p.w)
        u = body.add_constant(f"{gate}_u", p.u)
        bias = body.add_constant(f"{gate}_bias", p.bias)
        body.add(ops.MATMUL, ["x", w], [f"{gate}_x_product"])
        body.add(ops.MATMUL, ["h_prev", u], [f"{gate}_h_product"])
        body.add(ops.ADD, [f"{gate}_x_product", f"{gate}_h_product"], [f"{gate}_product"])
        body.add(ops.ADD, [f"{gate}_product", bias], [f"{gate}_sum"])
        path = rounding.add(
            rounding.dot_product(body["x"].type, p.w, p.scales, unit),
            rounding.dot_product(body["h_prev"].type, p.u, p.scales, unit),
        )
        path = rounding.add_bias(path, p.bias, p.scales, p.residues)
        return requantize(
            body,
            f"{gate}_sum",
            f"{gate}_acc",
            self.spec.quantizers[f"{gate}_acc"],
            p.scales,
            p.residues,
            kind="accumulator",
            path=path,
            log=self.log,
        )

    def look_up(
        self, source: str, output: str, function: Function, quantizer: Quantizer, domain: Quantizer
    ) -> str:
        """``quantizer(function(source))`` as a table."""
        return look_up(
            self.graph, source, output, function, quantizer, domain.scales[0], log=self.log
        )

    def quantize(
        self,
        source: str,
        output: str,
        quantizer: Quantizer,
        scale: Fraction,
        kind: str,
        path: FloatPath,
        *,
        relu: bool = False,
    ) -> str:
        """A requantizer of an integer worth ``scale``."""
        return requantize(
            self.graph,
            source,
            output,
            quantizer,
            (scale,),
            ZERO,
            relu=relu,
            kind=kind,
            path=path,
            log=self.log,
        )

    def multiply(
        self,
        factors: tuple[str, str],
        output: str,
        quantizer: Quantizer,
        scales: tuple[Fraction, Fraction],
        path: FloatPath | None = None,
    ) -> str:
        """A product of two integers, each worth its scale, and its requantizer."""
        body = self.graph
        source = body.add(ops.MUL, factors, [f"{output}_product"])
        if path is None:
            path = rounding.product((body[factors[0]].type, body[factors[1]].type), scales)
        return self.quantize(source, output, quantizer, scales[0] * scales[1], "product", path)


def build_body(spec: CellSpec, x_type: IntType, log: RoundingLog) -> Graph:
    """One time step of a cell.

    Inputs ``<state>_prev`` [B, H] for each state, then x [B, I]; outputs the next states and the
    same again, stacked along time by the Scan.

    Args:
        spec: The cell.
        x_type: Range of x.
        log: Where its roundings go.
    """
    graph = Graph(f"{spec.name}.step")
    for state in spec.form.states:
        # The state begins at 0.0, which a quantizer with an odd zero point need not reach.
        type_ = IntType.hull([spec.state_quantizer(state).type, NOTHING])
        graph.add_input(f"{state}_prev", type_, ("B", spec.hidden_size))
    graph.add_input("x", x_type, ("B", spec.input_size))
    _BODIES[spec.form.op](Body(graph, spec, log))
    graph.outputs = [*spec.form.states] * 2
    return graph


def _rnn(body: Body) -> None:
    spec = body.spec
    (gate,) = spec.form.gates
    source = body.accumulate(gate)
    acc, output = spec.quantizers[source], spec.quantizers["output"]
    if spec.nonlinearity == "relu":
        path = rounding.codes(body.graph[source].type, acc.scales[0])
        body.quantize(source, "h", output, acc.scales[0], "requantize", path, relu=True)
    else:
        body.look_up(source, "h", FUNCTIONS[spec.nonlinearity], output, acc)


def _lstm(body: Body) -> None:
    spec, q = body.spec, body.spec.quantizers
    for gate in spec.gates:
        source = body.accumulate(gate)
        body.look_up(source, f"{gate}_gate", *spec.gate_quantizer(gate), q[source])
    unit = {gate: spec.gate_quantizer(gate)[1].scales[0] for gate in spec.form.gates}
    cell = q["cell_state"]
    state = cell.scales[0]

    path = _couple_forget_gate(body) if spec.cifg else None
    body.multiply(("forget_gate", "c_prev"), "forget_cell", cell, (unit["forget"], state), path)
    body.multiply(("input_gate", "cell_gate"), "input_cell", cell, (unit["input"], unit["cell"]))
    body.graph.add(ops.ADD, ["forget_cell", "input_cell"], ["state_sum"])
    parts = [rounding.codes(body.graph[n].type, state) for n in ("forget_cell", "input_cell")]
    body.quantize("state_sum", "c", cell, state, "sum", rounding.add(*parts))
    body.look_up("c", "hidden_tanh", TANH, q["hidden_state_tanh"], cell)
    scales = unit["output"], q["hidden_state_tanh"].scales[0]
    body.multiply(("output_gate", "hidden_tanh"), "h", q["output"], scales)


def _couple_forget_gate(body: Body) -> FloatPath:
    """``1 - i`` with the 1 that the input gate's quantizer knows; how float32 multiplies it."""
    graph, spec = body.graph, body.spec
    one = graph.add_constant("coupled_one", np.array([spec.coupled_one], dtype=np.int64))
    graph.add(ops.SUB, [one, "input_gate"], ["forget_gate"])
    unit = spec.quantizers["input_sigmoid"].scales[0]
    state = spec.quantizers["cell_state"].scales[0]
    difference = rounding.add(
        rounding.codes(graph[one].type, unit), rounding.codes(-graph["input_gate"].type, unit)
    )
    return rounding.times_code(difference, graph["c_prev"].type, state)


_BODIES: dict[str, Callable[[Body], None]] = {"QuantLSTMCell": _lstm, "QuantRNNCell": _rnn}
