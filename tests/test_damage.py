"""Damaged or read-only build folders, and compilers that do nothing, give coded errors."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from level_tools import needs
from shared_model import Shared

import gatewright
from gatewright.cli import main


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


@pytest.mark.parametrize(
    ("level", "part"),
    [
        ("standard", "2_standard.onnx"),
        ("csim", "hls/"),
        pytest.param("rtl", "rtl/rom/", marks=needs("rtl")),
        pytest.param("cxxrtl", "rtl/gw_fifo.sv", marks=needs("cxxrtl")),
    ],
)
def test_what_was_changed_is_run_with_a_warning(copy: Path, level: str, part: str) -> None:
    changed = next(path for path in sorted(copy.rglob("*")) if part in f"{path}")
    build = gatewright.Build(copy)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build.engine(level)
    if changed.suffix == ".onnx":
        model = onnx.load(changed)
        model.doc_string = "changed"
        onnx.save(model, changed)
    else:
        changed.write_bytes(changed.read_bytes() + b"\n")
    with pytest.warns(gatewright.ChangedBuildWarning, match=changed.name):
        build.engine(level)


@needs("rtl")
def test_the_command_line_says_what_was_changed(copy: Path, tmp_path: Path, shared: Shared) -> None:
    np.save(tmp_path / "x.npy", shared.x)
    image = min((copy / "rtl" / "rom").iterdir())
    image.write_bytes(image.read_bytes() + b"\n")
    arguments = [str(copy), str(tmp_path / "x.npy"), "--level", "rtl"]
    done = CliRunner().invoke(main, ["simulate", *arguments])
    assert done.exit_code == 0
    assert f"warning: {image} is not what compile wrote; it is run as it is\n" in done.stderr


@pytest.mark.parametrize(("level", "name"), [("csim", "csim"), ("rtl", "cosim")])
def test_a_file_where_simulations_are_kept(copy: Path, level: str, name: str) -> None:
    (copy / name).touch()
    with pytest.raises(gatewright.GatewrightError, match="GW-404"):
        gatewright.Build(copy).engine(level)


def test_a_compiler_that_writes_nothing(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", shutil.which("true") or "true")
    with pytest.raises(gatewright.GatewrightError, match="GW-502"):
        gatewright.Build(copy).engine("csim")
