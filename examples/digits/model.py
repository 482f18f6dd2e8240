"""Handwritten digits, read row by row: an LSTM and a linear classifier, quantized two ways."""

from __future__ import annotations

from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import torch
from brevitas.quant import (
    Int8ActPerTensorFixedPoint,
    Int8WeightPerTensorFixedPoint,
    Uint8ActPerTensorFixedPoint,
)
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

WEIGHTS = Path(__file__).parent / "weights.pt"
WEIGHT_ONLY_WEIGHTS = Path(__file__).parent / "weights_4bit.pt"
ROWS, PIXELS, HIDDEN, CLASSES = 8, 8, 32, 10
TEST_IMAGES = 540
SPLIT_SEED = 0


class DigitsLSTM(nn.Module):
    """Classify an 8x8 image given as a sequence of 8 rows, from the last hidden state."""

    def __init__(self) -> None:
        """8 bits everywhere, on power-of-two scales.

        With those every float32 operation of torch is exact, so that torch and the kernels are
        proven to agree on every input and not only seen to agree on these images.
        """
        super().__init__()
        self.lstm = qnn.QuantLSTM(
            PIXELS,
            HIDDEN,
            batch_first=True,
            weight_quant=Int8WeightPerTensorFixedPoint,
            io_quant=Int8ActPerTensorFixedPoint,
            gate_acc_quant=Int8ActPerTensorFixedPoint,
            sigmoid_quant=Uint8ActPerTensorFixedPoint,
            tanh_quant=Int8ActPerTensorFixedPoint,
            cell_state_quant=Int8ActPerTensorFixedPoint,
        )
        self.fc = qnn.QuantLinear(
            HIDDEN, CLASSES, bias=True, weight_quant=Int8WeightPerTensorFixedPoint
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map rows ``[N, 8, 8]`` to one score per digit, ``[N, 10]``."""
        out, _ = self.lstm(x)
        return self.fc(out[:, -1])


class WeightOnlyDigitsLSTM(DigitsLSTM):
    """The same network with 4-bit weights and float activations, to be calibrated."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = qnn.QuantLSTM(
            PIXELS,
            HIDDEN,
            batch_first=True,
            weight_bit_width=4,
            bias_quant=None,
            io_quant=None,
            gate_acc_quant=None,
            sigmoid_quant=None,
            tanh_quant=None,
            cell_state_quant=None,
        )
        self.fc = qnn.QuantLinear(HIDDEN, CLASSES, bias=True, weight_bit_width=4)


def model() -> DigitsLSTM:
    """The trained network in evaluation mode; ``train.py`` writes its weights."""
    return _trained(DigitsLSTM(), WEIGHTS)


def weight_only() -> DigitsLSTM:
    """The trained weight-only network; ``train.py --weight-only`` writes its weights."""
    return _trained(WeightOnlyDigitsLSTM(), WEIGHT_ONLY_WEIGHTS)


def _trained(net: DigitsLSTM, weights: Path) -> DigitsLSTM:
    net.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return net.eval()


def example_input() -> Tensor:
    """The first image of the data set as one sequence, ``[1, 8, 8]``."""
    x, _ = dataset("all")
    return torch.from_numpy(x[:1])


def dataset(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images as float32 ``[N, 8, 8]`` in 0..1 and int64 labels ``[N]``.

    Args:
        split: ``"train"`` (1,257 images), ``"test"`` (540) or ``"all"`` (1,797). The split is
            stratified and always the same.
    """
    pixels, digits = load_digits(return_X_y=True)
    x = (pixels / 16.0).astype(np.float32).reshape(-1, ROWS, PIXELS)
    y = digits.astype(np.int64)
    if split == "all":
        return x, y
    x_train, x_test, y_train, y_test = train_test_split(
        x, y, test_size=TEST_IMAGES, random_state=SPLIT_SEED, stratify=y
    )
    if split == "train":
        return x_train, y_train
    if split == "test":
        return x_test, y_test
    raise ValueError(f"split is {split!r}; use 'train', 'test' or 'all'")
