"""What docs/hls4ml.md shows is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

PAGE = (Path(__file__).parents[2] / "docs/hls4ml.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


def test_from_a_model_to_the_project(tmp_path: Path) -> None:
    torch, qonnx = blocks("python")
    done = run("-c", f"{torch}\n{qonnx}", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    command = blocks("sh")[0].partition("#")[0].split()
    assert command[0] == "gatewright"
    linted = run("-m", *command, folder=tmp_path)
    assert linted.returncode == 0 and "0 findings" in linted.stdout, linted.stdout + linted.stderr
    files = {path.name for path in (tmp_path / "build/from_torch/firmware").iterdir()}
    name = "myproject_lstm_2"
    assert {f"{name}{end}" for end in (".hpp", "_params.hpp", "_hls.cpp", ".json")} <= files
