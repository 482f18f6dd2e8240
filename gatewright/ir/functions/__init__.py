"""The non-linearities, a file each; a new one gets its file and its name here."""

from __future__ import annotations

from gatewright.ir.functions.base import Function
from gatewright.ir.functions.hardsigmoid import HardSigmoid
from gatewright.ir.functions.sigmoid import Sigmoid
from gatewright.ir.functions.tanh import Tanh

SIGMOID, TANH = Sigmoid(), Tanh()
FUNCTIONS: dict[str, Function] = {f.name: f for f in (SIGMOID, TANH, HardSigmoid())}
BY_OP: dict[str, Function] = {f.op: f for f in FUNCTIONS.values()}
"""By the ONNX op of the traced graph."""

__all__ = ["BY_OP", "FUNCTIONS", "SIGMOID", "TANH", "Function"]
