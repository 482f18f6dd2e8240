"""Calibration: a fully quantized model from one whose activations or weights are float."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import onnx

from gatewright.frontend.calibration import (
    Calibration,
    OutputChange,
    Placed,
    RangeOptions,
    Sensitivity,
)
from gatewright.frontend.calibration.options import (
    AUTO,
    DEFAULT_BITS,
    DEFAULT_WEIGHT_BITS,
    choose_bits,
    choose_percentile,
    choose_weight_scale,
)

BitsOrAuto = int | Literal["auto"]
WeightScale = Literal["per_tensor", "per_channel"]

__all__ = ["Calibration", "OutputChange", "Placed", "Sensitivity", "calibrate", "finetune"]


def calibrate(
    model: Any,
    data: Any,
    *,
    labels: Any = None,
    bits: BitsOrAuto | Mapping[str, BitsOrAuto] | None = None,
    weight_bits: BitsOrAuto | Mapping[str, BitsOrAuto] | None = None,
    method: Literal["percentile", "mse"] = "percentile",
    percentile: float | Mapping[str, float] | None = None,
    scale: Literal["float", "power_of_two"] = "float",
    weight_scale: WeightScale | Mapping[str, WeightScale] | None = None,
    max_loss: float | None = None,
    sensitivity: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Calibration:
    """Quantize what a model leaves in float, with ranges from calibration data.

    Quantizers that the model has stay as they are, bit for bit. Where there is none (it was given
    as None, or is disabled), a Brevitas quantizer is placed: symmetric, one scale a tensor, shared
    between layers, directions and gates as Brevitas shares it. A quantizer that is there but never
    saw data collects its own statistics from the data. Quantizers are missing in ``QuantLSTM`` and
    ``QuantRNN``, in weights, in ``QuantReLU`` and ``QuantIdentity``, and before a ``QuantLinear``
    whose input nothing quantizes. ``nn.LSTM``, ``nn.RNN``, ``nn.Linear``, ``nn.Embedding`` and
    ``nn.ReLU`` become their Brevitas counterparts first. Float biases stay float. The same
    arguments give the same model.

    Args:
        model: A torch module in eval mode; it is copied, not changed. Or an ONNX file (or
            ``ModelProto``) that Brevitas wrote of a weight-only ``QuantLSTM`` with
            ``export_onnx_qcdq(..., dynamo=False)``.
        data: Sequences as the model takes them: one float32 tensor or array [N, T, I] (or
            [T, N, I]), of int64 [N, T] (or [T, N]) where an embedding looks them up; a tuple of
            them and initial states if ``forward`` takes those too; or a list or other iterable of
            such batches, or of tuples (batch, labels) as a ``DataLoader`` gives. All of it is used.
        labels: Right classes in the order of the data, to report accuracy (argmax of the output).
            Without them, integer labels that come with the batches are used.
        bits: Of each activation quantizer that is placed, 2 to 16. A dict gives them by kind of
            value (``io``, ``gate_acc``, ``sigmoid``, ``tanh``, ``cell_state``, ``act`` of
            activation layers, ``input`` of linear ones), by layer and kind
            (``"lstm.layers.0.gate_acc"``), or for ``all`` else. Without it, 8; cell states 10.
            ``auto``: the cheapest of 4 to 12 within ``max_loss``, and of weights too if
            ``weight_bits`` says nothing.
        weight_bits: Of each weight quantizer that is placed, 2 to 16; without it, 8. A dict gives
            them by layer (``"fc.weight"``), or for ``all`` else. ``auto``: the cheapest of 4 to 16.
        method: ``percentile``: the range holds ``percentile`` percent of the values seen.
            ``mse``: the range with the least mean square error. Weights are only clipped by
            ``mse``.
        percentile: Over 50, up to 100 (nothing is clipped); without it 99.9. A dict gives it as
            with ``bits``. Where bits are searched for, so is this, unless it is given.
        weight_scale: ``per_tensor``, or ``per_channel``: one for each row of a weight, the same in
            W and U of a gate. A dict gives them as with ``weight_bits``. Without it
            ``per_tensor``; where bits of weights are searched for, whichever is cheaper.
        max_loss: The most that ``auto`` may cost on this data, a share: accuracy lost where there
            are labels, else output error relative to the outputs' root mean square. Without it
            0.01.
        sensitivity: Measure what the quantizers of each layer and kind cost alone, and with one
            more bit. ``auto`` does.
        progress: Called with what is measured, how many runs are done, and of how many.
        scale: ``float``, or ``power_of_two`` with which torch's float32 is exact.

    Returns:
        The calibrated model, what was placed, and what it cost.

    Raises:
        GatewrightError: GW-604 for data or an option that cannot be used, GW-102 to GW-104,
            GW-108, GW-109 and GW-603 for the model, those of ``compile`` for a file.
    """
    from gatewright.frontend.calibration.calibrator import calibrate_module

    if bits == AUTO and weight_bits is None:
        weight_bits = AUTO
    options = RangeOptions(
        choose_bits("bits", bits, DEFAULT_BITS),
        choose_bits("weight_bits", weight_bits, DEFAULT_WEIGHT_BITS),
        method,
        choose_percentile(percentile),
        scale,
        choose_weight_scale(weight_scale),
        max_loss,
        sensitivity,
    )
    if isinstance(model, str | os.PathLike | onnx.ModelProto):
        from gatewright.frontend.calibration.qcdq import load_float_activations

        model = load_float_activations(model)
    return calibrate_module(model, data, labels, options, progress or (lambda *_: None))


def finetune(
    calibrated: Any,
    loader: Iterable[Any],
    *,
    steps: int,
    learning_rate: float = 1e-3,
    loss: Callable[[Any, Any], Any] | None = None,
) -> Any:
    """Train a calibrated model on, through its quantizers: weights, biases and scales.

    A plain loop over Adam with a cosine schedule and clipped gradients, to read and to replace:
    ``gatewright/frontend/calibration/finetuning.py``. Seed torch and the loader for the same model
    again.

    Args:
        calibrated: What ``calibrate`` returned, or a Brevitas module. It is copied, not changed.
        loader: Batches (inputs, targets), or (inputs, states, targets), gone through as often as it
            takes; a ``DataLoader``, for example. Targets are classes [N] or [N, T], or values in
            the shape of the output.
        steps: Batches to train on.
        learning_rate: At the begin; it falls to 0.
        loss: Of output and targets; without it cross entropy for classes, else the mean square
            error.

    Returns:
        The trained module, in eval mode, for ``compile``.

    Raises:
        GatewrightError: GW-604 for a loader or steps that cannot be used.
    """
    from gatewright.frontend.calibration.finetuning import train_on

    model = calibrated.model if isinstance(calibrated, Calibration) else calibrated
    return train_on(model, loader, steps, learning_rate, loss)
