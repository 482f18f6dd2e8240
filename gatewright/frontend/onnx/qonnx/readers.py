"""Every reader of an op: importing them enters them in the registry, which is the vocabulary."""

from __future__ import annotations

from gatewright.frontend.onnx.ops import Vocabulary
from gatewright.frontend.onnx.qonnx import (
    arithmetic,
    embedding,
    head,
    linear,
    quantizers,
    recurrent,
    states,
    structure,
    windows,
)
from gatewright.frontend.onnx.qonnx.registry import OP_READERS
from gatewright.ir.traced.vocabulary import CELLS

QONNX = Vocabulary(
    {
        domain: {name: op.attributes for name, op in OP_READERS.items() if op.domain == domain}
        for domain in {op.domain for op in OP_READERS.values()}
    },
    CELLS,
    f"Use layers that export to: {', '.join(sorted(OP_READERS))}.",
)

__all__ = [
    "QONNX",
    "arithmetic",
    "embedding",
    "head",
    "linear",
    "quantizers",
    "recurrent",
    "states",
    "structure",
    "windows",
]
