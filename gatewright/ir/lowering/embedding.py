"""Lowering of look-ups: rows of a quantized table, by integers that the user passes."""

from __future__ import annotations

import onnx

from gatewright.errors import GatewrightError
from gatewright.ir import ops
from gatewright.ir.lowering import rounding
from gatewright.ir.lowering.state import LoweringState
from gatewright.ir.lowering.values import Affine, FloatInput
from gatewright.ir.quantizer import InputBoundary, Quantizer
from gatewright.ir.traced.layouts import looked_up
from gatewright.ir.traced.operands import QuantizedConstant


def lower_embedding(state: LoweringState, node: onnx.NodeProto) -> None:
    """Rows of a table, which its quantizer made codes of."""
    source, table = state.values[node.input[1]], state.traced.constant(node.input[0])
    if not isinstance(source, FloatInput) or not isinstance(table, QuantizedConstant):
        raise GatewrightError(
            "GW-301",
            where=node.name,
            cause="its table comes from no quantizer.",
            remedy="Use QuantEmbedding with a weight_quant, or gatewright.calibrate(model, data).",
        )
    quantizer = state.traced.quantizer(state.traced.producers[node.input[0]])
    rows = state.graph.add_constant(f"{node.name}.table", table.values)
    name = state.graph.add(
        ops.EMBEDDING, [_integers(state, source), rows], [f"{node.name}.row"], name=node.name
    )
    path = rounding.codes(state.graph[name].type, quantizer.scales[0])
    state.values[node.output[0]] = Affine(name, quantizer.scales, path, quantizer=quantizer)


def rows_of(traced: onnx.GraphProto) -> dict[str, int]:
    """Inputs that are looked up, and the rows of the least table that they are looked up in."""
    sizes = {i.name: i.dims[0] for i in traced.initializer if i.dims}
    producers = {o: node for node in traced.node for o in node.output}
    found: dict[str, int] = {}
    for node in looked_up(traced):
        table = node.input[0]
        while table in producers:
            table = producers[table].input[0]
        found[node.input[1]] = min(found.get(node.input[1], sizes[table]), sizes[table])
    return found


def _integers(state: LoweringState, source: FloatInput) -> str:
    """The input of the integer graph, one for all tables."""
    for known in state.inputs:
        if known.argument == source.argument:
            return known.tensor
    argument = state.traced.graph.input[source.argument].name
    rows = rows_of(state.traced.graph)[argument]
    bits = (rows - 1).bit_length() or 1
    one = Quantizer((rounding.ONE,), 0, bits, signed=False, narrow=False)
    boundary = InputBoundary(
        f"{argument}_int",
        source.argument,
        None,
        one,
        time_major=state.axes(argument) == "TB",
        rows=rows,
    )
    state.inputs.append(boundary)
    return state.graph.add_input(boundary.tensor, boundary.type, ("B", "T", 1))
