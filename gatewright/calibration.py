"""Calibration: a fully quantized model from one whose activations or weights are float."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal

import onnx

from gatewright.frontend.calibration import Calibration, OutputChange, Placed, RangeOptions
from gatewright.frontend.calibration.options import (
    DEFAULT_BITS,
    DEFAULT_WEIGHT_BITS,
    choose_bits,
    choose_weight_scale,
)

WeightScale = Literal["per_tensor", "per_channel"]

__all__ = ["Calibration", "OutputChange", "Placed", "calibrate"]


def calibrate(
    model: Any,
    data: Any,
    *,
    labels: Any = None,
    bits: int | Mapping[str, int] | None = None,
    weight_bits: int | Mapping[str, int] | None = None,
    method: Literal["percentile", "mse"] = "percentile",
    percentile: float = 99.9,
    scale: Literal["float", "power_of_two"] = "float",
    weight_scale: WeightScale | Mapping[str, WeightScale] = "per_tensor",
) -> Calibration:
    """Quantize what a model leaves in float, with ranges from calibration data.

    Quantizers that the model has stay as they are, bit for bit. Where there is none (it was given
    as None, or is disabled), a Brevitas quantizer is placed: symmetric, one scale a tensor, shared
    between layers, directions and gates as Brevitas shares it. A quantizer that is there but never
    saw data collects its own statistics from the data. Quantizers are missing in ``QuantLSTM`` and
    ``QuantRNN``, in weights, in ``QuantReLU`` and ``QuantIdentity``, and before a ``QuantLinear``
    whose input nothing quantizes. ``nn.LSTM``, ``nn.RNN``, ``nn.Linear`` and ``nn.ReLU`` become
    their Brevitas counterparts first. Float biases stay float. The same arguments give the same
    model.

    Args:
        model: A torch module in eval mode; it is copied, not changed. Or an ONNX file (or
            ``ModelProto``) that Brevitas wrote of a weight-only ``QuantLSTM`` with
            ``export_onnx_qcdq(..., dynamo=False)``.
        data: Sequences as the model takes them: one float32 tensor or array [N, T, I] (or
            [T, N, I]); a tuple of them and initial states if ``forward`` takes those too; or a
            list or other iterable of such batches, or of tuples (batch, labels) as a
            ``DataLoader`` gives. All of it is used.
        labels: Right classes in the order of the data, to report accuracy (argmax of the output).
            Without them, integer labels that come with the batches are used.
        bits: Of each activation quantizer that is placed, 2 to 16. A dict gives them by kind of
            value (``io``, ``gate_acc``, ``sigmoid``, ``tanh``, ``cell_state``, ``act`` of
            activation layers, ``input`` of linear ones), by layer and kind
            (``"lstm.layers.0.gate_acc"``), or for ``all`` else. Without it, 8; cell states 10.
        weight_bits: Of each weight quantizer that is placed, 2 to 16; without it, 8. A dict gives
            them by layer (``"fc.weight"``), or for ``all`` else.
        method: ``percentile``: the range holds ``percentile`` percent of the values seen.
            ``mse``: the range with the least mean square error. Weights are only clipped by
            ``mse``.
        percentile: Over 50, up to 100 (nothing is clipped).
        weight_scale: ``per_tensor``, or ``per_channel``: one for each row of a weight, the same in
            W and U of a gate. A dict gives them as with ``weight_bits``.
        scale: ``float``, or ``power_of_two`` with which torch's float32 is exact.

    Returns:
        The calibrated model, what was placed, and what it cost.

    Raises:
        GatewrightError: GW-604 for data or an option that cannot be used, GW-102 to GW-104,
            GW-108, GW-109 and GW-603 for the model, those of ``compile`` for a file.
    """
    from gatewright.frontend.calibration.calibrator import calibrate_module

    options = RangeOptions(
        choose_bits("bits", bits, DEFAULT_BITS),
        choose_bits("weight_bits", weight_bits, DEFAULT_WEIGHT_BITS),
        method,
        percentile,
        scale,
        choose_weight_scale(weight_scale),
    )
    if isinstance(model, str | os.PathLike | onnx.ModelProto):
        from gatewright.frontend.calibration.qcdq import load_float_activations

        model = load_float_activations(model)
    return calibrate_module(model, data, labels, options)
