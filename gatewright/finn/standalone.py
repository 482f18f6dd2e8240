"""Thresholds as FINN's hardware layers can hold them."""

from __future__ import annotations

from typing import Any

import onnx
from finn.transformation.fpgadataflow.convert_to_hw.thresholding import InferThresholdingLayer
from finn.transformation.streamline.round_thresholds import RoundAndClipThresholds
from qonnx.transformation.base import Transformation

from gatewright.finn.layer import LAYER

_THRESHOLDS = "MultiThreshold"
_PRODUCTS = ("MatMul", "XnorPopcountMatMul")
"""What FINN makes an ``MVAU`` of, which takes in the thresholds behind it."""
_FOUND = (2, 4)
"""Ranks of tensors whose channels an ``MVAU`` finds: of others it takes axis 1, which is T."""
_ASIDE = "ThresholdsAside"


class KeepThresholds(Transformation):  # type: ignore[misc]
    """Makes FINN's ``Thresholding`` of thresholds that would become something else than they are.

    An ``MVAU`` takes those behind a product over [1, T, C] along the wrong axis, if they have a row
    for each channel; ``Requant`` takes wide ones to be evenly spaced, as those of a recurrent layer
    are but nearly. A ``Thresholding`` compares, along the last axis of any tensor.

    Args:
        standalone: Whether FINN puts none into an ``MVAU``.
    """

    def __init__(self, standalone: bool) -> None:
        super().__init__()
        self.standalone = standalone

    def apply(self, model: Any) -> tuple[Any, bool]:
        """Replace them all, by FINN's own transformation, which takes all that it sees."""
        found = model.get_nodes_by_op_type(_THRESHOLDS)
        others = [node for node in found if not self._is_kept(model, node)]
        for node in others:
            node.op_type = _ASIDE
        model, _ = InferThresholdingLayer().apply(model)
        for node in others:
            node.op_type = _THRESHOLDS
        return model, False

    def _is_kept(self, model: Any, node: onnx.NodeProto) -> bool:
        if _follows_product(model, node) and not self.standalone:
            rows, _ = model.get_tensor_shape(node.input[1])
            return rows > 1 and len(model.get_tensor_shape(node.input[0])) not in _FOUND
        return LAYER in [user.op_type for user in model.find_consumers(node.output[0])]


def step_thresholds_to_hw(model: Any, cfg: Any) -> Any:
    """Round thresholds to integers that their input can reach, and apply ``KeepThresholds``.

    FINN rounds too, but first asserts that none below an unsigned input is negative.

    Args:
        model: As ``step_streamline`` left it.
        cfg: FINN's configuration of the build.
    """
    model = model.transform(RoundAndClipThresholds())
    return model.transform(KeepThresholds(cfg.standalone_thresholds))


def _follows_product(model: Any, node: onnx.NodeProto) -> bool:
    source = model.find_producer(node.input[0])
    alone = len(model.find_consumers(node.input[0])) == 1
    return alone and source is not None and source.op_type in _PRODUCTS
