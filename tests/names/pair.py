"""Two builds of other weights and another folding, whose kernels are called alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

import gatewright
from gatewright.hls_templates.project.names import SOURCES

MODEL = Path(__file__).parents[1] / "snapshot" / "model.onnx"
NAMES = ("kws", "vad")


def other_model() -> onnx.ModelProto:
    """The model of the snapshot with its weights turned around: the same names, other integers."""
    model = onnx.load(MODEL)
    for tensor in model.graph.initializer:
        if tensor.name.endswith("weight"):
            turned = np.ascontiguousarray(-numpy_helper.to_array(tensor)[::-1])
            tensor.CopyFrom(numpy_helper.from_array(turned, tensor.name))
    return model


@dataclass(frozen=True)
class Pair:
    """A folder that holds them, each below its name.

    Attributes:
        folder: Where tools run.
        builds: By name.
    """

    folder: Path
    builds: dict[str, gatewright.Build]

    @staticmethod
    def compile(folder: Path) -> Pair:
        """Thresholds in one, whose memory images are found by what their names begin with."""
        first = gatewright.compile(MODEL, None, folder / "kws", name="kws")
        second = gatewright.compile(
            other_model(),
            None,
            folder / "vad",
            name="vad",
            multipliers=4,
            requantizer="thresholds",
        )
        return Pair(folder, {"kws": first, "vad": second})

    def sources(self, name: str, listed: str = SOURCES) -> list[str]:
        """What a file list of a build names, as the folder has it."""
        rtl = f"{name}/rtl"
        return [f"{rtl}/{line}" for line in (self.folder / rtl / listed).read_text().split()]

    def golden(self, name: str, port: str) -> list[list[int]]:
        """The values of each sequence at a port."""
        text = (self.folder / name / f"hls/golden/{port}.dat").read_text()
        return [list(map(int, block.split())) for block in text.split("\n\n") if block.strip()]
