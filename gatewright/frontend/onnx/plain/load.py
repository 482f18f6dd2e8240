"""A plain float file as a torch module: a ``GraphModule`` of nn.LSTM, nn.RNN, nn.Linear, ..."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import onnx
from torch import fx

from gatewright.errors import GatewrightError, together
from gatewright.files.limits import LAYERS, OPERATIONS
from gatewright.frontend.onnx.float_files import FLOAT_CELLS
from gatewright.frontend.onnx.graph import RawGraph, check_attributes, label, malformed
from gatewright.frontend.onnx.ops import Vocabulary
from gatewright.frontend.onnx.plain import elementwise, layers, moves, recurrent, windows
from gatewright.frontend.onnx.plain.check import check_reading
from gatewright.frontend.onnx.plain.refusals import of_op
from gatewright.frontend.onnx.plain.registry import OP_READERS, Computed, ModuleReading, unread
from gatewright.frontend.onnx.plain.rolled import rolled
from gatewright.frontend.onnx.plain.sizes import with_sizes
from gatewright.frontend.onnx.plain.stacks import join_stacks
from gatewright.frontend.onnx.read import read_model
from gatewright.frontend.torch.obstacles import OF_FILE

__all__ = ["elementwise", "layers", "load_plain", "moves", "recurrent", "windows"]

_ANY = Vocabulary({}, FLOAT_CELLS, "Calibrate the torch module itself.", open=True)


def load_plain(
    source: str | os.PathLike[str] | onnx.ModelProto, sizes: Sequence[Sequence[int]] = ()
) -> fx.GraphModule:
    """The torch module of a file that ``torch.onnx.export`` wrote of a float model.

    Args:
        source: A file, or a model in memory.
        sizes: Of each input, for axes that the file leaves open.

    Returns:
        The module in eval mode; any number of sequences can be passed.

    Raises:
        GatewrightError: GW-104, GW-106, GW-110, GW-201 to GW-208; what is not read, all of it at
            once.
    """
    model = with_sizes(read_model(source), sizes)
    graph = RawGraph(model, _ANY)
    if rolled(model, graph):
        graph = RawGraph(model, _ANY)
    ctx, errors = _attempt(graph, 0)
    if ctx.other_axis:  # recurrent nodes say which axis counts the sequences
        ctx, errors = _attempt(graph, 1)
    if errors:
        raise together(_second_sequences(graph) or errors)
    module = _finish(ctx)
    check_reading(model, module)
    return module


def _attempt(graph: RawGraph, axis: int) -> tuple[ModuleReading, list[GatewrightError]]:
    """What is read where that axis counts the sequences, and what is not."""
    ctx = ModuleReading(graph, _sequences(graph)[axis])
    errors = _enter_inputs(ctx, axis)
    return ctx, errors or _read(ctx)


def _second_sequences(graph: RawGraph) -> list[GatewrightError]:
    """What to say of inputs that are sequences beside the first, and no states."""
    first, *others = graph.inputs
    return [
        GatewrightError(
            "GW-106",
            where=name,
            cause=f"it is a second sequence {list(shape)} beside {first.name} "
            f"{list(first.shape)}, and of a file further inputs are states [N, B, H].",
            remedy="Calibrate the torch module itself, which may take several sequences: "
            "gatewright.calibrate(model, (x, z)).",
        )
        for name, shape, _ in others
        if len(shape) == 3 and shape[:2] == first.shape[:2]
    ]


def _sequences(graph: RawGraph) -> tuple[int, ...]:
    """The shape of the first input."""
    first = graph.inputs[0]
    if len(first.shape) != (2 if first.integers else 3):
        raise GatewrightError(
            "GW-106",
            where=first.name,
            cause=f"the graph's first input has shape {list(first.shape)}.",
            remedy="Export a model that takes sequences [B, T, I] of floats, or [B, T] of integers "
            "for an embedding, first; or [T, B, ...].",
        )
    return first.shape


def _enter_inputs(ctx: ModuleReading, axis: int) -> list[GatewrightError]:
    """The sequence, and initial states [N, B, H] or [B, H]; those that are none."""
    (name, shape, _), *states = ctx.graph.inputs
    errors = []
    ctx.values[name] = Computed(ctx.fx.placeholder(_argument(name)), shape, axis)
    for state, size, _ in states:
        batch = max(len(size) - 2, 0)
        ctx.values[state] = Computed(ctx.fx.placeholder(_argument(state)), size, batch)
        if len(size) not in (2, 3) or size[batch] != ctx.batch:
            error = GatewrightError(
                "GW-106",
                where=state,
                cause=f"its shape {list(size)} is none of a state of {ctx.batch} sequences.",
                remedy="Export a model whose other arguments are states [N, B, H].",
            )
            ctx.other_axis |= axis == 0
            errors.append(error)
    return errors


def _argument(name: str) -> str:
    """A name of an input that Python can take."""
    letters = "".join(c if c.isalnum() and c.isascii() else "_" for c in name).strip("_")
    return letters if letters[:1].isalpha() else f"x_{letters}"


def _read(ctx: ModuleReading) -> list[GatewrightError]:
    """Read every node, and tell of each that cannot be; what depends on it is passed over."""
    errors: list[GatewrightError] = []
    lost: set[str] = set()
    for node in ctx.graph.nodes:
        if lost.intersection(map(ctx.graph.resolve, node.input)):
            lost.update(node.output)
            if node.op_type in OP_READERS:
                continue
        try:
            before = len(ctx.fx.nodes)
            _read_node(ctx, node)
            for made in list(ctx.fx.nodes)[before:]:
                made.meta.setdefault("line", (f"{OF_FILE}{label(node)}", 0))
        except GatewrightError as error:
            errors.append(error)
            lost.update(node.output)
    return errors


def _read_node(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    if node.domain not in ("", "ai.onnx"):
        raise unread(node, f"the op {node.domain}::{node.op_type} is none of ONNX' own.")
    names = [index for index, name in enumerate(node.input) if name]
    if all(ctx.is_constant(node, index) for index in names):
        feeds = {node.input[index]: ctx.constant(node, index) for index in names}
        values = ctx.folder.run(node, feeds)
        ctx.constants.update(zip(node.output, values, strict=True))
        return
    reader = OP_READERS.get(node.op_type)
    if node.op_type == "Split" and _cuts_gates(ctx.graph, node):
        raise unread(
            node,
            "it cuts the gates of a cell, nn.LSTMCell or nn.GRUCell in a loop, of which a file has "
            "each step by itself.",
            "Calibrate the torch module itself, gatewright.calibrate(model, data), where a loop of "
            "nn.LSTMCell that only steps is a layer; or export nn.LSTM over the whole sequence.",
        )
    if reader is None:
        remedy = of_op(node.op_type, [*OP_READERS])
        raise unread(node, f"the op {node.op_type} is not read.", remedy)
    check_attributes(node, reader.attributes)
    reader.read(ctx, node)


def _cuts_gates(graph: RawGraph, node: onnx.NodeProto) -> bool:
    """Whether all parts of a tensor are gates: each goes through one activation, at once."""
    readers = [n for n in graph.nodes if set(node.output).intersection(n.input)]
    kinds = {reader.op_type for reader in readers}
    return len(node.output) > 2 and kinds == {"Sigmoid", "Tanh"}


def _finish(ctx: ModuleReading) -> fx.GraphModule:
    LAYERS.check("the graph", sum(n.op_type in FLOAT_CELLS for n in ctx.graph.nodes))
    OPERATIONS.check("the graph", len(ctx.fx.nodes))
    outputs: list[Any] = [_output(ctx, name) for name in ctx.graph.outputs]
    ctx.fx.output(outputs[0] if len(outputs) == 1 else tuple(outputs))
    made = fx.GraphModule(ctx.root, join_stacks(ctx.root, ctx.fx), "FromOnnx")
    made.delete_all_unused_submodules()
    return made.eval()


def _output(ctx: ModuleReading, name: str) -> fx.Node:
    node = ctx.graph.producers.get(name)
    if name in ctx.cells and node is not None:
        raise unread(
            node,
            "it is an output of the graph, with an axis of directions that torch has not.",
            "Squeeze it, or put directions side by side, as torch.onnx.export does.",
        )
    if name not in ctx.values:
        where = label(node) if node is not None else f"output {name}"
        raise malformed(where, "it is not computed from the graph's input.")
    return ctx.values[name].node
