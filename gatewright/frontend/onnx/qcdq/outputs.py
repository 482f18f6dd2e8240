"""Reads what Brevitas writes behind an ``LSTM``: its sequence, both directions, final states."""

from __future__ import annotations

from dataclasses import replace

import onnx

from gatewright.files.limits import LAYERS
from gatewright.frontend.onnx.graph import attributes, label, unsupported
from gatewright.frontend.onnx.qcdq.known import Known
from gatewright.frontend.onnx.qcdq.layers import Finals


def finish(known: Known, node: onnx.NodeProto) -> None:
    """``Squeeze`` takes the axis of directions out of an LSTM's output.

    Brevitas names the axis wrongly, [2] for [T, 1, B, H] and [1] for [B, T, 1, H]: what it
    means is the same.
    """
    if known.axis(node) not in (1, 2):
        raise unsupported(node, "only the axis of directions can be dropped.")
    directions = known.cells[known.name(node, 0)]
    first = directions[0]
    known.layers[node.output[0]] = [*known.layers[first.source], directions]
    known.shapes[node.output[0]] = (*known.shapes[first.source][:2], first.hidden_size)


def both_directions(known: Known, node: onnx.NodeProto) -> None:
    """``Concat`` of the sequences of one layer, forward first."""
    ends = [known.layers.get(name, []) for name in known.names(node)]
    last = [end[-1][0] for end in ends if end and len(end[-1]) == 1]
    if (
        attributes(node).get("axis") not in (-1, 2)
        or [d.reverse for d in last] != [False, True]
        or len(ends) != 2
        or last[0].source != last[1].source
    ):
        raise unsupported(node, "only the two directions of one layer can be concatenated.")
    known.layers[node.output[0]] = [*ends[0][:-1], last]
    known.shapes[node.output[0]] = (
        *known.shapes[last[0].source][:2],
        last[0].hidden_size + last[1].hidden_size,
    )


def final_states(known: Known, node: onnx.NodeProto) -> None:
    """States without the axis of directions, with an axis of states, or several of them."""
    known.states[node.output[0]] = _final_states(known, node)


def _final_states(known: Known, node: onnx.NodeProto) -> Finals:
    parts = [known.states.get(name) for name in known.names(node)]
    first, axis = known.states[known.name(node, 0)], known.axis(node)
    match node.op_type, first.rank, axis:
        case "Squeeze", 0, 0 | 1:  # of [1, B, H], or of [B, 1, H] with the batch first
            return replace(first, rank=2)
        case "Unsqueeze", 2, 0:
            return replace(first, rank=3)
        case "Concat", 3, 0:
            kinds = {(part and part.which, part and part.rank) for part in parts}
            if kinds == {(first.which, 3)}:
                of = tuple(direction for part in parts if part for direction in part.of)
                LAYERS.check(label(node), len(of))
                return replace(first, of=of)
    raise unsupported(node, "it is not how Brevitas gives final states.")
