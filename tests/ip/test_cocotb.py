"""The cocotb bench that each build has of its IP, run as a user runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from choices import choice
from ip_designs import CASES

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

BEATS = 10_000 if choice("beats") == "all" else 300


def run(folder: Path, rounds: int) -> subprocess.CompletedProcess[str]:
    """The script of the build, in its folder."""
    return subprocess.run(
        [sys.executable, "test_gatewright.py"],
        cwd=folder / "ip/tb",
        env={**os.environ, "ROUNDS": str(rounds), "SEED": "5"},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pytest.importorskip("cocotb", reason="needs cocotb")
    if shutil.which("iverilog") is None:
        pytest.skip("needs iverilog")
    CASES["pointwise-8"].write(tmp_path)
    return tmp_path


def test_it_passes(folder: Path) -> None:
    """And leaves a build as it was, which else would be refused."""
    before = sorted(folder.rglob("*"))
    beats = sum(len(path.read_text().split()) for path in folder.glob("ip/tb/*.hex"))
    done = run(folder, -(-BEATS // beats))
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"BEATS (\d+)", done.stdout)
    assert found and int(found[1]) >= BEATS, done.stdout
    assert "TESTS=4 PASS=4 FAIL=0 SKIP=0" in done.stdout
    assert sorted(folder.rglob("*")) == before


def test_another_bit_fails(folder: Path) -> None:
    path = folder / "ip/tb/gatewright_m_axis.hex"
    first, *rest = path.read_text().splitlines()
    path.write_text("\n".join([f"{int(first, 16) ^ 1:0{len(first)}x}", *rest]) + "\n")
    done = run(folder, 1)
    assert done.returncode != 0
    assert "m_axis: " in done.stdout
