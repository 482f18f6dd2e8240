"""The grid: kinds, directions, layers, io types, what is read, bits; and which of it runs."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass

import torch
from choices import choice
from commit_choice import commit
from hls4ml_models import LAST, Model, calibrated, layer
from torch import nn


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

    def __str__(self) -> str:
        words = (self.kind, f"{self.directions}dir", f"{self.layers}lay", self.io_type)
        return "-".join((*words, self.read, f"{self.bits}bit", self.backend))

    def model(self) -> nn.Module:
        """Calibrated, with weights of its own."""
        torch.manual_seed(random.Random(str(self)).randrange(2**31))
        rnn = layer(
            self.kind, self.bits, num_layers=self.layers, bidirectional=self.directions == 2
        )
        return calibrated(Model(LAST[self.read], rnn=rnn))


_AXES = (
    ("lstm", "rnn"),
    (1, 2),
    (1, 2),
    ("io_parallel", "io_stream"),
    ("all", "last"),
    (4, 6, 8),
)
GRID = [
    Case(*axes, ("Vitis", "Vivado")[index % 2])
    for index, axes in enumerate(itertools.product(*_AXES))
]
FEW = 2
"""What runs where nothing is said, another two with each commit."""


def chosen() -> list[Case]:
    """The cases that run."""
    if choice("inside") == "all":
        return GRID
    return random.Random(commit()).sample(GRID, FEW)
