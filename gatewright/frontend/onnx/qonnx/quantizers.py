"""Reads the quantizers of activations."""

from __future__ import annotations

import onnx

from gatewright.frontend import emit
from gatewright.frontend.onnx.graph import RawGraph, label, unsupported
from gatewright.frontend.onnx.qonnx.cell import read_quant
from gatewright.frontend.onnx.qonnx.registry import Reading, reads
from gatewright.frontend.spec import act_spec
from gatewright.ir.traced.vocabulary import CELLS, QONNX_DOMAIN


@reads("Quant", domain=QONNX_DOMAIN, attributes={"narrow", "rounding_mode", "signed"})
def quant(ctx: Reading, node: onnx.NodeProto) -> None:
    """A quantizer that is not yet there."""
    name = node.output[0]
    readers = ctx.graph.consumers(name)
    if readers and all(name in _initial_states(ctx.graph, reader) for reader in readers):
        return  # the cell quantizes its initial states
    x = ctx.input(node)
    spec = act_spec(label(node), read_quant(ctx.graph, node, x.shape))
    # Both directions quantize one input with one quantizer.
    for known, other, value in ctx.quantized:
        if known is x and other.same_as(spec):
            ctx.values[name] = value
            return
    wanted = ctx.name(node)
    if readers and readers[0].op_type in CELLS:
        wanted = f"{ctx.name(readers[0])}.x_quant"
    value = ctx.values[name] = emit.quantize(ctx.builder, wanted, x, spec)
    ctx.quantized.append((x, spec, value))


def _initial_states(graph: RawGraph, node: onnx.NodeProto) -> list[str]:
    """The initial states that a node reads."""
    if node.op_type not in CELLS:
        return []
    return [graph.resolve(n) for n in node.input[1 : CELLS[node.op_type].first_weight]]


@reads("BipolarQuant", domain=QONNX_DOMAIN)
def bipolar(ctx: Reading, node: onnx.NodeProto) -> None:
    """Of an activation."""
    raise unsupported(node, "only weights and biases can be binary, not activations.")
