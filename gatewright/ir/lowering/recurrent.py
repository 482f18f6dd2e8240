"""Lowering of the LSTM cell: a Scan whose body is integer MatMul, thresholds and tables."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import onnx

from gatewright.errors import GatewrightError
from gatewright.ir.exact import activation_table
from gatewright.ir.graph import Graph
from gatewright.ir.lowering import rounding
from gatewright.ir.lowering.rounding import Rounding, RoundingLog
from gatewright.ir.lowering.state import LoweringState, requantize
from gatewright.ir.lowering.values import ZERO, Affine
from gatewright.ir.ops.lookup import wrapped_table
from gatewright.ir.quantizer import Quantizer
from gatewright.ir.traced.cell_spec import LstmCellSpec, read_cell
from gatewright.ir.traced.vocabulary import GATES
from gatewright.ir.types import IntType

NOTHING = IntType(0, 0)


def lower_lstm(state: LoweringState, node: onnx.NodeProto) -> None:
    """One ``QuantLSTMCell`` becomes one Scan with the states h and c."""
    spec = read_cell(state.traced, node)
    value = state.codes(node, node.input[0])
    output = spec.quantizers["output"]
    if value.scales != output.scales:
        raise GatewrightError(
            "GW-301",
            where=node.name,
            cause="its input and its hidden state lie on different grids.",
            remedy="Let the layer quantize its input with its own io_quant.",
        )
    graph, x = state.graph, value.name
    shape = graph[x].shape
    if shape[-1] != spec.input_size:
        raise GatewrightError(
            "GW-106",
            where=node.name,
            cause=f"it takes {spec.input_size} features and gets {shape[-1]}.",
            remedy="Pass an example input [B, T, I], or [T, B, I] without batch_first.",
        )
    zero = graph.add_constant(f"{spec.name}.zero_state", np.zeros(spec.hidden_size, dtype=np.int64))
    initial = [graph.add("InitialState", [zero, x], [f"{spec.name}.{s}0"]) for s in ("h", "c")]
    log = RoundingLog(f"{spec.name}/", state.roundings.items)
    body = lstm_body(spec, graph[x].type, log)
    outputs = [f"{spec.name}.{o}" for o in ("h_n", "c_n", "h", "c")]
    graph.add(
        "Scan",
        [*initial, x],
        outputs,
        name=spec.name,
        body=body,
        states=2,
        reverse=spec.reverse,
    )
    path = rounding.codes(graph[outputs[2]].type, output.scales[0])
    state.values[node.output[0]] = Affine(outputs[2], output.scales, path, quantizer=output)


def lstm_body(spec: LstmCellSpec, x_type: IntType, log: RoundingLog) -> Graph:
    """One time step of an LSTM.

    Inputs h [B, H], c [B, H], x [B, I]; outputs h, c (the next states) and the same two again,
    stacked along time by the Scan. Its roundings go to ``log``.
    """
    q = spec.quantizers
    body = Graph(f"{spec.name}.step")
    h = body.add_input("h_prev", _state_type(q["output"]), ("B", spec.hidden_size))
    c = body.add_input("c_prev", _state_type(q["cell_state"]), ("B", spec.hidden_size))
    x = body.add_input("x", x_type, ("B", spec.input_size))
    gates = {gate: _gate(body, spec, gate, x, h, log) for gate in GATES}
    unit = {gate: spec.gate_quantizer(gate)[1].scales[0] for gate in GATES}
    state, cell = q["cell_state"].scales[0], q["cell_state"]

    for name, factors, scale in (
        ("forget_cell", (gates["forget"], c), unit["forget"] * state),
        ("input_cell", (gates["input"], gates["cell"]), unit["input"] * unit["cell"]),
    ):
        _product(body, log, factors, name, cell, scale)
    body.add("Add", ["forget_cell", "input_cell"], ["state_sum"])
    parts = [rounding.codes(body[name].type, state) for name in ("forget_cell", "input_cell")]
    path = rounding.add(*parts)
    requantize(body, "state_sum", "c", cell, (state,), ZERO, kind="sum", path=path, log=log)
    _lookup(body, log, "c", "hidden_tanh", "tanh", q["hidden_state_tanh"], cell)
    scale = unit["output"] * q["hidden_state_tanh"].scales[0]
    _product(body, log, (gates["output"], "hidden_tanh"), "h", q["output"], scale, "hidden")
    body.outputs = ["h", "c", "h", "c"]
    return body


def _state_type(quantizer: Quantizer) -> IntType:
    # The state begins at 0.0, which a quantizer with an odd zero point need not reach.
    return IntType.hull([quantizer.type, NOTHING])


def _product(
    body: Graph,
    log: RoundingLog,
    factors: tuple[str, str],
    output: str,
    quantizer: Quantizer,
    scale: Fraction,
    stem: str = "",
) -> str:
    """A product of two codes and its requantizer."""
    source = body.add("Mul", factors, [f"{stem or output}_product"])
    path = rounding.product(body[factors[0]].type, body[factors[1]].type, scale)
    return requantize(
        body, source, output, quantizer, (scale,), ZERO, kind="product", path=path, log=log
    )


def _gate(body: Graph, spec: LstmCellSpec, gate: str, x: str, h: str, log: RoundingLog) -> str:
    """Accumulator, its requantizer, the non-linearity."""
    p = spec.gates[gate]
    w = body.add_constant(f"{gate}_w", p.w)
    u = body.add_constant(f"{gate}_u", p.u)
    bias = body.add_constant(f"{gate}_bias", p.bias)
    body.add("MatMul", [x, w], [f"{gate}_x_product"])
    body.add("MatMul", [h, u], [f"{gate}_h_product"])
    body.add("Add", [f"{gate}_x_product", f"{gate}_h_product"], [f"{gate}_product"])
    body.add("Add", [f"{gate}_product", bias], [f"{gate}_sum"])
    acc = spec.quantizers[f"{gate}_acc"]
    path = rounding.add(
        rounding.dot_product(body[x].type, p.w, p.scales),
        rounding.dot_product(body[h].type, p.u, p.scales),
    )
    path = rounding.add_bias(path, p.bias, p.scales, p.residues)
    requantize(
        body,
        f"{gate}_sum",
        f"{gate}_acc",
        acc,
        p.scales,
        p.residues,
        kind="accumulator",
        path=path,
        log=log,
    )
    function, quantizer = spec.gate_quantizer(gate)
    return _lookup(body, log, f"{gate}_acc", f"{gate}_gate", function, quantizer, acc)


def _lookup(
    body: Graph,
    log: RoundingLog,
    source: str,
    output: str,
    function: str,
    quantizer: Quantizer,
    domain: Quantizer,
) -> str:
    type_ = body[source].type
    path = rounding.codes(type_, domain.scales[0])
    log.add(
        Rounding(output, source, "table", quantizer, domain.scales, ZERO, path, function=function)
    )
    entries = activation_table(function, quantizer, domain.scales[0], type_)
    table = body.add_constant(f"{output}.table", wrapped_table(entries, type_))
    return body.add("LookUp", [source, table], [output], function=function)
