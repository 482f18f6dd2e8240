"""Reads recurrent layers and the states they begin with."""

from __future__ import annotations

import numpy as np
import onnx

from gatewright.frontend import emit
from gatewright.frontend.onnx.graph import label, malformed, unsupported
from gatewright.frontend.onnx.qonnx.cell import Constant, check_inputs, read_cell, read_quant
from gatewright.frontend.onnx.qonnx.registry import Reading, reads
from gatewright.frontend.spec import LayerSpec, Layout, States, Value, act_spec
from gatewright.ir.traced.vocabulary import CELLS, QONNX_DOMAIN


def _cell(ctx: Reading, node: onnx.NodeProto) -> None:
    check_inputs(node)
    form, where = CELLS[node.op_type], label(node)
    weights = node.input[form.first_weight : form.first_quantizer]
    cell = read_cell(ctx.graph, node, [ctx.constant(where, name) for name in weights])
    name, x = ctx.name(node), ctx.input(node)
    emit.check_sequence(name, x, cell.input_size, cell.batch_first)
    batch = x.shape[Layout(cell.batch_first).batch_axis]
    initial = [_initial(ctx, node, cell, i, batch) for i in range(len(form.states))]
    out, *finals = emit.cell(ctx.builder, name, x, cell, initial)
    ctx.values[node.output[0]] = out
    for output, final, which in zip(node.output[1:], finals, form.states, strict=False):
        if output:
            ctx.values[output] = final
            ctx.finals[output] = States(name, (final,), which)


for _form in CELLS.values():
    # A recurrent weight is the cell's own; the two directions may share the others.
    reads(
        _form.op,
        domain=QONNX_DOMAIN,
        attributes=_form.attributes,
        weight=(
            _form.first_weight + len(_form.gates),
            f".{_form.parameters(_form.gates[0])}.hidden_weight.weight",
        ),
    )(_cell)


def _initial(
    ctx: Reading, node: onnx.NodeProto, cell: LayerSpec, index: int, batch: int
) -> Value | None:
    """The float state a cell begins with; None for zeros."""
    name = ctx.graph.resolve(node.input[1 + index])
    expected = cell.quantizers[cell.form.state_quantizers[index]]
    constant = ctx.constant(label(node), name)
    if constant is not None:
        if constant.quant is None and not constant.values.any():
            return None
        quant, value = constant.quant, _constant_state(ctx, node, constant, batch)
    else:
        quantizer = ctx.graph.producers.get(name)
        if quantizer is None or quantizer.op_type != "Quant":
            raise unsupported(node, "its initial state comes from no quantizer.")
        value = ctx.input(quantizer)
        quant = act_spec(label(quantizer), read_quant(ctx.graph, quantizer, value.shape))
    if quant is None or not expected.same_as(quant):
        raise unsupported(node, "its initial state has another quantizer than its states.")
    return value


def _constant_state(ctx: Reading, node: onnx.NodeProto, constant: Constant, batch: int) -> Value:
    """One row may stand for every sequence, and all rows have to be alike."""
    values = np.array(constant.values, order="C")
    if values.ndim != 2 or values.shape[0] not in (1, batch):
        raise malformed(label(node), f"a state of it has shape {list(values.shape)}.")
    if np.any(values != values[:1]):
        raise unsupported(node, "its constant state differs from sequence to sequence.")
    name = ctx.builder.repeated(f"{ctx.name(node)}.state", values[:1], batch)
    return Value(name, (batch, values.shape[1]))
