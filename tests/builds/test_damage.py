"""Damaged or read-only build folders, and compilers that do nothing, give coded errors."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from level_tools import every_level, needs
from shared_model import Shared

import gatewright
from gatewright.cli.commands import main

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def copy(shared: Shared, tmp_path: Path) -> Path:
    skipped = shutil.ignore_patterns("cosim", "csim", "synth")
    return Path(shutil.copytree(shared.build.path, tmp_path / "copy", ignore=skipped))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"steps": -1}'])
def test_damaged_kernels(copy: Path, text: str) -> None:
    (copy / "3_kernels.json").write_text(text)
    with pytest.raises(gatewright.GatewrightError, match="GW-402"):
        gatewright.Build(copy).engine("csim")


@pytest.mark.parametrize("name", ["gatewright.json", "3_kernels.json", "certificate.json"])
def test_brackets_without_end(copy: Path, name: str) -> None:
    (copy / name).write_text("[" * 100_000)
    with pytest.raises(gatewright.GatewrightError, match=f"GW-402.*{name}"):
        gatewright.Build(copy).report()


@pytest.mark.parametrize("fact", ["files", "multipliers", "requantizer", "board"])
def test_a_manifest_without_a_fact(copy: Path, fact: str) -> None:
    manifest = json.loads((copy / "gatewright.json").read_text())
    del manifest[fact]
    (copy / "gatewright.json").write_text(json.dumps(manifest))
    with pytest.raises(gatewright.GatewrightError, match=r"GW-402.*gatewright\.json"):
        gatewright.Build(copy)


KERNELS: dict[str, Change] = {
    "max_steps": lambda kernels: kernels.update(max_steps="5"),
    "states": lambda kernels: kernels.pop("states"),
    "state": lambda kernels: kernels.update(states={"lstm/z": kernels["states"].popitem()[1]}),
    "inputs": lambda kernels: kernels.update(inputs=[]),
    "sequence": lambda kernels: kernels["inputs"][0].update(sequence=False),
    "tensor": lambda kernels: kernels["inputs"][0].update(tensor="nix"),
    "predicted": lambda kernels: kernels.pop("predicted_cycles"),
}


BIASES = "k0_lstm_layers_0_0_bias_file.hex"


@pytest.mark.filterwarnings("ignore::gatewright.ChangedBuildWarning")
@pytest.mark.parametrize("level", every_level("csim", "rtl"))
@pytest.mark.parametrize("name", KERNELS)
def test_a_change_is_blamed(copy: Path, name: str, level: str, shared: Shared) -> None:
    kernels = json.loads((copy / "3_kernels.json").read_text())
    KERNELS[name](kernels)
    (copy / "3_kernels.json").write_text(json.dumps(kernels))
    with pytest.raises(gatewright.GatewrightError, match=r"3_kernels\.json") as caught:
        gatewright.Build(copy).simulate(shared.x, level, states=True)
    assert caught.value.code == "GW-402"


@pytest.mark.filterwarnings("ignore::gatewright.ChangedBuildWarning")
@pytest.mark.parametrize("part", ["1_traced.onnx", "2_standard.onnx"])
def test_an_empty_graph_is_named(copy: Path, part: str, shared: Shared) -> None:
    (copy / part).write_bytes(b"")
    level = part.partition("_")[2].removesuffix(".onnx")
    with pytest.raises(gatewright.GatewrightError, match=rf"GW-402.*{part}"):
        gatewright.Build(copy).simulate(shared.x, level)


@pytest.mark.filterwarnings("ignore::gatewright.ChangedBuildWarning")
@pytest.mark.parametrize(
    ("level", "part"),
    [
        ("traced", "1_traced.onnx"),
        ("standard", "2_standard.onnx"),
        pytest.param("rtl", "rtl/gw_fifo_v1.sv", marks=needs("rtl")),
        pytest.param("cxxrtl", "rtl/sources.f", marks=needs("cxxrtl")),
        pytest.param(
            "rtl", "rtl/rom/gatewright_k0_lstm_layers_0_0_bias_file.hex", marks=needs("rtl")
        ),
    ],
)
def test_a_damaged_file_is_named(copy: Path, level: str, part: str, shared: Shared) -> None:
    (copy / part).write_bytes(b"\xff\xfe")
    with pytest.raises(gatewright.GatewrightError, match=part) as caught:
        gatewright.Build(copy).simulate(shared.x, level)
    assert caught.value.code == ("GW-703" if "rom" in part else "GW-402")
    assert "report it" not in str(caught.value)


def test_damaged_graph(copy: Path) -> None:
    (copy / "2_integer.onnx").write_text("junk")
    with pytest.raises(gatewright.GatewrightError, match="GW-402"):
        gatewright.Build(copy).engine("integer")


@pytest.mark.compiles
@pytest.mark.parametrize(
    ("level", "part"),
    [
        ("standard", "2_standard.onnx"),
        ("csim", "hls/"),
        pytest.param("rtl", "rtl/rom/", marks=needs("rtl")),
        pytest.param("cxxrtl", "rtl/gw_fifo_v1.sv", marks=needs("cxxrtl")),
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


@pytest.mark.compiles
@pytest.mark.parametrize("level", ["csim", "rtl"])
def test_a_file_where_simulations_are_kept(
    copy: Path, level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").touch()
    monkeypatch.setenv("GATEWRIGHT_CACHE", str(tmp_path / "cache"))
    with pytest.raises(gatewright.GatewrightError, match=r"GW-404.*GATEWRIGHT_CACHE"):
        gatewright.Build(copy).engine(level)


@pytest.mark.compiles
def test_a_compiler_that_writes_nothing(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", shutil.which("true") or "true")
    with pytest.raises(gatewright.GatewrightError, match="GW-502"):
        gatewright.Build(copy).engine("csim")
