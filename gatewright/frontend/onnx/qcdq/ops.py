"""The ops of a file, and which reader takes a node by what its first input is known to be."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass

import onnx

from gatewright.frontend.onnx.ops import NONE, Vocabulary
from gatewright.frontend.onnx.qcdq.known import Known
from gatewright.frontend.onnx.qcdq.lstm import lstm
from gatewright.frontend.onnx.qcdq.outputs import both_directions, final_states, finish
from gatewright.frontend.onnx.qcdq.weights import dequantize, stack

QCDQ = Vocabulary(
    {
        "": {
            "Add": NONE,
            "Cast": {"to"},
            "Clip": NONE,
            "Concat": {"axis"},
            "ConstantOfShape": {"value"},
            "DequantizeLinear": {"axis"},
            "Expand": NONE,
            "Gather": {"axis"},
            "LSTM": {"direction", "hidden_size", "input_forget", "layout"},
            "QuantizeLinear": {"axis"},
            "Shape": NONE,
            "Squeeze": {"axes"},
            "Transpose": {"perm"},
            "Unsqueeze": {"axes"},
        }
    },
    ("LSTM",),
    "Of such files, only LSTM layers are read; where there is more, calibrate the torch module: "
    "gatewright.calibrate(model, data).",
)

ReadNode = Callable[[Known, onnx.NodeProto], None]


@dataclass(frozen=True)
class _Rule:
    """``read`` takes the nodes of ``ops`` whose first input is among ``of``; None for any."""

    ops: tuple[str, ...]
    of: Callable[[Known], Container[str]] | None
    read: ReadNode


_RULES = (
    _Rule(("LSTM",), None, lstm),
    _Rule(("DequantizeLinear",), None, dequantize),
    _Rule(("Concat", "Squeeze", "Unsqueeze"), lambda known: known.states, final_states),
    _Rule(("Concat", "Unsqueeze"), lambda known: known.weights, stack),
    _Rule(("Squeeze",), lambda known: known.cells, finish),
    _Rule(("Concat",), lambda known: known.layers, both_directions),
    _Rule(("Shape",), lambda known: known.shapes, Known.shape),
    _Rule(tuple(QCDQ.ops[""]), None, Known.fold),
)


def reader(known: Known, node: onnx.NodeProto) -> ReadNode:
    """The first reader that takes a node."""
    source = known.name(node, 0)
    return next(
        rule.read
        for rule in _RULES
        if node.op_type in rule.ops and (rule.of is None or source in rule.of(known))
    )
