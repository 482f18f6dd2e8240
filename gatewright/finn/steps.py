"""FINN's build steps, and ours among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from finn.builder.build_dataflow_config import default_build_dataflow_steps
from qonnx.transformation.general import GiveUniqueNodeNames
from qonnx.transformation.infer_datatypes import InferDataTypes
from qonnx.transformation.infer_shapes import InferShapes

from gatewright.finn.conv import LowerConv1d
from gatewright.finn.convert import InferRecurrent
from gatewright.finn.folding import step_fold_recurrent
from gatewright.finn.standalone import step_thresholds_to_hw
from gatewright.qonnx import ExtractRecurrent

BEFORE = "step_qonnx_to_finn"
TO_HW = "step_convert_to_hw"
FOLDING = "step_target_fps_parallelization"


def step_recurrent_to_finn(model: Any, cfg: Any) -> Any:
    """Make FINN's layer of each chain of recurrent cells, and convolutions over time FINN's.

    Args:
        model: As Brevitas exported it, or with ``QuantRecurrent`` nodes.
        cfg: FINN's configuration of the build.

    Raises:
        GatewrightError: As ``gatewright.compile`` does, and GW-410 for what FINN's graphs have no
            place for.
    """
    for transformation in (
        ExtractRecurrent(),
        GiveUniqueNodeNames(),
        InferShapes(),
        LowerConv1d(),
        InferRecurrent(),
        InferShapes(),
        InferDataTypes(),
    ):
        model = model.transform(transformation)
    return model


def build_steps(steps: Sequence[Any] = tuple(default_build_dataflow_steps)) -> list[Any]:
    """FINN's steps with ours: two before their own, one in place of the folding.

    Args:
        steps: FINN's, by name; by default all, else such as ``hw_codegen_dataflow_steps``.
    """
    changed: dict[Any, list[Any]] = {
        BEFORE: [step_recurrent_to_finn, BEFORE],
        TO_HW: [step_thresholds_to_hw, TO_HW],
        FOLDING: [step_fold_recurrent],
    }
    return [ours for step in steps for ours in changed.get(step, [step])]
