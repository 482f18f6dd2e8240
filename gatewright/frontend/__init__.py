"""Torch modules and ONNX files in, one traced graph in Brevitas' own vocabulary out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import onnx

if TYPE_CHECKING:
    import torch

    from gatewright.frontend.torch.reference import TorchReference

__all__ = ["TorchReference", "load", "trace"]


def trace(model: torch.nn.Module, example_input: Any) -> onnx.ModelProto:
    """Trace a torch module with Brevitas layers.

    Args:
        model: In eval mode, calibrated.
        example_input: One float32 tensor of the shape the model takes, [B, T, I] or [T, B, I]; of
            int64, [B, T] or [T, B], where an embedding looks it up.

    Returns:
        The traced graph: input ``x``, output ``y``, shapes static. The same model gives the same
        bytes.

    Raises:
        GatewrightError: GW-101 to GW-109, GW-301, GW-603.
    """
    from gatewright.frontend.torch.trace import trace_module

    return trace_module(model, example_input).model


def load(source: str | os.PathLike[str] | onnx.ModelProto) -> onnx.ModelProto:
    """Load an ONNX model that Brevitas exported with ``export_qonnx(..., dynamo=False)``.

    Args:
        source: A file, or a model in memory (which is left as it is).

    Returns:
        The traced graph, as ``trace`` gives it for the same model. Torch is not needed.

    Raises:
        GatewrightError: GW-104 to GW-109, GW-201 to GW-208, GW-301.
    """
    from gatewright.frontend.onnx.qonnx.load import load_model

    return load_model(source)


def __getattr__(name: str) -> Any:
    if name == "TorchReference":  # needs torch, so it is imported on demand
        from gatewright.frontend.torch.reference import TorchReference

        return TorchReference
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
