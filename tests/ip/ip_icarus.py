"""The shipped test bench of an IP in Icarus Verilog, which has four states."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def simulate(folder: Path, *arguments: str, name: str = "gatewright") -> str:
    """What the bench says; ``folder`` holds ``rtl/`` and ``ip/``."""
    if shutil.which("iverilog") is None:
        pytest.skip("needs iverilog")
    command = [
        *("iverilog", "-g2012", "-s", f"{name}_tb", f'-D{name.upper()}_ROM_DIR="../rtl/"'),
        *("-o", "../tb.vvp", "-f", "ip.f", f"tb/{name}_tb.sv"),
    ]
    done = subprocess.run(command, cwd=folder / "ip", capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    said = subprocess.run(
        ["vvp", "-n", "../tb.vvp", *arguments],
        cwd=folder / "ip",
        capture_output=True,
        text=True,
        timeout=300,
    )
    return said.stdout + said.stderr
