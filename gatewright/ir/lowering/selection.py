"""Lowerings of what selects time steps, or one of several given states."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import onnx

from gatewright.errors import GatewrightError
from gatewright.ir import ops
from gatewright.ir.lowering.state import LoweringState
from gatewright.ir.lowering.values import FloatInput
from gatewright.ir.steps import Taken


def lower_gather(state: LoweringState, node: onnx.NodeProto) -> None:
    """Selection of one of several given states, or of one time step."""
    axis = next((a.i for a in node.attribute if a.name == "axis"), 0)
    index = state.traced.initializers.get(node.input[1])
    source = state.values.get(node.input[0])
    given = isinstance(source, FloatInput) and source.argument not in state.sequences
    if isinstance(source, FloatInput) and given and index is not None:
        state.values[node.output[0]] = replace(source, index=int(index))
        return
    time = state.axes(node.input[0]).index("T")
    if axis != time or index is None or index.size != 1:
        raise _unselected(node, f"it selects index {index} of axis {axis}.")
    at = int(index.item())
    if at != -1:
        _take(state, node, Taken(at, single=True))
        return
    if isinstance(source, FloatInput) and source.whole:
        state.values[node.output[0]] = replace(source, last=True)
        return
    value = state.affine(node, node.input[0])
    name = take_last(state, node.name, value.name)
    state.values[node.output[0]] = replace(value, name=name)


def take_last(state: LoweringState, node: str, source: str) -> str:
    """The last step of an integer sequence, as a node of that name."""
    return state.graph.add(ops.SELECT_LAST, [source], [f"{node}.last"], name=node)


def lower_slice(state: LoweringState, node: onnx.NodeProto) -> None:
    """Selection of several time steps."""
    constants = [state.traced.initializers.get(name) for name in node.input[1:]]
    numbers = [int(c.item()) for c in constants if c is not None and c.size == 1]
    time = state.axes(node.input[0]).index("T")
    if len(numbers) != 4 or numbers[2] != time or numbers[3] < 1:
        raise _unselected(node, "it slices another axis than time, or not by constants.")
    first, end, _, stride = numbers
    _take(state, node, Taken(first, stride, len(range(first, end, stride))))


def _take(state: LoweringState, node: onnx.NodeProto, taken: Taken) -> None:
    """Steps of a tensor, or of an argument that no quantizer has read yet."""
    source = state.values.get(node.input[0])
    sequence = isinstance(source, FloatInput) and source.argument in state.sequences
    if isinstance(source, FloatInput) and sequence and source.whole:
        state.values[node.output[0]] = replace(source, taken=taken)
        return
    value = state.affine(node, node.input[0])
    steps = state.steps_of(value.name)
    if not 0 <= taken.first < taken.end <= steps:
        raise _unselected(
            node, f"it takes steps {taken.first} to {taken.end - 1}, of which there are {steps}."
        )
    name = take(state, node.name, value.name, taken)
    state.values[node.output[0]] = replace(value, name=name)


def take(state: LoweringState, node: str, source: str, taken: Taken) -> str:
    """Steps of an integer sequence, as a node of that name; they bind T."""
    state.fixed_steps = True
    bound: dict[str, Any] = {"steps": state.steps}
    if taken.single and taken.first == state.steps_of(source) - 1:
        return state.graph.add(ops.SELECT_LAST, [source], [f"{node}.last"], name=node, **bound)
    return state.graph.add(
        ops.SELECT_STEPS,
        [source],
        [f"{node}.steps"],
        name=node,
        first=taken.first,
        stride=taken.stride,
        count=taken.count,
        single=int(taken.single),
        **bound,
    )


def _unselected(node: onnx.NodeProto, cause: str) -> GatewrightError:
    return GatewrightError(
        "GW-205",
        where=node.name,
        cause=cause,
        remedy="Select the last time step, out[:, -1] with batch_first, else out[-1]; or others by "
        "their numbers: out[:, 2], out[:, 1:5], out[:, ::2].",
    )
