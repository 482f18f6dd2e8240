"""``QuantLSTMCell`` as a qonnx custom op, so that ``execute_onnx`` runs what Brevitas exports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from qonnx.core.datatype import DataType
from qonnx.custom_op.base import CustomOp
from qonnx.custom_op.registry import add_op_to_domain

from gatewright.ir.traced.cell_eval import evaluate
from gatewright.ir.traced.cell_spec import input_quantizer, read_cell
from gatewright.ir.traced.operands import TracedGraph
from gatewright.ir.traced.vocabulary import CELL_QUANTIZERS, QONNX_DOMAIN, narrow_attribute
from gatewright.ir.types import IntArray

_recorder: ContextVar[dict[str, IntArray] | None] = ContextVar("recorder", default=None)


@contextmanager
def recorded_taps() -> Iterator[dict[str, IntArray]]:
    """Collect ``<layer>/<tap>`` of every cell executed inside the block, as [B, T, H]."""
    taps: dict[str, IntArray] = {}
    token = _recorder.set(taps)
    try:
        yield taps
    finally:
        _recorder.reset(token)


class QuantLSTMCell(CustomOp):  # type: ignore[misc]
    """One LSTM layer and direction over a whole sequence, with Brevitas' inputs and attributes.

    Inputs: x, h, c, four W, four U, four biases (gate order i, f, c, o), then scale, zero point
    and bit width of eleven quantizers. Outputs: all hidden states in the layout of x, the final
    hidden state [B, H], the final cell state [B, H].
    """

    def get_nodeattr_types(self) -> Mapping[str, Any]:
        """Attributes as Brevitas spells them."""
        types: dict[str, Any] = {
            "batch_first": ("i", True, 0),
            "reverse_input": ("i", True, 0),
            "cifg": ("i", True, 0),
        }
        for name in CELL_QUANTIZERS:
            types[narrow_attribute(name)] = ("i", True, 0)
            types[f"{name}_signed"] = ("i", True, 1)
            types[f"{name}_rounding_mode"] = ("s", False, "ROUND")
        return types

    def make_shape_compatible_op(self, model: Any) -> onnx.NodeProto:
        """Shape inference of three outputs has no standard stand-in; see ``infer_shapes``."""
        x = model.get_tensor_shape(self.onnx_node.input[0])
        hidden = model.get_tensor_shape(self.onnx_node.input[1])
        stand_in: onnx.NodeProto = self.make_const_shape_op([*x[:-1], hidden[-1]])
        return stand_in

    def infer_node_datatype(self, model: Any) -> None:
        """Outputs are dequantized floats."""
        for output in self.onnx_node.output:
            if output:
                model.set_tensor_datatype(output, DataType["FLOAT32"])

    def verify_node(self) -> list[str]:
        """Reading the node checks it."""
        return []

    def execute_node(self, context: dict[str, npt.NDArray[Any]], graph: onnx.GraphProto) -> None:
        """Run the layer exactly, then dequantize in float32 as QONNX does."""
        node = self.onnx_node
        traced = TracedGraph(graph)
        spec = read_cell(traced, node)
        x = context[node.input[0]].astype(np.float64)
        n = np.rint(x / float(input_quantizer(traced, node).scales[0])).astype(np.int64)
        taps = evaluate(spec, n if spec.batch_first else np.swapaxes(n, 0, 1))
        recorder = _recorder.get()
        if recorder is not None:
            recorder |= {f"{spec.name}/{tap}": value for tap, value in taps.items()}
        h = taps["h"] * np.float32(spec.quantizers["output"].scales[0])
        c = taps["c"][:, -1] * np.float32(spec.quantizers["cell_state"].scales[0])
        results = (h if spec.batch_first else np.swapaxes(h, 0, 1), h[:, -1], c)
        for output, value in zip(node.output, results, strict=False):
            if output:
                context[output] = np.ascontiguousarray(value, dtype=np.float32)


def register() -> None:
    """Make the op known to qonnx, under the domain that Brevitas writes."""
    add_op_to_domain(QONNX_DOMAIN, QuantLSTMCell)
