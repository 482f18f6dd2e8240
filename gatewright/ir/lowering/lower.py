"""Walk a traced graph and build the integer graph that computes the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from gatewright.errors import GatewrightError
from gatewright.files.limits import STEPS
from gatewright.ir.functions import BY_OP
from gatewright.ir.graph import Graph
from gatewright.ir.host import features_given, on_host
from gatewright.ir.lowering import (
    activations,
    arithmetic,
    dense,
    embedding,
    recurrent,
    reductions,
    selection,
    windows,
)
from gatewright.ir.lowering.rounding import Rounding, RoundingLog
from gatewright.ir.lowering.rounding import output as output_rounding
from gatewright.ir.lowering.state import LoweringState
from gatewright.ir.lowering.values import ZERO, Affine, ClassIndex, FloatInput, Stack
from gatewright.ir.quantizer import Argument, InputBoundary, OutputBoundary
from gatewright.ir.steps import least_steps
from gatewright.ir.traced.layouts import is_time_major, layouts, sequence_inputs
from gatewright.ir.traced.length import is_of_one_length
from gatewright.ir.traced.operands import TracedGraph
from gatewright.ir.traced.vocabulary import CELLS
from gatewright.ir.types import Float32Array, IntArray

MAX_TRIAL_STEPS = 1024


def _lower_gather(state: LoweringState, node: onnx.NodeProto) -> None:
    """Of rows of a constant table, or of what is computed."""
    computed = state.traced.constant(node.input[0]) is None
    (selection.lower_gather if computed else embedding.lower_embedding)(state, node)


LOWERINGS: dict[str, Callable[[LoweringState, onnx.NodeProto], None]] = {
    **dict.fromkeys(CELLS, recurrent.lower_cell),
    **dict.fromkeys(BY_OP, activations.lower_function),
    "Abs": arithmetic.lower_abs,
    "Add": dense.lower_add,
    "ArgMax": reductions.lower_argmax,
    "AveragePool": windows.lower_average,
    "BatchNormalization": activations.lower_batch_norm,
    "Concat": dense.lower_concat,
    "Conv": windows.lower_conv,
    "Div": arithmetic.lower_div,
    "Flatten": dense.lower_flatten,
    "Gather": _lower_gather,
    "Identity": dense.lower_identity,
    "LeakyRelu": arithmetic.lower_leaky,
    "MatMul": dense.lower_matmul,
    "MaxPool": windows.lower_max_pool,
    "Mul": arithmetic.lower_mul,
    "Neg": arithmetic.lower_neg,
    "Quant": dense.lower_quant,
    "ReduceMax": reductions.lower_max,
    "ReduceMean": reductions.lower_mean,
    "ReduceMin": reductions.lower_min,
    "ReduceSum": reductions.lower_sum,
    "Relu": activations.lower_relu,
    "Slice": selection.lower_slice,
    "Sub": arithmetic.lower_sub,
    "Transpose": windows.lower_transpose,
    "Unsqueeze": dense.lower_unsqueeze,
}


@dataclass(frozen=True)
class IntegerModel:
    """The integer graph and the places where it meets floats.

    Attributes:
        arguments: What the user passes, the sequence first.
        inputs: One for each input of the graph.
        outputs: What the user gets; their tensors are the graph's outputs.
        steps: T of the example.
        fixed_steps: Whether an op (as ``Flatten`` over time) or a constant binds T to it.
        channels_first: Tensors that torch has as [B, F, T].
        swapped: Those that it has as [T, B, F], where the input is [B, T, F] or [B, F, T]; or the
            other way round.
        roundings: What the certificate is built from; empty for a model read back from a file.
    """

    graph: Graph
    arguments: tuple[Argument, ...]
    inputs: tuple[InputBoundary, ...]
    outputs: tuple[OutputBoundary, ...]
    steps: int
    fixed_steps: bool
    roundings: tuple[Rounding, ...] = ()
    channels_first: frozenset[str] = frozenset()
    swapped: frozenset[str] = frozenset()

    @property
    def least_steps(self) -> int:
        """The shortest sequence of which every tensor has a step."""
        return least_steps(self.graph)

    @property
    def trial_steps(self) -> int:
        """Length of sequences made up for a trial: as the example's, but not beyond all bounds."""
        return self.steps if self.fixed_steps else min(self.steps, MAX_TRIAL_STEPS)

    def reach(self, argument: int) -> float:
        """The largest magnitude that the quantizers of an argument hold; 1.0 where it has none."""
        quantizers = [i.quantizer for i in self.inputs if i.argument == argument]
        return max((float(q.type.magnitude * q.scales[0]) for q in quantizers), default=1.0)

    def given(self, arguments: Sequence[npt.NDArray[Any]]) -> tuple[npt.NDArray[Any], ...]:
        """Arguments as the model takes them."""
        return tuple(a.given(array) for a, array in zip(self.arguments, arguments, strict=True))

    def taken(self, arguments: Sequence[npt.NDArray[Any]]) -> tuple[npt.NDArray[Any], ...]:
        """Arguments as the graph takes them."""
        return tuple(a.taken(array) for a, array in zip(self.arguments, arguments, strict=True))

    def drawn(
        self, rng: np.random.Generator, argument: int, shape: Sequence[int]
    ) -> npt.NDArray[Any]:
        """Random values of an argument that span what its quantizers hold, or its table."""
        rows = self.arguments[argument].rows
        if rows:
            return rng.integers(0, rows, shape)
        return rng.normal(0, self.reach(argument) / 2, shape).astype(np.float32)

    def encode(self, arguments: Sequence[npt.NDArray[Any]]) -> dict[str, IntArray]:
        """What a user passes to the graph's inputs."""
        arrays = self.taken(arguments)
        return {i.tensor: i.encode(arrays[i.argument]) for i in self.inputs}

    def decode(self, values: Mapping[str, IntArray]) -> tuple[Float32Array, ...]:
        """The graph's outputs to floats."""
        return tuple(output.decode(values) for output in self.outputs)


def lower(model: onnx.ModelProto, log: RoundingLog | None = None) -> IntegerModel:
    """Lower a traced graph.

    Args:
        model: A traced graph as ``gatewright.frontend`` makes it; its first input is a sequence.
        log: Where its roundings go; its ``reach`` widens the ranges of what they give.

    Returns:
        The integer model.

    Raises:
        GatewrightError: GW-3xx where a tensor is not quantized as the integer graph needs it,
            GW-106 for an example of too many steps, GW-208 for too many thresholds.
    """
    traced = TracedGraph(model.graph)
    time_major = _is_time_major(model.graph)
    log = log or RoundingLog()
    axes = layouts(model.graph)
    state = LoweringState(traced, Graph("gatewright_integer"), axes, time_major, roundings=log)
    state.sequences = sequence_inputs(model.graph)
    for i, value in enumerate(model.graph.input):
        state.values[value.name] = FloatInput(i)
        state.shapes.append([d.dim_value for d in value.type.tensor_type.shape.dim])
    STEPS.check(model.graph.input[0].name, state.steps)
    for node in model.graph.node:
        if traced.constant(node.output[0]) is None:
            LOWERINGS[node.op_type](state, node)
    rows = embedding.rows_of(model.graph)
    functions = on_host(model, len(model.graph.output))
    outputs = tuple(
        replace(_output(state, value.name), on_host=function)
        for value, function in zip(model.graph.output, functions, strict=True)
    )
    state.graph.outputs = list(dict.fromkeys(t for o in outputs for t in o.tensors))
    if is_of_one_length(model):
        state.fixed_steps = True
        if state.graph.fixed_steps() is None:
            state.graph.one_length = state.steps
    return IntegerModel(
        state.graph,
        tuple(
            Argument(
                value.name,
                _free_shape(shape, i in state.sequences, state.axes(value.name)),
                rows.get(value.name, 0),
                features_given(model) if i == 0 else None,
            )
            for i, (value, shape) in enumerate(zip(model.graph.input, state.shapes, strict=True))
        ),
        tuple(state.inputs),
        outputs,
        state.steps,
        state.fixed_steps,
        tuple(state.roundings.items),
        frozenset(state.channels_first()),
        frozenset(state.swapped()),
    )


def _free_shape(shape: list[int], sequence: bool, axes: str) -> tuple[int | str, ...]:
    """The shape of an argument: of a sequence, or of states [N, B, H] or [B, H]."""
    if sequence:
        return tuple(n if a == "F" else a for a, n in zip(axes, shape, strict=True))
    return (*shape[:-2], "B", shape[-1])


def _is_time_major(graph: onnx.GraphProto) -> bool:
    cells = [node for node in graph.node if node.op_type in CELLS]
    if not cells:
        raise GatewrightError(
            "GW-205",
            where=graph.name,
            cause="it holds no recurrent layer.",
            remedy="Compile a model with a QuantLSTM or a QuantRNN.",
        )
    first = is_time_major(cells[0])
    for cell in cells:
        if is_time_major(cell) != first:
            raise GatewrightError(
                "GW-109",
                where=cell.name,
                cause=f"it has batch_first={first}, unlike {cells[0].name}.",
                remedy="Use the same batch_first in all recurrent layers.",
            )
    return first


def _output(state: LoweringState, output: str) -> OutputBoundary:
    value = state.values[output]
    items = value.items if isinstance(value, Stack) else (value,)
    first = items[0]
    if isinstance(first, ClassIndex):
        return _index(state, output, first)
    if not isinstance(first, Affine) or first.waits:
        raise GatewrightError(
            "GW-301",
            where=f"output {output}",
            cause="it is not the result of a quantized layer.",
            remedy="Let the model end in a QuantLSTM, QuantLinear, QuantReLU or QuantIdentity.",
        )
    known = {rounding.name for rounding in state.roundings.items}  # an output may be there twice
    if first.quantizer is None and first.name not in known:
        state.roundings.add(output_rounding(first.name, first.scales, first.offsets, first.path))
    return OutputBoundary(
        name=output,
        tensors=tuple(item.name for item in items if isinstance(item, Affine)),
        stacked=isinstance(value, Stack),
        # Outputs are decoded in binary64; roots of a batch normalization have far more digits.
        scales=tuple(Fraction(float(s)) for s in first.scales),
        offsets=tuple(Fraction(float(o)) for o in first.offsets),
        zero_point=first.quantizer.zero_point if first.quantizer else 0,
        **state.boundary_layout(output, len(state.graph[first.name].shape) == 3),
    )


def _index(state: LoweringState, output: str, value: ClassIndex) -> OutputBoundary:
    return OutputBoundary(
        name=output,
        tensors=(value.name,),
        stacked=False,
        scales=(Fraction(1),),
        offsets=ZERO,
        zero_point=0,
        index=True,
        **state.boundary_layout(output, len(state.graph[value.name].shape) == 3),
    )
