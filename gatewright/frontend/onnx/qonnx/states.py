"""Reads what picks and joins final states [B, H], and what picks a time step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy.typing as npt
import onnx

from gatewright.files.limits import LAYERS
from gatewright.frontend import emit
from gatewright.frontend.onnx.graph import label, malformed, required, unsupported
from gatewright.frontend.onnx.qonnx.axes import with_time
from gatewright.frontend.onnx.qonnx.embedding import looked_up
from gatewright.frontend.onnx.qonnx.registry import Reading, reads
from gatewright.frontend.spec import States, Value
from gatewright.ir.steps import Taken


def joined(ctx: Reading, node: onnx.NodeProto, names: list[str]) -> bool:
    """Whether a ``Concat`` along axis 0 joins final states, which are then one."""
    if not all(name in ctx.stacks for name in names):
        return False
    stacks = [ctx.stacks[name] for name in names]
    items = tuple(item for stack in stacks for item in stack.items)
    LAYERS.check(label(node), len(items))
    ctx.stacks[node.output[0]] = replace(stacks[0], items=items)
    return True


def _axes(ctx: Reading, node: onnx.NodeProto) -> list[int]:
    if len(node.input) != 2:
        raise malformed(label(node), f"{node.op_type} takes 2 inputs.")
    return [int(a) for a in ctx.graph.integers(label(node), node.input[1]).ravel()]


@reads("Unsqueeze")
def unsqueeze(ctx: Reading, node: onnx.NodeProto) -> None:
    """A final state [B, H] as [1, B, H]."""
    item = ctx.finals.get(ctx.graph.resolve(node.input[0]))
    if item is None or _axes(ctx, node) != [0]:
        raise unsupported(node, "only the final states of a layer can be given an axis.")
    ctx.stacks[node.output[0]] = item


@reads("Squeeze")
def squeeze(ctx: Reading, node: onnx.NodeProto) -> None:
    """A final state [1, B, H] as [B, H]."""
    stack = ctx.stacks.get(ctx.graph.resolve(node.input[0]))
    if stack is None or _axes(ctx, node) != [0] or len(stack.items) != 1:
        raise unsupported(node, "only axis 0 of a single final state can be dropped.")
    ctx.values[node.output[0]] = stack.items[0]


@reads("Gather", attributes={"axis"}, weight=(0, ".weight"))
def gather(ctx: Reading, node: onnx.NodeProto) -> None:
    """A final state, a given one, the last time step, or rows of a table."""
    axis = required(node, "axis", int) if node.attribute else 0
    if len(node.input) != 2:
        raise malformed(label(node), "Gather takes 2 inputs.")
    if ctx.graph.resolve(node.input[1]) in ctx.values:
        if axis != 0:
            raise unsupported(node, "only the rows of a matrix can be looked up.")
        ctx.values[node.output[0]] = looked_up(ctx, node)
        return
    index = ctx.graph.integers(label(node), node.input[1])
    stack = ctx.stacks.get(ctx.graph.resolve(node.input[0]))
    ctx.values[node.output[0]] = (
        _step(ctx, node, axis, index) if stack is None else _item(node, stack, axis, index)
    )


def _item(node: onnx.NodeProto, stack: States, axis: int, index: npt.NDArray[Any]) -> Value:
    count = len(stack.items)
    if axis != 0 or index.ndim != 0 or not -count <= int(index) < count:
        raise unsupported(node, f"one of {count} final states can be selected.")
    return stack.items[int(index)]


def _step(ctx: Reading, node: onnx.NodeProto, axis: int, index: npt.NDArray[Any]) -> Value:
    x = ctx.input(node)
    if x.stack and axis == 0 and index.ndim == 0:
        return emit.state_item(ctx.builder, f"{x.name}.item", x, int(index))
    x = with_time(x, axis)
    time = None if x.layout is None else x.layout.time_axis
    if time is None or axis not in (time, time - 3) or index.ndim != 0:
        raise unsupported(node, "of a sequence only one time step can be selected.")
    at = int(index)
    last = emit.is_last(x, at)
    if not last and not 0 <= at < x.shape[time]:
        raise unsupported(node, f"it selects step {at} of {x.shape[time]}.")
    return emit.select_step(ctx.builder, "last_step" if last else "step", x, at)


@reads("Slice")
def some_steps(ctx: Reading, node: onnx.NodeProto) -> None:
    """Some time steps."""
    if len(node.input) not in (4, 5):
        raise unsupported(node, "only Slice with starts, ends and axes as inputs is supported.")
    numbers = [ctx.graph.integers(label(node), name) for name in node.input[1:]]
    if any(n.size != 1 for n in numbers):
        raise unsupported(node, "only one axis can be sliced, that of time.")
    start, end, axis, *rest = (int(n.item()) for n in numbers)
    x = with_time(ctx.input(node), axis)
    time = None if x.layout is None else x.layout.time_axis
    if time is None or axis not in (time, time - 3) or min(rest, default=1) < 1:
        raise unsupported(node, "only time steps can be sliced, forwards.")
    kept = range(x.shape[time])[start : end : rest[0] if rest else 1]
    if not kept:
        raise unsupported(node, "it leaves no time step.")
    taken = Taken(kept[0], kept.step, len(kept))
    ctx.values[node.output[0]] = emit.select_steps(ctx.builder, "steps", x, taken)
