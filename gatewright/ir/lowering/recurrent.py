"""Lowering of a recurrent layer in one direction: a Scan whose body is the cell's step."""

from __future__ import annotations

import numpy as np
import onnx

from gatewright.errors import GatewrightError
from gatewright.ir import ops
from gatewright.ir.lowering import rounding
from gatewright.ir.lowering.cells import build_body
from gatewright.ir.lowering.state import LoweringState
from gatewright.ir.lowering.values import Affine
from gatewright.ir.quantizer import Quantizer
from gatewright.ir.traced.cell_spec import CellSpec, read_cell
from gatewright.ir.traced.operands import QuantizedConstant
from gatewright.ir.types import IntArray


def lower_cell(state: LoweringState, node: onnx.NodeProto) -> None:
    """One cell node becomes one Scan."""
    spec = read_cell(state.traced, node)
    x = _sequence(state, node, spec)
    states = spec.form.states
    initial = [
        _initial(state, node, spec, name, node.input[1 + i], x) for i, name in enumerate(states)
    ]
    body = build_body(spec, state.graph[x].type, state.roundings.within(spec.name))
    finals, stacked = [f"{spec.name}.{s}_n" for s in states], [f"{spec.name}.{s}" for s in states]
    state.graph.add(
        ops.SCAN,
        [*initial, x],
        [*finals, *stacked],
        name=spec.name,
        body=body,
        states=len(states),
        reverse=spec.reverse,
    )
    results = [(stacked[0], "h"), *zip(finals, states, strict=True)]
    for output, (name, which) in zip(node.output, results, strict=False):
        if output:
            state.values[output] = _codes(state, name, spec.state_quantizer(which))


def _codes(state: LoweringState, name: str, quantizer: Quantizer) -> Affine:
    path = rounding.codes(state.graph[name].type, quantizer.scales[0])
    return Affine(name, quantizer.scales, path, quantizer=quantizer)


def _on_grid(
    state: LoweringState, node: onnx.NodeProto, name: str, what: str, quantizer: Quantizer
) -> str:
    """The codes of a tensor, which have to lie on the grid of a quantizer of the cell."""
    value = state.codes(node, name)
    if value.scales != quantizer.scales:
        raise GatewrightError(
            "GW-301",
            where=node.name,
            cause=f"its {what} lies on another grid than its states.",
            remedy="Let the layer quantize what it is given with its own quantizers.",
        )
    return value.name


def _sequence(state: LoweringState, node: onnx.NodeProto, spec: CellSpec) -> str:
    name = _on_grid(state, node, node.input[0], "input", spec.quantizers["output"])
    shape = state.graph[name].shape
    if shape[-1] != spec.input_size:
        raise GatewrightError(
            "GW-106",
            where=node.name,
            cause=f"it takes {spec.input_size} features and gets {shape[-1]}.",
            remedy="Pass an example input [B, T, I], or [T, B, I] without batch_first.",
        )
    return name


def _initial(
    state: LoweringState, node: onnx.NodeProto, spec: CellSpec, which: str, source: str, x: str
) -> str:
    """The tensor a state begins with: a constant row for every sequence, or a computed one."""
    constant = state.traced.constant(source)
    if constant is not None:
        row = state.graph.add_constant(f"{spec.name}.{which}0_row", _row(node, spec, constant))
        return state.graph.add(ops.INITIAL_STATE, [row, x], [f"{spec.name}.{which}0"])
    return _on_grid(state, node, source, f"initial {which}", spec.state_quantizer(which))


def _row(
    node: onnx.NodeProto, spec: CellSpec, constant: QuantizedConstant | np.ndarray
) -> IntArray:
    if isinstance(constant, QuantizedConstant):
        return np.array(constant.values[0], dtype=np.int64)
    if np.any(constant != 0):
        raise GatewrightError(
            "GW-301",
            where=node.name,
            cause="its initial state is a constant that no quantizer made.",
            remedy="Give the layer an io_quant and a cell_state_quant.",
        )
    return np.zeros(spec.hidden_size, dtype=np.int64)
