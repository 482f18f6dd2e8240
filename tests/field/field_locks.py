"""Give the scripts of a field test what they take: models or a build, of 3 features and one output.

    python tests/field/field_locks.py SCRIPT

They are about containers that share a volume, a compile that is killed, and peers behind a port.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import torch

import gatewright

TAKES = {"two_namespaces": ("one", "two"), "killed_in_a_container": ("one",)}
"""Models; the script about peers takes a build."""


class Network(torch.nn.Module):
    """A layer of 8 units, and 2 sums of each step."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = qnn.QuantLSTM(3, 8, batch_first=True)
        self.sums = qnn.QuantLinear(8, 2, bias=True)

    def forward(self, x: torch.Tensor) -> Any:
        return self.sums(self.lstm(x)[0])


def build_in(folder: Path, seed: int) -> Path:
    """A build; the same seed gives the same bytes."""
    torch.manual_seed(seed)
    model, x = Network().train(), torch.randn(4, 5, 3)
    with torch.no_grad():
        model(x)
    return gatewright.compile(model.eval(), x, output_dir=folder).path


def main(script: Path) -> int:
    """Run it in the working folder; its exit code."""
    builds = {name: build_in(Path(name), seed) for seed, name in enumerate(("one", "two"))}
    if script.suffix == ".py":
        return subprocess.run([sys.executable, str(script), str(builds["one"])]).returncode
    models = [str(builds[name] / "1_traced.onnx") for name in TAKES[script.stem]]
    return subprocess.run(["bash", str(script), *models]).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
