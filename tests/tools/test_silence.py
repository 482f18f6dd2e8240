"""Nothing that ONNX Runtime would tell its maker is written or sent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TELLS = {"CI", "PYTEST_CURRENT_TEST", "PYTEST_VERSION", "ORT_DISABLE_TELEMETRY"}


def written(first: str, home: Path, **variables: str) -> list[str]:
    """What the import of onnxruntime leaves in an empty home folder."""
    home.mkdir()
    environment = {name: text for name, text in os.environ.items() if name not in TELLS}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")} | variables
    program = f"{first}import onnxruntime"
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    return [path.name for path in home.rglob("*") if path.is_file()]


def test_onnxruntime_tells_nobody(tmp_path: Path) -> None:
    assert not written("import gatewright;", tmp_path / "home")


def test_who_wants_it_told_has_it_told(tmp_path: Path) -> None:
    alone = written("", tmp_path / "alone")
    if not alone:
        pytest.skip("this onnxruntime has nothing to tell")
    assert written("import gatewright;", tmp_path / "home", ORT_DISABLE_TELEMETRY="0") == alone
