"""Reads ``LSTM`` and ``RNN``, one layer in one direction or both, as ``nn.LSTM`` and ``nn.RNN``."""

from __future__ import annotations

import operator
from typing import Any

import onnx
import torch
from torch import fx, nn

from gatewright.frontend.onnx.graph import attributes, label, malformed
from gatewright.frontend.onnx.plain.registry import (
    CellOutput,
    Computed,
    ModuleReading,
    reads,
    unread,
)

_DIRECTIONS = {"forward": 1, "bidirectional": 2}
_GATES = {"LSTM": (0, 2, 3, 1), "RNN": (0,)}
"""Where torch's gates i, f, g, o stand among ONNX' i, o, f, c."""
_FORWARD = "Let it run forward or in both directions: turn the sequence round before it is passed."
_STATE = (
    "Begin with zeros, which are the default, or give the states as inputs of the graph: let "
    "forward() take them as arguments."
)


@reads("LSTM", attributes={"direction", "hidden_size", "input_forget", "layout"})
def lstm(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """With all its gates, from states of zeros or from given ones."""
    if attributes(node).get("input_forget", 0):
        raise unread(node, "its forget gate is coupled to its input gate, as in no nn.LSTM.")
    if ctx.name(node, 7):
        raise unread(node, "it has peepholes, as no nn.LSTM has.")
    _layer(ctx, node, {})


@reads("RNN", attributes={"direction", "hidden_size", "layout", "activations"})
def rnn(ctx: ModuleReading, node: onnx.NodeProto) -> None:
    """Of tanh or relu."""
    kinds = {str(_text(a)).lower() for a in attributes(node).get("activations", ["Tanh"])}
    if kinds not in ({"tanh"}, {"relu"}):
        raise unread(node, f"its activations are {', '.join(sorted(kinds))}.")
    _layer(ctx, node, {"nonlinearity": kinds.pop()})


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _layer(ctx: ModuleReading, node: onnx.NodeProto, options: dict[str, Any]) -> None:
    x, directions = ctx.input(node), _directions(node)
    if len(x.shape) != 3 or x.batch != 1 or x.inner != 1:
        ctx.other_axis = len(x.shape) == 3 and x.batch == 0
        raise unread(node, f"its input {list(x.shape)} is no sequence [T, B, I] of batches.")
    _check_lengths(ctx, node, x.shape[0])
    batch_first = x.turned is not None and x.turned[0].batch == 0
    given = ctx.permuted(x, (1, 0, 2)) if batch_first else x
    weights = _weights(ctx, node, directions, x.shape[2])
    hidden = weights["weight_hh_l0"].shape[1]
    kind: Any = nn.LSTM if node.op_type == "LSTM" else nn.RNN
    layer = kind(
        x.shape[2],
        hidden,
        bias="bias_ih_l0" in weights,
        batch_first=batch_first,
        bidirectional=directions == 2,
        **options,
    )
    layer.load_state_dict(weights)
    states = _states(ctx, node, (directions, ctx.batch, hidden))
    call = ctx.module(node, layer, given, *states)
    _outputs(ctx, node, call, (x.shape[0], directions, hidden), batch_first)


def _outputs(
    ctx: ModuleReading,
    node: onnx.NodeProto,
    call: fx.Node,
    sizes: tuple[int, int, int],
    first: bool,
) -> None:
    """Enter what the layer gives: sequence, h, and c of an LSTM."""
    steps, directions, hidden = sizes
    shape = (steps, ctx.batch, directions * hidden)
    sequence = ctx.function(operator.getitem, (call, 0), shape, batch=1)
    if first:
        own = Computed(sequence.node, (ctx.batch, steps, shape[2]), 0)
        sequence = ctx.permuted(own, (1, 0, 2))
    ctx.cells[node.output[0]] = CellOutput(sequence, directions)
    finals = [name for name in node.output[1:] if name]
    if not finals:
        return
    states: Any = ctx.fx.call_function(operator.getitem, (call, 1))
    for index, name in enumerate(node.output[1:]):
        if not name:
            continue
        state = states
        if node.op_type == "LSTM":
            state = ctx.fx.call_function(operator.getitem, (states, index))
        ctx.values[name] = Computed(state, (directions, ctx.batch, hidden), 1)


def _directions(node: onnx.NodeProto) -> int:
    options = attributes(node)
    if options.get("layout", 0):
        raise unread(node, "it has layout=1.", "Export with torch.onnx.export, which writes 0.")
    direction = options.get("direction", "forward")
    if direction not in _DIRECTIONS:
        raise unread(node, f"it has direction={direction}.", _FORWARD)
    return _DIRECTIONS[direction]


def _check_lengths(ctx: ModuleReading, node: onnx.NodeProto, steps: int) -> None:
    if ctx.name(node, 4) and any(length != steps for length in ctx.integers(node, 4)):
        raise unread(
            node,
            "its sequences differ in length.",
            "Export with sequences of one length; cut or pad those of several.",
        )


def _weights(
    ctx: ModuleReading, node: onnx.NodeProto, directions: int, features: int
) -> dict[str, torch.Tensor]:
    """Those of a torch layer, by torch's names."""
    gates = _GATES[node.op_type]
    w, r = ctx.floats(node, 1), ctx.floats(node, 2)
    rows, hidden = len(gates) * r.shape[-1], r.shape[-1]
    if w.shape != (directions, rows, features) or r.shape != (directions, rows, hidden):
        raise malformed(label(node), "its W and R do not fit together.")
    bias = ctx.floats(node, 3) if ctx.name(node, 3) else None
    if bias is not None and bias.shape != (directions, 2 * rows):
        raise malformed(label(node), f"its bias has shape {list(bias.shape)}.")
    found = {}
    for direction, suffix in zip(range(directions), ("", "_reverse"), strict=False):
        found[f"weight_ih_l0{suffix}"] = _ordered(w[direction], gates)
        found[f"weight_hh_l0{suffix}"] = _ordered(r[direction], gates)
        if bias is not None:
            for name, part in zip(("ih", "hh"), bias[direction].split(rows), strict=True):
                found[f"bias_{name}_l0{suffix}"] = _ordered(part, gates)
    return found


def _ordered(rows: torch.Tensor, gates: tuple[int, ...]) -> torch.Tensor:
    parts = rows.chunk(len(gates))
    return torch.cat([parts[gate] for gate in gates])


def _states(ctx: ModuleReading, node: onnx.NodeProto, shape: tuple[int, int, int]) -> list[Any]:
    """The initial states as the argument of a torch layer; none where they are zeros."""
    count = 2 if node.op_type == "LSTM" else 1
    given = [index for index in range(5, 5 + count) if ctx.name(node, index)]
    constant = [index for index in given if ctx.is_constant(node, index)]
    if any(bool(ctx.floats(node, index).any()) for index in constant):
        raise unread(node, "it begins with a constant state other than zeros.", _STATE)
    if not given or len(constant) == len(given):
        return []
    if constant or len(given) < count:
        raise unread(node, "one of its states is given, and the other is constant.", _STATE)
    states = [ctx.input(node, index) for index in given]
    if any(state.shape != shape or state.batch != 1 for state in states):
        raise unread(node, f"its states are no tensors {list(shape)}.", _STATE)
    nodes = [state.node for state in states]
    return [tuple(nodes)] if count == 2 else nodes
