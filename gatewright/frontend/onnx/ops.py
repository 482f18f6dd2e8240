"""The ops that a file may hold, each with the attributes that its reader heeds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass

from gatewright.ir.traced.vocabulary import CELLS, QONNX_DOMAIN

Ops = Mapping[str, Set[str]]
NONE: Set[str] = frozenset()


@dataclass(frozen=True)
class Vocabulary:
    """What a kind of file may hold.

    Attributes:
        ops: By domain, with the attributes that an op may have: another would be read past.
        cells: The recurrent ops, of which there has to be one.
        remedy: What to do about any other op.
    """

    ops: Mapping[str, Ops]
    cells: Collection[str]
    remedy: str


FOLDED: Ops = {"Constant": {"value"}, "Dropout": {"ratio", "seed"}, "Identity": NONE}
"""Ops of ONNX that no reader meets, in every kind of file."""

_REDUCTION = {"axes", "keepdims", "noop_with_empty_axes"}
_QONNX: dict[str, Ops] = {
    "": {
        "Add": NONE,
        "ArgMax": {"axis", "keepdims", "select_last_index"},
        "BatchNormalization": {"epsilon", "momentum", "training_mode"},
        "Concat": {"axis"},
        "Flatten": {"axis"},
        "Gather": {"axis"},
        "Gemm": {"alpha", "beta", "transA", "transB"},
        "MatMul": NONE,
        "ReduceMax": _REDUCTION,
        "ReduceMean": _REDUCTION,
        "Relu": NONE,
        "Sigmoid": NONE,
        "Squeeze": NONE,
        "Tanh": NONE,
        "Transpose": {"perm"},
        "Unsqueeze": NONE,
    },
    QONNX_DOMAIN: {
        "BipolarQuant": NONE,
        "Quant": {"narrow", "rounding_mode", "signed"},
        **{op: form.attributes for op, form in CELLS.items()},
    },
}
QONNX = Vocabulary(
    _QONNX,
    CELLS,
    f"use layers that export to: {', '.join(sorted(op for ops in _QONNX.values() for op in ops))}.",
)
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
    "of such files only LSTM layers are read; where there is more, calibrate the torch module: "
    "gatewright.calibrate(model, data).",
)
