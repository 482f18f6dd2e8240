"""The two builds, compiled once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from benches import around, bench
from pair import Pair


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Both."""
    return Pair.compile(tmp_path_factory.mktemp("pair"))


@pytest.fixture
def place(pair: Pair, tmp_path: Path) -> Path:
    """A folder with both, and what instantiates them."""
    for name, build in pair.builds.items():
        shutil.copytree(build.path, tmp_path / name)
    (tmp_path / "both.sv").write_text(around())
    (tmp_path / "tb.sv").write_text(bench())
    return tmp_path
