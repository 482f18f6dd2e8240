"""Computes constants of a file with ONNX' own reference evaluator, their shapes first."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

from gatewright.errors import GatewrightError
from gatewright.files.limits import UNFOLDED_BYTES
from gatewright.frontend.onnx.files import ELEMENT_BYTES
from gatewright.frontend.onnx.graph import label, malformed

Array = npt.NDArray[Any]
_SHAPE_VALUES = 64
"""More dimensions than an array of numpy can have: a longer constant is no shape."""


class Folder:
    """Computes nodes on constants, and keeps account of what they unfold to.

    Args:
        opset: The version of ONNX that the nodes are written in.
    """

    def __init__(self, opset: int) -> None:
        self._opset = opset
        self._unfolded = 0

    def run(self, node: onnx.NodeProto, feeds: dict[str, Array]) -> list[Array]:
        """The outputs of a node.

        Args:
            node: Of ONNX' own domain, one that fills no more memory than its outputs.
            feeds: Its inputs by name.

        Raises:
            GatewrightError: GW-207 where it cannot be computed, GW-208 where its outputs, with all
                before, are too large: they are measured before they are computed.
        """
        shapes = self._shapes(node, feeds)
        for kind, shape in shapes:
            if kind not in ELEMENT_BYTES:
                raise malformed(label(node), f"it gives values of type {kind}, not numbers.")
            self._unfolded += math.prod(shape) * ELEMENT_BYTES[kind]
        UNFOLDED_BYTES.check(label(node), self._unfolded)
        _check_elementwise(node, feeds)
        model = self._model(node, feeds, {})
        try:
            results: Any = ReferenceEvaluator(model).run(None, feeds)
        except Exception as error:  # whatever numpy raises on constants that do not fit
            raise _failed(node, error) from error
        if [np.shape(result) for result in results] != [shape for _, shape in shapes]:
            raise malformed(label(node), "its constants do not fit together.")
        return list(results)

    def _shapes(
        self, node: onnx.NodeProto, feeds: dict[str, Array]
    ) -> list[tuple[int, tuple[int, ...]]]:
        """Element type and shape of each output."""
        known = {n: a for n, a in feeds.items() if a.dtype == np.int64 and a.size <= _SHAPE_VALUES}
        try:
            inferred = shape_inference.infer_shapes(
                self._model(node, feeds, known), check_type=True, strict_mode=True
            )
        except shape_inference.InferenceError as error:
            raise _failed(node, error) from error
        found = []
        for output in inferred.graph.output:
            tensor = output.type.tensor_type
            if not tensor.HasField("shape") or not all(
                d.HasField("dim_value") and d.dim_value >= 0 for d in tensor.shape.dim
            ):
                raise malformed(label(node), "the shape of what it gives is not known.")
            found.append((tensor.elem_type, tuple(d.dim_value for d in tensor.shape.dim)))
        return found

    def _model(
        self, node: onnx.NodeProto, feeds: dict[str, Array], known: dict[str, Array]
    ) -> onnx.ModelProto:
        """The node alone, some of its inputs as constants."""
        graph = helper.make_graph(
            [node],
            "constant",
            [
                helper.make_tensor_value_info(
                    name, helper.np_dtype_to_tensor_dtype(values.dtype), values.shape
                )
                for name, values in feeds.items()
                if name not in known
            ],
            [helper.make_empty_tensor_value_info(name) for name in node.output],
            [numpy_helper.from_array(values, name) for name, values in known.items()],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self._opset)])


def _check_elementwise(node: onnx.NodeProto, feeds: dict[str, Array]) -> None:
    """Numpy broadcasts what ONNX does not: a bound, a scale and a zero point are one a row."""
    if node.op_type not in ("Clip", "QuantizeLinear"):
        return
    first, *others = (feeds[name] for name in node.input if name)
    if any(other.size not in (1, *first.shape) for other in others):
        raise malformed(label(node), "its constants do not fit together.")


def _failed(node: onnx.NodeProto, error: Exception) -> GatewrightError:
    says = str(error).strip() or type(error).__name__
    return malformed(label(node), f"it cannot be computed: {says.splitlines()[0][:200]}.")
