"""Walk a traced graph and build the integer graph that computes the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import onnx

from gatewright.errors import GatewrightError
from gatewright.ir.graph import Graph
from gatewright.ir.lowering import dense, recurrent
from gatewright.ir.lowering.rounding import Rounding
from gatewright.ir.lowering.rounding import output as output_rounding
from gatewright.ir.lowering.state import LoweringState
from gatewright.ir.lowering.values import Affine, FloatInput
from gatewright.ir.quantizer import InputBoundary, OutputBoundary
from gatewright.ir.traced.operands import TracedGraph

LOWERINGS: dict[str, Callable[[LoweringState, onnx.NodeProto], None]] = {
    "Add": dense.lower_add,
    "Flatten": dense.lower_flatten,
    "Gather": dense.lower_gather,
    "MatMul": dense.lower_matmul,
    "Quant": dense.lower_quant,
    "QuantLSTMCell": recurrent.lower_lstm,
    "Relu": dense.lower_relu,
}


@dataclass(frozen=True)
class IntegerModel:
    """The integer graph and the two places where it meets floats.

    Attributes:
        roundings: What the certificate is built from; empty for a model read back from a file.
    """

    graph: Graph
    input: InputBoundary
    output: OutputBoundary
    roundings: tuple[Rounding, ...] = ()


def lower(model: onnx.ModelProto) -> IntegerModel:
    """Lower a traced graph.

    Args:
        model: A traced graph as ``gatewright.frontend`` makes it.

    Returns:
        The integer model; its graph reads ``x_int`` [B, T, I].

    Raises:
        GatewrightError: GW-3xx where a tensor is not quantized as the integer graph needs it.
    """
    traced = TracedGraph(model.graph)
    state = LoweringState(traced, Graph("gatewright_integer"), _is_time_major(model.graph))
    state.values[model.graph.input[0].name] = FloatInput()
    state.shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    for node in model.graph.node:
        if traced.constant(node.output[0]) is None:
            LOWERINGS[node.op_type](state, node)
    return _finish(state, model.graph.output[0].name)


def _is_time_major(graph: onnx.GraphProto) -> bool:
    cells = [node for node in graph.node if node.op_type == "QuantLSTMCell"]
    if not cells:
        raise GatewrightError(
            "GW-205",
            where=graph.name,
            cause="it holds no recurrent layer.",
            remedy="Compile a model with a QuantLSTM.",
        )
    first = next(a.i for a in cells[0].attribute if a.name == "batch_first")
    return not first


def _finish(state: LoweringState, output: str) -> IntegerModel:
    value = state.values[output]
    if not isinstance(value, Affine) or value.relu or state.input is None:
        raise GatewrightError(
            "GW-301",
            where=f"output {output}",
            cause="it is not the result of a quantized layer.",
            remedy="Let the model end in a QuantLSTM, QuantLinear, QuantReLU or QuantIdentity.",
        )
    if value.quantizer is None:
        state.roundings.add(output_rounding(value.name, value.scales, value.offsets, value.path))
    graph = state.graph
    graph.outputs = [value.name]
    boundary = OutputBoundary(
        scales=value.scales,
        offsets=value.offsets,
        zero_point=value.quantizer.zero_point if value.quantizer else 0,
        time_major=state.time_major,
        steps=len(graph[value.name].shape) == 3,
    )
    return IntegerModel(graph, state.input, boundary, tuple(state.roundings.items))
