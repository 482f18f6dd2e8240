"""Small calibrated models that the frontend tests share."""

from __future__ import annotations

from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
from brevitas.core.function_wrapper import FloorSte
from brevitas.quant import (
    Int8ActPerTensorFixedPoint,
    Int8ActPerTensorFloat,
    Int8BiasPerTensorFloatInternalScaling,
    Int8WeightPerChannelFloat,
    Int8WeightPerTensorFixedPoint,
    Int8WeightPerTensorFloat,
    Int32Bias,
    ShiftedUint8ActPerTensorFloat,
    ShiftedUint8WeightPerTensorFloat,
    Uint8ActPerTensorFixedPoint,
)
from torch import nn

B, T, I, H, N = 2, 5, 3, 4, 2  # noqa: E741


class FloorWeight(Int8WeightPerTensorFloat):
    float_to_int_impl = FloorSte
    float_to_int_impl_type = "FLOOR"


class FloorAct(Int8ActPerTensorFloat):
    float_to_int_impl = FloorSte
    float_to_int_impl_type = "FLOOR"


FIXED_POINT = {
    "weight_quant": Int8WeightPerTensorFixedPoint,
    "io_quant": Int8ActPerTensorFixedPoint,
    "gate_acc_quant": Int8ActPerTensorFixedPoint,
    "sigmoid_quant": Uint8ActPerTensorFixedPoint,
    "tanh_quant": Int8ActPerTensorFixedPoint,
    "cell_state_quant": Int8ActPerTensorFixedPoint,
}

LSTMS: dict[str, dict[str, Any]] = {
    "default": {},
    "batch_first": {"batch_first": True},
    "per_channel": {"weight_quant": Int8WeightPerChannelFloat, "batch_first": True},
    "fixed_point": FIXED_POINT,
    "per_channel_fixed_point": {
        "weight_quant": Int8WeightPerTensorFixedPoint,
        "weight_scaling_per_output_channel": True,
    },
    "bits": {
        "weight_bit_width": 4,
        "io_bit_width": 6,
        "gate_acc_bit_width": 10,
        "sigmoid_bit_width": 5,
        "tanh_bit_width": 7,
        "cell_state_bit_width": 16,
    },
    "float_bias": {"bias_quant": None},
    "no_bias": {"bias": False},
    "own_bias_scale": {"bias_quant": Int8BiasPerTensorFloatInternalScaling},
    "shared": {
        "shared_intra_layer_weight_quant": True,
        "shared_intra_layer_gate_acc_quant": True,
    },
    "zero_points": {
        "weight_quant": ShiftedUint8WeightPerTensorFloat,
        "io_quant": ShiftedUint8ActPerTensorFloat,
        "gate_acc_quant": ShiftedUint8ActPerTensorFloat,
    },
    "floor_acts": {"io_quant": FloorAct, "gate_acc_quant": FloorAct},
}


def calibrate(model: nn.Module, shape: tuple[int, ...] = (B, T, I), seed: int = 0) -> Any:
    """Three forwards in training mode on random data, then eval mode."""
    torch.manual_seed(seed)
    model.train()
    for _ in range(3):
        model(torch.randn(*shape))
    return model.eval()


def lstm(shape: tuple[int, ...] = (B, T, I), seed: int = 0, **options: Any) -> Any:
    """A calibrated bare QuantLSTM."""
    torch.manual_seed(seed)
    return calibrate(qnn.QuantLSTM(I, H, **options), shape, seed)


class Net(nn.Module):
    """QuantIdentity, LSTM, dropout, last step, linear, ReLU, linear with an output quantizer."""

    def __init__(self, **lstm_options: Any) -> None:
        super().__init__()
        self.inp = qnn.QuantIdentity()
        self.lstm = qnn.QuantLSTM(I, H, batch_first=True, **lstm_options)
        self.drop = nn.Dropout(0.2)
        self.fc = qnn.QuantLinear(H, 5, weight_quant=Int8WeightPerChannelFloat)
        self.act = qnn.QuantReLU()
        self.head = qnn.QuantLinear(
            5,
            N,
            bias_quant=Int8BiasPerTensorFloatInternalScaling,
            output_quant=Int8ActPerTensorFloat,
        )

    def forward(self, x: Any) -> Any:
        out, (_h, _c) = self.lstm(self.inp(x))
        return self.head(self.act(self.fc(self.drop(out)[:, -1, :])))


class SequenceNet(nn.Module):
    """QuantTensors all the way: an Int32Bias head on every step, then Flatten."""

    def __init__(self, flatten: bool = True) -> None:
        super().__init__()
        self.lstm = qnn.QuantLSTM(I, H, batch_first=True, return_quant_tensor=True)
        self.fc = qnn.QuantLinear(H, 5, bias_quant=Int32Bias, return_quant_tensor=False)
        self.act = qnn.QuantReLU()
        self.flat = nn.Flatten() if flatten else nn.Identity()

    def forward(self, x: Any) -> Any:
        out, _ = self.lstm(x)
        return self.flat(self.act(self.fc(out)))


class TimeMajorNet(nn.Module):
    """The last step of a [T, B, F] output, taken from ``.value``."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = qnn.QuantLSTM(I, H, return_quant_tensor=True)
        self.fc = qnn.QuantLinear(
            H, N, bias=True, bias_quant=Int32Bias, input_quant=Int8ActPerTensorFloat
        )

    def forward(self, x: Any) -> Any:
        out = self.lstm(x)[0]
        return self.fc(out.value.contiguous()[-1])


class Fn(nn.Module):
    """A model whose forward is a function of (self, x), for the error tests."""

    def __init__(self, fn: Any, **modules: Any) -> None:
        super().__init__()
        self.lstm = qnn.QuantLSTM(I, H, batch_first=True)
        for name, module in modules.items():
            self.add_module(name, module)
        self._fn = fn

    def forward(self, x: Any) -> Any:
        return self._fn(self, x)


def example(shape: tuple[int, ...] = (B, T, I), seed: int = 7) -> Any:
    torch.manual_seed(seed)
    return torch.randn(*shape)


def arrays(model: Any) -> dict[str, np.ndarray]:
    """Initializers of a graph by name."""
    from onnx import numpy_helper

    return {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
