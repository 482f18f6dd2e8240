"""A small build whose IP is simulated, and what simulations of it need."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hasty import made_soon

import gatewright
from gatewright.build import Build
from gatewright.tools.run import Tool

MODEL = Path(__file__).parents[1] / "snapshot/model.onnx"
"""LSTM, last step, linear, ReLU, linear."""


def small(folder: Path, bus_bits: int | None = None) -> Build:
    """The IP of that model."""
    return gatewright.compile(MODEL, output_dir=folder / "build", bus_bits=bus_bits)


def environment(tool: Tool) -> dict[str, str]:
    """Of Verilator, whose own makefile calls python, which an environment that is active has."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**os.environ, **tool.environment, **made_soon(), "PATH": path}


def passed(said: str) -> bool:
    """Whether a test bench ran to its end, and no module of the library complained."""
    return "\nPASS " in said and "FAIL" not in said and "ERROR" not in said
