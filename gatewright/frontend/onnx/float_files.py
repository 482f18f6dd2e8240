"""Tells plain float files, which need calibration, from those that hold quantized values."""

from __future__ import annotations

from collections.abc import Collection

import onnx

from gatewright.errors import GatewrightError
from gatewright.frontend.onnx.ops import DEFAULT

FLOAT_CELLS = ("LSTM", "RNN")
"""ONNX' own recurrent ops, whose activations are float."""
CALIBRATE = (
    "Give sequences to calibrate with: gatewright.compile(file, calibration=x), "
    "gatewright.calibrate(file, x), or gatewright compile FILE --calibrate data.npy."
)
_QUANTIZE = frozenset({"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"})


def is_plain(nodes: Collection[onnx.NodeProto]) -> bool:
    """Whether nodes compute something, and nothing in them is quantized."""
    own = (node.domain in DEFAULT and node.op_type not in _QUANTIZE for node in nodes)
    return bool(nodes) and all(own)


def uncalibrated(where: str, plain: bool) -> GatewrightError:
    """GW-303 for a file with float activations, or one that is all float."""
    if plain:
        cause = "the file is a float model: nothing in it is quantized."
        return GatewrightError("GW-303", where=where, cause=cause, remedy=CALIBRATE)
    return GatewrightError(
        "GW-303",
        where=where,
        cause="it is a standard recurrent node, whose activations are float; only its weights can "
        "be quantized.",
        remedy=CALIBRATE,
    )
