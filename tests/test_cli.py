"""The command line, as a user types it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from shared_model import Shared

import gatewright
from gatewright.cli import main

MODEL = '''
"""A tiny model folder."""
import numpy as np
import torch
from shared_model import Shared


def model():
    return Shared.network()


def example_input():
    return torch.zeros(1, Shared.STEPS, Shared.INPUTS)


def pair():
    return model(), example_input()


def dataset(split):
    x = np.random.default_rng(0).normal(size=(8, Shared.STEPS, Shared.INPUTS)).astype(np.float32)
    with torch.no_grad():
        return x, model()(torch.from_numpy(x)).argmax(1).numpy()
'''


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a model.py, as examples/digits."""
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "model.py").write_text(MODEL)
    return tmp_path / "tiny"


@pytest.fixture
def inputs(shared: Shared, tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", shared.x)
    return tmp_path / "x.npy"


def test_compile_a_folder(folder: Path, tmp_path: Path) -> None:
    done = call("compile", folder, "-o", tmp_path / "b", "--multipliers", 64)
    assert done.exit_code == 0, done.output
    assert "recurrent" in done.output
    assert "cycles for a sequence of 6 steps" in done.output
    assert gatewright.Build(tmp_path / "b").kernels["kernels"][0]["multipliers"] <= 64


def test_compile_a_file_to_json(shared: Shared, tmp_path: Path) -> None:
    model = shared.build.path / "1_traced.onnx"
    done = call("compile", model, "-o", tmp_path / "b", "--json")
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert facts["kernels"][0]["kind"] == "recurrent"
    again = gatewright.Build(tmp_path / "b")
    expected = shared.build.simulate(shared.x, "integer", raw=True)
    assert np.array_equal(again.simulate(shared.x, "integer", raw=True), expected)


def test_compile_a_factory(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(folder / "model.py", tmp_path / "factories.py")
    monkeypatch.syspath_prepend(tmp_path)
    done = call("compile", "factories:pair", "-o", tmp_path / "b", "--requantizer", "thresholds")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("level", gatewright.LEVELS)
def test_simulate_each_level(level: str, shared: Shared, inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "y.npy"
    done = call("simulate", shared.build.path, inputs, "--level", level, "--raw", "-o", out)
    assert done.exit_code == 0, done.output
    expected = shared.build.simulate(shared.x, "integer", raw=True)
    assert np.array_equal(np.load(out), expected)


def test_simulate_with_states(shared: Shared, inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "y.npz"
    done = call("simulate", shared.build.path, inputs, "--states", "-o", out)
    assert done.exit_code == 0, done.output
    stored = np.load(out)
    y, states = shared.build.simulate(shared.x, states=True)
    assert np.array_equal(stored["y"], y)
    assert all(np.array_equal(stored[name], value) for name, value in states.items())


def test_simulate_to_json(shared: Shared, inputs: Path) -> None:
    done = call("simulate", shared.build.path, inputs, "--json", "--raw")
    assert np.array_equal(json.loads(done.stdout)["y"], shared.build.simulate(shared.x, raw=True))


def test_simulate_prints_without_an_output(shared: Shared, inputs: Path) -> None:
    done = call("simulate", shared.build.path, inputs, "--level", "integer")
    assert done.exit_code == 0
    assert "[[" in done.stdout


def test_verify_a_good_build(shared: Shared, folder: Path) -> None:
    done = call("verify", shared.build.path, "--model", folder)
    assert done.exit_code == 0, done.output
    assert "PASS" in done.output
    assert "100.00%" in done.output


def test_verify_a_broken_build(shared: Shared, tmp_path: Path) -> None:
    shutil.copytree(shared.build.path, tmp_path / "b")
    header = tmp_path / "b" / "hls" / "params.hpp"
    text = header.read_text()
    at = text.index("k0_lstm_layers_0_0_cell_gate_table[")
    begin = text.index("{", at) + 1
    end = text.index(",", begin)
    header.write_text(text[:begin] + str(int(text[begin:end]) + 1) + text[end:])
    done = call("verify", tmp_path / "b", "--levels", "integer,csim")
    assert done.exit_code == 1, done.output
    assert "FAIL" in done.output
    words = " ".join(done.output.split())
    assert "layer lstm.layers.0.0 (forward), step 0, cell gate, unit" in words
    as_json = call("verify", tmp_path / "b", "--levels", "integer,csim", "--json")
    assert as_json.exit_code == 1
    report: dict[str, Any] = json.loads(as_json.stdout)
    assert report["mismatches"] > 0
    assert report["levels"][0]["divergence"]["gate"] == "cell"


def test_doctor() -> None:
    done = call("doctor")
    assert done.exit_code == 0, done.output
    assert "C++ compiler" in done.output
    tools = {t["name"]: t for t in json.loads(call("doctor", "--json").stdout)}
    assert tools["onnx"]["found"]
    assert tools["onnx"]["enables"]


def test_demo_on_another_folder(folder: Path, tmp_path: Path) -> None:
    done = call("demo", folder, "-o", tmp_path / "b")
    assert done.exit_code == 0, done.output
    assert "Accuracy" in done.output
    assert "not one integer differs" in done.output or "boundary" in done.output


@pytest.mark.parametrize("command", [[], *([c] for c in main.commands)])
def test_help(command: list[str]) -> None:
    done = call(*command, "-h")
    assert done.exit_code == 0
    assert "Usage:" in done.output


def test_an_error_is_coded_and_leaves_with_2(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gatewright", "compile", str(tmp_path / "no.onnx"), "-o", "b"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert "GW-201" in done.stderr
    assert "no.onnx" in done.stderr
    assert "Remedy" in done.stderr
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "GW-201"
    assert not (tmp_path / "b").exists()


def test_an_array_that_cannot_be_read(shared: Shared, tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_text("no array")
    done = call("simulate", shared.build.path, tmp_path / "x.npy")
    assert done.exit_code == 2
    assert "GW-601" in done.stderr
    done = call("simulate", shared.build.path, tmp_path / "x.npy", "--json")
    assert json.loads(done.stdout)["error"]["where"].endswith("x.npy")
