"""A bench in SystemVerilog against a bidirectional LSTM of ours, in Verilator with delays.

    python tests/field/field_bench.py FOLDER

FOLDER holds ``prep.py``, which makes its stimuli of a build's golden vectors and prints its macros,
and ``toolong.sv``, whose top is ``tb``.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import brevitas.nn as qnn
import torch

import gatewright
from gatewright.tools import find_verilator


def build_in(folder: Path) -> gatewright.Build:
    """Reads its sequence backwards too, so that it buffers at most 8 steps."""
    torch.manual_seed(0)
    model, x = (
        qnn.QuantLSTM(3, 4, batch_first=True, bidirectional=True).train(),
        torch.randn(8, 5, 3),
    )
    with torch.no_grad():
        for _ in range(3):
            model(x)
    return gatewright.compile(model.eval(), x[:1], output_dir=folder / "build", max_steps=8)


def main(folder: Path) -> None:
    """Compile the bench and run it; its words go to the standard output."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        rtl = build_in(work).path / "rtl"
        prepare = [sys.executable, str(folder / "prep.py"), str(rtl.parent), str(work)]
        macros = subprocess.run(prepare, check=True, capture_output=True, text=True).stdout
        tool = find_verilator()
        # Its makefile calls python, and its programs read their ROMs where they run.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        compiled = subprocess.run(
            [*tool.command, "--binary", "--timing", "-Wno-fatal", "-Wno-lint", "--top", "tb"]
            + ["-CFLAGS", "-std=c++20"]  # delays are coroutines
            + ["--Mdir", str(work / "obj"), *shlex.split(macros)]
            + [str(rtl / line) for line in (rtl / "sources.f").read_text().split()]
            + [str(folder / "toolong.sv")],
            cwd=rtl,
            env={**os.environ, **tool.environment, "PATH": path},
            capture_output=True,
            text=True,
        )
        if compiled.returncode:
            sys.exit(compiled.stdout[-4000:] + compiled.stderr[-4000:])
        (work / "rom").symlink_to(rtl / "rom")
        subprocess.run([str(work / "obj" / "Vtb")], cwd=work, check=True, timeout=60)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
