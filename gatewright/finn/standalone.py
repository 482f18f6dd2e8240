"""Thresholds as FINN's hardware layers can hold them."""

from __future__ import annotations

from typing import Any

import onnx
from finn.transformation.fpgadataflow.convert_to_hw.thresholding import InferThresholdingLayer
from finn.transformation.streamline.round_thresholds import RoundAndClipThresholds
from qonnx.transformation.base import Transformation

THRESHOLDS = "MultiThreshold"
_PRODUCTS = ("MatMul", "XnorPopcountMatMul")
"""What FINN makes an ``MVAU`` of, which takes in the thresholds behind it."""
_FOUND = (2, 4)
"""Ranks of tensors whose channels an ``MVAU`` finds: of others it takes axis 1, which is T."""
_ASIDE = "ThresholdsAside"


class KeepThresholds(Transformation):  # type: ignore[misc]
    """Makes layers of their own of thresholds that an ``MVAU`` would take along the wrong axis.

    They are those with a row for each channel, behind a product over [1, T, C]. FINN's
    ``Thresholding`` takes the last axis of any tensor.
    """

    def apply(self, model: Any) -> tuple[Any, bool]:
        """Replace them all, by FINN's own transformation, which takes all that it sees."""
        found = model.get_nodes_by_op_type(THRESHOLDS)
        others = [node for node in found if not _misplaced(model, node)]
        for node in others:
            node.op_type = _ASIDE
        model, _ = InferThresholdingLayer().apply(model)
        for node in others:
            node.op_type = THRESHOLDS
        return model, False


def step_thresholds_to_hw(model: Any, cfg: Any) -> Any:
    """Round thresholds to integers that their input can reach, and keep those of ``KeepThresholds``.

    FINN rounds too, but first asserts that none below an unsigned input is negative.

    Args:
        model: As ``step_streamline`` left it.
        cfg: FINN's configuration of the build; with ``standalone_thresholds`` it keeps all of them.
    """
    model = model.transform(RoundAndClipThresholds())
    return model if cfg.standalone_thresholds else model.transform(KeepThresholds())


def _misplaced(model: Any, node: onnx.NodeProto) -> bool:
    source = model.find_producer(node.input[0])
    if source is None or source.op_type not in _PRODUCTS:
        return False
    rows, _ = model.get_tensor_shape(node.input[1])
    return rows > 1 and len(model.get_tensor_shape(node.input[0])) not in _FOUND
