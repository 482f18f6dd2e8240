"""FINN as tests use it: without Vivado. Where it is missing, only its absence is tested."""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, version

import pytest

VARIABLE = "FINN_BUILD_DIR"
ALONE = "test_without_finn.py"


def _installed() -> bool:
    try:
        return bool(version("finn-plus"))
    except PackageNotFoundError:
        return False


if _installed():
    collect_ignore = [ALONE]
else:
    collect_ignore_glob = ["test_[!w]*.py"]


def pytest_configure(config: pytest.Config) -> None:
    """FINN reads the folder that it writes to as it is imported."""
    if _installed() and VARIABLE not in os.environ:
        folder = os.environ[VARIABLE] = tempfile.mkdtemp(prefix="gatewright-finn-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))

    if _installed():
        from gatewright.finn import without_vivado

        without_vivado()
