"""Cells as qonnx custom ops, so that ``execute_onnx`` runs what Brevitas exports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import onnx
from qonnx.core.datatype import DataType
from qonnx.custom_op.base import CustomOp
from qonnx.custom_op.registry import add_op_to_domain

from gatewright.ir.quantizer import Quantizer
from gatewright.ir.traced.cell_eval import evaluate
from gatewright.ir.traced.cell_spec import read_cell
from gatewright.ir.traced.operands import TracedGraph
from gatewright.ir.traced.vocabulary import (
    BREVITAS_DOMAIN,
    LSTM_CELL,
    QONNX_DOMAIN,
    RNN_CELL,
    CellForm,
    narrow_attribute,
)
from gatewright.ir.types import IntArray

_recorder: ContextVar[dict[str, IntArray] | None] = ContextVar("recorder", default=None)
_kept: ContextVar[Mapping[str, IntArray] | None] = ContextVar("kept", default=None)


@contextmanager
def recorded_taps() -> Iterator[dict[str, IntArray]]:
    """Collect ``<layer>/<tap>`` of every cell executed inside the block, as [B, T, H]."""
    taps: dict[str, IntArray] = {}
    token = _recorder.set(taps)
    try:
        yield taps
    finally:
        _recorder.reset(token)


@contextmanager
def kept_states(kept: Mapping[str, IntArray]) -> Iterator[None]:
    """Let cells executed inside the block begin with states of ``<layer>/h`` and ``<layer>/c``.

    Args:
        kept: Centered integers [B, H]; a cell without one begins with its own.
    """
    token = _kept.set(kept)
    try:
        yield
    finally:
        _kept.reset(token)


class _Cell(CustomOp):  # type: ignore[misc]
    """One layer and direction over a whole sequence, with Brevitas' inputs and attributes.

    Outputs: all hidden states in the layout of x, then each final state, [B, H].
    """

    form: ClassVar[CellForm]
    options: ClassVar[dict[str, Any]] = {
        "batch_first": ("i", True, 0),
        "reverse_input": ("i", True, 0),
    }

    def get_nodeattr_types(self) -> Mapping[str, Any]:
        """Attributes as Brevitas spells them."""
        types: dict[str, Any] = dict(self.options)
        for name in self.form.quantizers:
            types[narrow_attribute(name)] = ("i", True, 0)
            types[f"{name}_signed"] = ("i", True, 1)
            types[f"{name}_rounding_mode"] = ("s", False, "ROUND")
        return types

    def make_shape_compatible_op(self, model: Any) -> onnx.NodeProto:
        """A product of x and a weight, of whatever lengths x has; final states are entered here."""
        node, form = self.onnx_node, self.form
        for output, state in zip(node.output[1:], node.input[1:], strict=False):
            if output:
                model.set_tensor_shape(output, model.get_tensor_shape(state))
        operands = [node.input[0], node.input[form.first_weight]]
        return onnx.helper.make_node("Einsum", operands, node.output[:1], equation="abi,hi->abh")

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
        spec = read_cell(TracedGraph(graph), node)
        n = _codes(context[node.input[0]], spec.quantizers["output"])
        kept = _kept.get() or {}
        states = [
            kept[f"{spec.name}/{state}"]
            if f"{spec.name}/{state}" in kept
            else _codes(context[name], spec.state_quantizer(state))
            for state, name in zip(self.form.states, node.input[1:], strict=False)
        ]
        taps = evaluate(spec, n if spec.batch_first else np.swapaxes(n, 0, 1), states)
        recorder = _recorder.get()
        if recorder is not None:
            recorder |= {f"{spec.name}/{tap}": value for tap, value in taps.items()}
        h = taps["h"] * np.float32(spec.quantizers["output"].scales[0])
        last = 0 if spec.reverse else -1
        finals = [
            taps[state][:, last] * np.float32(spec.state_quantizer(state).scales[0])
            for state in self.form.states
        ]
        results = (h if spec.batch_first else np.swapaxes(h, 0, 1), *finals)
        for output, value in zip(node.output, results, strict=False):
            if output:
                context[output] = np.ascontiguousarray(value, dtype=np.float32)


def _codes(values: npt.NDArray[Any], quantizer: Quantizer) -> IntArray:
    """The centered integers of dequantized floats."""
    return np.rint(values.astype(np.float64) / float(quantizer.scales[0])).astype(np.int64)


class QuantLSTMCell(_Cell):
    """See ``LSTM_CELL``."""

    form = LSTM_CELL
    options: ClassVar[dict[str, Any]] = {**_Cell.options, "cifg": ("i", True, 0)}


class QuantRNNCell(_Cell):
    """See ``RNN_CELL``."""

    form = RNN_CELL
    options: ClassVar[dict[str, Any]] = {**_Cell.options, "nonlinearity": ("s", True, "tanh")}


def register() -> None:
    """Make the ops known to qonnx, under the domain that Brevitas writes, by both its names."""
    for op in (QuantLSTMCell, QuantRNNCell):
        for domain in (QONNX_DOMAIN, BREVITAS_DOMAIN):
            add_op_to_domain(domain, op)
