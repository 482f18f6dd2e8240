"""Reads an ``LSTM`` node: one layer in one direction."""

from __future__ import annotations

import numpy as np
import onnx

from gatewright.frontend.onnx.graph import attributes, label, malformed, unsupported
from gatewright.frontend.onnx.qcdq.known import Known
from gatewright.frontend.onnx.qcdq.layers import GATES, Direction, Finals, Gate
from gatewright.frontend.onnx.qcdq.weights import gate_matrices
from gatewright.ir.types import Float32Array


def lstm(known: Known, node: onnx.NodeProto) -> None:
    """Enter what it gives: a sequence with an axis of directions, and final states."""
    source = known.name(node, 0)
    if source not in known.layers:
        raise unsupported(node, "its input is not the graph's input or a layer's output.")
    options = {"direction": "forward", "input_forget": 0, "layout": 0} | attributes(node)
    hidden = options.pop("hidden_size", 0)
    if options["direction"] not in ("forward", "reverse"):
        raise unsupported(node, f"it uses direction={options['direction']}.")
    if {options["input_forget"], options["layout"]} - {0, 1}:
        raise malformed(label(node), "its input_forget or layout is neither 0 nor 1.")
    if not isinstance(hidden, int) or hidden < 1 or known.name(node, 7):
        raise unsupported(node, "it has peepholes, or no hidden_size.")
    shape, batch_first = known.shapes[source], bool(options["layout"])
    if len(shape) != 3:
        raise malformed(label(node), f"its input has shape {list(shape)}, not rank 3.")
    _check_states(known, node, steps=shape[1 if batch_first else 0])
    direction = Direction(
        source,
        _gates(known, node, hidden, shape[2], coupled=bool(options["input_forget"])),
        input_size=shape[2],
        hidden_size=hidden,
        reverse=options["direction"] == "reverse",
        coupled=bool(options["input_forget"]),
        batch_first=batch_first,
    )
    known.cells[node.output[0]] = [direction]
    for name, which in zip(node.output[1:], "hc", strict=False):
        if name:
            known.states[name] = Finals(which, (direction,))


def _gates(
    known: Known, node: onnx.NodeProto, hidden: int, columns: int, coupled: bool
) -> dict[str, Gate]:
    weights = gate_matrices(known, node, 1, hidden, columns)
    recurrents = gate_matrices(known, node, 2, hidden, hidden)
    biases: list[Float32Array | None] = [None] * len(GATES)
    if known.name(node, 3):
        bias = known.constant(node, 3)
        if bias.shape != (1, 8 * hidden) or bias.dtype != np.float32:
            raise malformed(label(node), "its bias is not float32 [1, 8*H].")
        biases = list((bias[0, : 4 * hidden] + bias[0, 4 * hidden :]).reshape(4, hidden))
    gates = {}
    for name, weight, recurrent, b in zip(GATES, weights, recurrents, biases, strict=True):
        if name == "forget" and coupled:  # its weights are not used
            continue
        if not weight.same_quantizer(recurrent):
            raise unsupported(node, f"W and R of its {name} gate have different quantizers.")
        gates[name] = Gate(weight, recurrent, b)
    return gates


def _check_states(known: Known, node: onnx.NodeProto, steps: int) -> None:
    if known.name(node, 4) and np.any(known.constant(node, 4) != steps):
        raise unsupported(node, "its sequences differ in length.")
    for index in (5, 6):
        if known.name(node, index) and np.any(known.constant(node, index)):
            raise unsupported(node, "it begins with a state other than zeros.")
