"""Builds whose IP is simulated, and how their own test bench runs as a user would run it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import gatewright
from gatewright.build import Build
from gatewright.tools.verilator import find_verilator

MODEL = Path(__file__).parents[1] / "snapshot/model.onnx"
"""LSTM, last step, linear, ReLU, linear."""
NAME = "gatewright"


def small(folder: Path, bus_bits: int | None = None) -> Build:
    """The IP of that model."""
    return gatewright.compile(MODEL, output_dir=folder / "build", bus_bits=bus_bits)


def sources(build: Build, name: str = NAME) -> list[str]:
    """Of the IP and its test bench, from ``ip/``."""
    return [*(build.path / "ip/ip.f").read_text().split(), f"tb/{name}_tb.sv"]


def in_verilator(build: Build, folder: Path, *arguments: str) -> str:
    """What the test bench says in Verilator."""
    tool = find_verilator()
    command = [
        *("--binary", "-O1", "--output-split", "0", "-Wno-fatal", "--assert", "--top"),
        *(f"{NAME}_tb", "--Mdir", str(folder), "-CFLAGS", "-std=c++20 -O0"),
        f'-D{NAME.upper()}_ROM_DIR="../rtl/"',
    ]
    done = subprocess.run(
        [*tool.command, *command, *sources(build)],
        cwd=build.path / "ip",
        env={**os.environ, **tool.environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return run([str(folder / f"V{NAME}_tb"), *arguments], build)


def run(command: list[str], build: Build) -> str:
    """What a simulation says."""
    done = subprocess.run(command, cwd=build.path / "ip", capture_output=True, text=True)
    return done.stdout + done.stderr


def passed(said: str) -> bool:
    """Whether a test bench ran to its end."""
    return "\nPASS " in said and "FAIL" not in said
