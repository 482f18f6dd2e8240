"""Damaged or read-only build folders, and compilers that do nothing, give coded errors."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from shared_model import Shared

import gatewright


@pytest.fixture
def copy(shared: Shared, tmp_path: Path) -> Path:
    skipped = shutil.ignore_patterns("cosim", "csim", "synth")
    return Path(shutil.copytree(shared.build.path, tmp_path / "copy", ignore=skipped))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"steps": -1}'])
def test_damaged_kernels(copy: Path, text: str) -> None:
    (copy / "3_kernels.json").write_text(text)
    with pytest.raises(gatewright.GatewrightError, match="GW-402"):
        gatewright.Build(copy).engine("csim")


def test_damaged_graph(copy: Path) -> None:
    (copy / "2_integer.onnx").write_text("junk")
    with pytest.raises(gatewright.GatewrightError, match="GW-402"):
        gatewright.Build(copy).engine("integer")


@pytest.mark.parametrize(("level", "name"), [("csim", "csim"), ("rtl", "cosim")])
def test_a_file_where_simulations_are_kept(copy: Path, level: str, name: str) -> None:
    (copy / name).touch()
    with pytest.raises(gatewright.GatewrightError, match="GW-404"):
        gatewright.Build(copy).engine(level)


def test_a_compiler_that_writes_nothing(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", shutil.which("true") or "true")
    with pytest.raises(gatewright.GatewrightError, match="GW-502"):
        gatewright.Build(copy).engine("csim")
