"""Small models, and what compile makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import onnx
import pytest
from forked import tree

import gatewright


@dataclass(frozen=True)
class Made:
    """A model, and what compile makes of it.

    Attributes:
        model: The traced graph, which no torch is needed for.
        files: Of its build.
        seconds: That compile took.
    """

    model: onnx.ModelProto
    files: dict[str, bytes]
    seconds: float


def make(seed: int, folder: Path) -> Made:
    qnn = pytest.importorskip("brevitas.nn", reason="needs brevitas")
    torch = pytest.importorskip("torch", reason="needs torch")
    torch.manual_seed(seed)

    class Network(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.rnn = qnn.QuantRNN(2, 2, batch_first=True)

        def forward(self, x: Any) -> Any:
            return self.rnn(x)[0]

    network, example = Network().train(), torch.randn(4, 3, 2)
    with torch.no_grad():
        network(example)
    build = gatewright.compile(network.eval(), example, folder / "build")
    start = perf_counter()
    gatewright.compile(build.traced, output_dir=folder / "again")
    return Made(build.traced, tree(folder / "again"), perf_counter() - start)
