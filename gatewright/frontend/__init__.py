"""Torch modules and ONNX files in, one traced graph in Brevitas' own vocabulary out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import onnx

if TYPE_CHECKING:
    import torch

    from gatewright.frontend.torch.reference import TorchReference

__all__ = ["TorchReference", "load", "load_float", "trace"]


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


def load_float(
    source: str | os.PathLike[str] | onnx.ModelProto, sizes: Sequence[Sequence[int]] = ()
) -> torch.fx.GraphModule:
    """Load a float ONNX model that ``torch.onnx.export`` wrote, for ``gatewright.calibrate``.

    Args:
        source: A file, or a model in memory (which is left as it is).
        sizes: The shape of each input, for axes that the file leaves open.

    Returns:
        A ``torch.fx.GraphModule`` of ``nn.LSTM``, ``nn.RNN``, ``nn.Linear``, ... in eval mode. It
        takes any number of sequences.

    Raises:
        GatewrightError: GW-104, GW-106, GW-110, GW-201 to GW-208; what is not read, all of it at
            once.
    """
    from gatewright.frontend.onnx.plain.load import load_plain

    return load_plain(source, sizes)


def __getattr__(name: str) -> Any:
    if name == "TorchReference":  # needs torch, so it is imported on demand
        from gatewright.frontend.torch.reference import TorchReference

        return TorchReference
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
