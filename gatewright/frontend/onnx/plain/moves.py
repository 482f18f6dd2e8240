"""Reads what moves elements and computes nothing: views, slices, joins; and shapes."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn

from gatewright.frontend.onnx.graph import attributes, label, malformed
from gatewright.frontend.onnx.plain.registry import Computed, ModuleReading, reads, unread

_END = 2**31
"""Ends from here on mean that of the axis, however exporters write that."""


def _refuse_batch(node: onnx.NodeProto, x: Computed, *axes: int) -> None:
    if x.batch in axes:
        raise unread(node, "it works on the axis of the batch, whose sequences know no other.")


@reads("Shape", attributes={"start", "end"})
def shape(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """A constant, at the sizes that the file is read with."""
    x, options = ctx.input(node), attributes(node)
    part = x.shape[options.get("start", 0) : options.get("end", len(x.shape))]
    ctx.constants[node.output[0]] = np.array(part, dtype=np.int64)


@reads("Transpose", attributes={"perm"})
def transpose(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """Any axes."""
    cell = ctx.cells.get(ctx.name(node, 0))
    perm = attributes(node).get("perm")
    if cell is not None and not cell.turned and perm == [0, 2, 1, 3]:
        ctx.cells[node.output[0]] = replace(cell, turned=True)
        return
    x = ctx.input(node)
    perm = perm or list(range(len(x.shape)))[::-1]
    if sorted(perm) != list(range(len(x.shape))):
        raise malformed(label(node), f"its perm {perm} is none of {len(x.shape)} axes.")
    ctx.values[node.output[0]] = ctx.permuted(x, perm)


@reads("Reshape", attributes={"allowzero"})
def reshape(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """To sizes of which one follows from the others, or not."""
    target = ctx.integers(node, 1)
    cell = ctx.cells.get(ctx.name(node, 0))
    if cell is not None and cell.turned and len(target) == 3:  # directions side by side
        steps, batch, features = cell.sequence.shape
        if all(
            a in (b, o)
            for a, b, o in zip(target, (steps, batch, features), (0, 0, -1), strict=True)
        ):
            ctx.values[node.output[0]] = cell.sequence
            return
    x = ctx.input(node)
    copied = not attributes(node).get("allowzero", 0)
    if any(size < -1 or (size == 0 and not copied) for size in target) or target.count(-1) > 1:
        raise malformed(label(node), f"its sizes are {target}.")
    sizes = [x.shape[i] if s == 0 and i < len(x.shape) else s for i, s in enumerate(target)]
    known = int(np.prod([size for size in sizes if size != -1]))
    count = int(np.prod(x.shape))
    if known < 1 or count % known:
        raise malformed(label(node), f"it makes {target} of {list(x.shape)}.")
    ctx.values[node.output[0]] = ctx.reshaped(
        node, x, [count // known if size == -1 else size for size in sizes]
    )


@reads("Flatten", attributes={"axis"})
def flatten(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """All axes before one, and all from it on."""
    x = ctx.input(node)
    axis = x.axis(attributes(node).get("axis", 1))
    sizes = [int(np.prod(x.shape[:axis], dtype=np.int64)), int(np.prod(x.shape[axis:]))]
    ctx.values[node.output[0]] = ctx.reshaped(node, x, sizes)


@reads("Squeeze", attributes={"axes"})
def squeeze(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """Axes of size 1."""
    cell, axes = ctx.cells.get(ctx.name(node, 0)), ctx.axes(node)
    if cell is not None and not cell.turned and cell.directions == 1 and axes == [1]:
        ctx.values[node.output[0]] = cell.sequence
        return
    x = ctx.input(node)
    if axes is None:
        raise unread(node, "it says not which axes.", "Write x.squeeze(dim), and export again.")
    dropped = sorted({x.axis(axis) for axis in axes}, reverse=True)
    _refuse_batch(node, x, *dropped)
    for axis in dropped:
        if not 0 <= axis < len(x.shape) or x.shape[axis] != 1:
            raise malformed(label(node), f"axis {axis} of {list(x.shape)} has not size 1.")
        sizes = [*x.shape[:axis], *x.shape[axis + 1 :]]
        call = ctx.fx.call_method("squeeze", (x.node, axis))
        x = Computed(call, tuple(sizes), x.batch - (axis < x.batch), x.inner)
    ctx.values[node.output[0]] = x


@reads("Unsqueeze", attributes={"axes"})
def unsqueeze(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """New axes of size 1."""
    x, axes = ctx.input(node), ctx.axes(node)
    if axes is None:
        raise malformed(label(node), "it has no axes.")
    rank = len(x.shape) + len(axes)
    for axis in sorted(axis + rank if axis < 0 else axis for axis in axes):
        sizes = [*x.shape[:axis], 1, *x.shape[axis:]]
        if x.node.target == "squeeze" and x.node.args[1] == axis:
            call = x.node.all_input_nodes[0]
        else:
            call = ctx.fx.call_method("unsqueeze", (x.node, axis))
        x = Computed(call, tuple(sizes), x.batch + (axis <= x.batch), x.inner)
    ctx.values[node.output[0]] = x


@reads("Slice")
def slice_(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """Parts of axes, in steps forward."""
    x = ctx.input(node)
    starts, ends = ctx.integers(node, 1), ctx.integers(node, 2)
    axes = ctx.integers(node, 3) if ctx.name(node, 3) else list(range(len(starts)))
    steps = ctx.integers(node, 4) if ctx.name(node, 4) else [1] * len(starts)
    parts = [slice(None)] * len(x.shape)
    for start, end, number, step in zip(starts, ends, axes, steps, strict=True):
        if step < 1:
            raise unread(node, "it turns an axis round.", "Turn sequences round on the host.")
        axis = x.axis(number)
        size = x.shape[axis]
        # A number beyond a length that may be another is a limit all the same.
        limits = end < _END and (end < size or axis == x.batch or size in ctx.counts)
        part = slice(start or None, end if limits else None, step)
        if len(range(size)[part]) == size and not limits:
            continue
        _refuse_batch(node, x, axis)
        parts[axis] = part if step > 1 else slice(part.start, part.stop)
    if parts == [slice(None)] * len(x.shape):
        ctx.values[node.output[0]] = x
        return
    sizes = [len(range(size)[part]) for size, part in zip(x.shape, parts, strict=True)]
    args = (x, tuple(parts))
    ctx.values[node.output[0]] = ctx.function(operator.getitem, args, sizes, x.batch, x.inner)


@reads("Gather", attributes={"axis"})
def gather(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """One item of an axis; rows of a table are an embedding."""
    if ctx.is_constant(node, 0) and not ctx.is_constant(node, 1):
        _embedding(ctx, node)
        return
    x, index = ctx.input(node), ctx.constant(node, 1)
    axis = x.axis(attributes(node).get("axis", 0))
    _refuse_batch(node, x, axis)
    if index.size != 1 or index.dtype not in (np.int64, np.int32):
        raise unread(node, f"it takes {index.size} items by their numbers.")
    number = int(index.reshape(()))
    if not -x.shape[axis] <= number < x.shape[axis]:
        raise malformed(label(node), f"there is no item {number} in axis {axis}.")
    picks: list[Any] = [slice(None)] * axis
    sizes = [*x.shape[:axis], *x.shape[axis + 1 :]]
    batch = x.batch - (axis < x.batch)
    item = ctx.function(operator.getitem, (x, (*picks, number)), sizes, batch, x.inner)
    if index.ndim:
        kept = [*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]]
        item = ctx.reshaped(node, item, kept)
    ctx.values[node.output[0]] = item


def _embedding(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """A row of a table for each integer."""
    table, x = ctx.floats(node, 0), ctx.input(node, 1)
    if table.ndim != 2 or attributes(node).get("axis", 0):
        raise unread(node, f"its table has shape {list(table.shape)}, or is read along axis 1.")
    layer = nn.Embedding.from_pretrained(table)
    call = ctx.module(node, layer, x)
    ctx.values[node.output[0]] = Computed(call, (*x.shape, table.shape[1]), x.batch, x.inner)


@reads("Concat", attributes={"axis"})
def concat(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """Any axis but the batch's."""
    parts = [ctx.input(node, i) for i in range(len(node.input))]
    first = parts[0]
    axis = first.axis(attributes(node)["axis"])
    _refuse_batch(node, first, axis)
    if any((part.batch, part.inner) != (first.batch, first.inner) for part in parts):
        raise unread(node, "its parts have their batches in different axes.")
    sizes = list(first.shape)
    sizes[axis] = sum(part.shape[axis] for part in parts)
    args = (parts, axis)
    ctx.values[node.output[0]] = ctx.function(torch.cat, args, sizes, first.batch, first.inner)


@reads("Split", attributes={"axis", "num_outputs"})
def split(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """Parts of an axis side by side."""
    x, options = ctx.input(node), attributes(node)
    axis = x.axis(options.get("axis", 0))
    _refuse_batch(node, x, axis)
    if ctx.name(node, 1):
        sizes = ctx.integers(node, 1)
    else:
        each = -(-x.shape[axis] // len(node.output))
        sizes = [min(each, x.shape[axis] - at) for at in range(0, x.shape[axis], each)]
    if sum(sizes) != x.shape[axis] or len(sizes) < len(node.output):
        raise malformed(label(node), f"its parts {sizes} are not those of {x.shape[axis]}.")
    call = ctx.fx.call_method("split", (x.node, sizes, axis))
    for index, (name, size) in enumerate(zip(node.output, sizes, strict=False)):
        part = [*x.shape[:axis], size, *x.shape[axis + 1 :]]
        ctx.values[name] = ctx.function(operator.getitem, (call, index), part, x.batch, x.inner)


@reads("Expand")
def expand(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """To the sizes that it has already; those of constants are folded."""
    x, target = ctx.input(node), ctx.integers(node, 1)
    if np.broadcast_shapes(x.shape, tuple(target)) != x.shape:
        raise unread(node, f"it repeats {list(x.shape)} as {target}.")
    ctx.values[node.output[0]] = x


@reads("Cast", attributes={"to", "saturate"})
def cast(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """To float32, which a value is; those of constants are folded."""
    if attributes(node).get("to") != onnx.TensorProto.FLOAT:
        raise unread(node, "it leaves float32.", "Keep the model in float32: model.float().")
    ctx.values[node.output[0]] = ctx.input(node)
