"""Every reader of an op: importing them enters them in the registry, which is the vocabulary."""

from __future__ import annotations

from gatewright.frontend.onnx.ops import Vocabulary
from gatewright.frontend.onnx.qonnx import head, linear, quantizers, recurrent, states, structure
from gatewright.frontend.onnx.qonnx.registry import OPS
from gatewright.ir.traced.vocabulary import CELLS

QONNX = Vocabulary(
    {
        domain: {name: op.attributes for name, op in OPS.items() if op.domain == domain}
        for domain in {op.domain for op in OPS.values()}
    },
    CELLS,
    f"use layers that export to: {', '.join(sorted(OPS))}.",
)

__all__ = ["QONNX", "head", "linear", "quantizers", "recurrent", "states", "structure"]
