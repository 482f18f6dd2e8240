"""The recurrent part of silero-vad, a voice detector that others trained: LSTM, ReLU, linear."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parent))
from front import features, recording, weights

STEPS = 128
"""Frames of a sequence that is calibrated on: 4 seconds."""
SPLITS = {"train": ("f1", "m1", "w1"), "test": ("f2", "m2", "w2")}


class Detector(nn.Module):
    """Frames [B, T, 128] to the logit of speech [B, T, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(128, 128, batch_first=True)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(128, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of every frame."""
        return self.fc(self.relu(self.lstm(x)[0]))


def model() -> nn.Module:
    """With the weights of the wheel, in float."""
    return detector(weights())


def detector(tensors: dict[str, Tensor]) -> nn.Module:
    """With these weights, named as the wheel names them."""
    net = Detector()
    state = {f"lstm.{n}_l0": tensors[f"lstm_cell.{n}"] for n in ("weight_ih", "weight_hh")}
    state |= {f"lstm.{n}_l0": tensors[f"lstm_cell.{n}"] for n in ("bias_ih", "bias_hh")}
    state |= {
        "fc.weight": tensors["final_conv.weight"][..., 0],
        "fc.bias": tensors["final_conv.bias"],
    }
    net.load_state_dict(state)
    return net.eval()


def example_input() -> Tensor:
    """One sequence."""
    return torch.zeros(1, STEPS, 128)


def sequences(name: str) -> Tensor:
    """The frames of one recording, [1, T, 128]."""
    return features(recording(name), weights())[None]


def dataset(split: str) -> tuple[Tensor, None]:
    """Frames of half of the recordings, cut into sequences [N, 128, 128]; nobody labelled them."""
    parts = [x for name in SPLITS[split] for x in sequences(name)[0].split(STEPS)]
    return torch.stack([part for part in parts if len(part) == STEPS]), None
