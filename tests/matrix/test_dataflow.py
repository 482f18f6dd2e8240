"""Processes of ``top.cpp`` at the same time, between FIFOs of the stated depths: they all end.

g++ and Vitis' C-simulation run them one after the other, between queues without bounds. What such
processes give, and whether they stop, does not depend on who runs when, so that one run is a proof
for its sequences, which are the longest that the design takes.
CI takes one row of the matrix with FIFOs that have to be deep; ``--compilers all`` rows of each
shape, too.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from choices import choice
from commit_choice import commit
from compilers import needs
from matrix_model import make
from matrix_run import EXAMPLE_LENGTH, ROWS, compile_row, describe
from matrix_shapes import few

from gatewright.builds.golden import golden_vectors
from gatewright.hls_templates.mapping.ports import Ports
from gatewright.hls_templates.project.names import LIBRARY
from gatewright.lint.headers import own_headers
from gatewright.tools.compiler import run_compiler

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

BOUNDED = Path(__file__).parent / "bounded"
LOCAL = re.compile(
    r"^  gatewright_v1::stream<(.*)> (\w+);\n(?:#pragma HLS stream variable=\w+ depth=(\d+)\n)?",
    re.MULTILINE,
)
CALL = re.compile(r"^  (gatewright_v1::\w+<.*>\(.*\));$", re.MULTILINE)
SHALLOW = 2
"""What Vitis gives a stream without a depth."""
SEQUENCES = 2
FIXED = ("mean", "flatten")
"""Features that make another model for each length."""


def joins_steps(row: dict[str, Any]) -> bool:
    """Whether each step waits for what runs backwards, and thus for the whole sequence."""
    return bool(row["bidirectional"] and row["feature"] == "every_step")


def numbers() -> list[int]:
    """One row that joins steps; or rows of all shapes, too."""
    rows = [n for n, row in enumerate(ROWS) if joins_steps(row)]
    one = rows[int(commit()[:8] or "0", 16) % len(rows)]
    return [one, *few()] if choice("compilers") else [one]


def side_by_side(top: str) -> str:
    """``top.cpp`` with a thread for each process."""
    count = len(CALL.findall(top))
    head, first, rest = top.partition(CALL.search(top)[0])
    text = LOCAL.sub(
        lambda m: f"  gatewright_v1::stream<{m[1]}> {m[2]}(bounded::depth({m[3] or SHALLOW}));\n",
        head,
    )
    begin = f"  std::vector<std::thread> processes;\n  bounded::all().running = {count};\n"
    calls = CALL.sub(r"  processes.push_back(bounded::process([&] { \1; }));", first + rest)
    end = "  for (std::thread& each : processes) each.join();\n}\n"
    return f"#include <vector>\n{text}{begin}{calls.removesuffix('}' + chr(10))}{end}"


def longest(build: Any, number: int) -> dict[str, str]:
    """Golden vectors of the longest sequences."""
    ports = Ports.of(build.kernels)
    steps = EXAMPLE_LENGTH if ROWS[number]["feature"] in FIXED else ports.max_steps or 17
    integer = build.integer
    alike = SimpleNamespace(graph=integer.graph, inputs=integer.inputs, trial_steps=steps)
    return {
        name: "\n\n".join(text.split("\n\n")[:SEQUENCES])
        for name, text in golden_vectors(alike, ports).items()
    }


def run(program: Path, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command, environment = [program, folder / "golden"], os.environ | variables
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)


@pytest.mark.parametrize("number", numbers())
def test_stated_depths_are_enough(number: int, tmp_path: Path) -> None:
    print(describe(number))
    row = ROWS[number] | ({"origin": "brevitas"} if ROWS[number]["origin"] == "jit" else {})
    model = make(row, number, EXAMPLE_LENGTH)
    build = compile_row(row, number, model, EXAMPLE_LENGTH, tmp_path / "build")
    hls = tmp_path / "build/hls"
    (tmp_path / "golden").mkdir()
    for name, text in longest(build, number).items():
        (tmp_path / name).write_text(text)
    (tmp_path / "top.cpp").write_text(side_by_side((hls / "top.cpp").read_text()))
    folders = [BOUNDED, own_headers(), hls, hls / LIBRARY]
    flags = ["-std=c++17", "-O1", "-w", "-pthread", "-DGW_VITIS", *(f"-I{f}" for f in folders)]
    run_compiler(needs("g++"), [*flags, "top.cpp", str(hls / "tb.cpp"), "-o", "tb"], tmp_path)
    passed = f"PASS: {SEQUENCES} sequences, 0 values differ\n"
    assert run(tmp_path / "tb", tmp_path).stdout == passed
    if joins_steps(ROWS[number]):
        assert run(tmp_path / "tb", tmp_path, MOST_DEPTH="2").stdout == "DEADLOCK\n"
