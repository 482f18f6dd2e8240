"""ONNX files that are calibrated: plain float ones, and those of quantized weights."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import onnx
from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend.calibration.batches import is_array
from gatewright.frontend.calibration.qcdq import load_float_activations
from gatewright.frontend.onnx.float_files import is_plain
from gatewright.frontend.onnx.plain.load import load_plain
from gatewright.frontend.onnx.read import read_model
from gatewright.ir.traced.vocabulary import CELLS

Sizes = list[tuple[int, ...]]


def load_for_calibration(
    source: str | os.PathLike[str] | onnx.ModelProto, data: Any
) -> tuple[nn.Module, Any]:
    """The float module of a file, and the data to calibrate it with.

    Args:
        source: A file, or a model in memory.
        data: As ``calibrate`` takes it; sizes that the file leaves open are those of its first
            batch.

    Returns:
        The module in eval mode, and the data, of which nothing is used up.

    Raises:
        GatewrightError: GW-104, GW-106, GW-201 to GW-208; GW-604 for a file that is quantized.
    """
    model = read_model(source)
    if any(node.op_type in CELLS for node in model.graph.node):
        raise GatewrightError(
            "GW-604",
            where=str(source) if not isinstance(source, onnx.ModelProto) else "the graph",
            cause="its recurrent layers are quantized already; there is nothing to calibrate.",
            remedy="Compile it without calibration data.",
        )
    if not is_plain(model.graph.node):
        return load_float_activations(model), data
    data, sizes = _first_sizes(data)
    try:
        return load_plain(model, sizes), data
    except GatewrightError as refused:
        try:  # Brevitas writes float weights too, in its own form
            return load_float_activations(model), data
        except GatewrightError:
            raise refused from None


def _first_sizes(data: Any) -> tuple[Any, Sizes]:
    """The data, and the shapes of the arrays in its first batch, as far as they can be seen."""
    if is_array(data) or (isinstance(data, tuple) and all(map(is_array, data))):
        return data, _sizes(data)
    if isinstance(data, str | bytes) or not isinstance(data, Iterable):
        return data, []
    batches = list(data)
    return batches, _sizes(batches[0]) if batches else []


def _sizes(batch: Any) -> Sizes:
    parts = batch if isinstance(batch, tuple | list) else [batch]
    return [tuple(part.shape) for part in parts if is_array(part)]
