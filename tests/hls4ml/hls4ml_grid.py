"""The grid: kinds, directions, layers, io types, what is read, bits; and which of it runs."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from choices import choice
from commit_choice import commit
from hls4ml_models import LAST, Model, calibrated, layer
from torch import nn

LOUDER = 6


@dataclass(frozen=True)
class Case:
    """A configuration."""

    kind: str
    directions: int
    layers: int
    io_type: str
    read: str
    bits: int
    backend: str
    reuse: int
    road: str = "torch"

    def __str__(self) -> str:
        words = (self.road, self.kind, f"{self.directions}dir", f"{self.layers}lay", self.io_type)
        return "-".join((*words, self.read, f"{self.bits}bit", self.backend, f"x{self.reuse}"))

    def model(self) -> nn.Module:
        """Calibrated, with weights of its own."""
        torch.manual_seed(random.Random(str(self)).randrange(2**31))
        rnn = layer(
            self.kind, self.bits, num_layers=self.layers, bidirectional=self.directions == 2
        )
        with torch.no_grad():
            for parameter in rnn.parameters():
                if parameter.ndim == 2:  # with those of torch, layers of four bits give zeros
                    parameter.mul_(LOUDER)
        return calibrated(Model(LAST[self.read], rnn=rnn))


IO_TYPES = ("io_parallel", "io_stream")
_AXES = (
    ("lstm", "rnn"),
    (1, 2),
    (1, 2),
    IO_TYPES,
    ("all", "last"),
    (4, 6, 8),
)
_FROM_TORCH = [
    Case(*axes, ("Vitis", "Vivado")[index % 2], (1, 4, 1000)[index % 5 % 3])
    for index, axes in enumerate(itertools.product(*_AXES))
]
# Brevitas exports no QuantRNN.
_FROM_QONNX = [replace(c, road="qonnx") for c in _FROM_TORCH if c.kind == "lstm"]
GRID = random.Random(0).sample(_FROM_TORCH + _FROM_QONNX, 144)
"""In an order of chance: where it is stopped, what ran is no corner of it."""

Item = TypeVar("Item")


def drawn(items: Sequence[Item], few: int) -> list[Item]:
    """What runs of several: all of them, or a few, others with each commit."""
    if choice("inside") == "all":
        return list(items)
    return random.Random(f"{commit()} {len(items)}").sample(list(items), few)
