"""The digits example with 4-bit weights: calibrated, compiled, verified, and its accuracy."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("brevitas")
pytest.importorskip("sklearn")

import torch
from click.testing import CliRunner
from hasty import hasty_environment

import gatewright
from gatewright.cli.commands import main

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "digits"
LOSS = 0.01


@pytest.fixture(scope="module")
def digits() -> ModuleType:
    spec = importlib.util.spec_from_file_location("digits_weight_only", FOLDER / "model.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def result(digits: ModuleType) -> gatewright.Calibration:
    x, y = digits.dataset("train")
    return gatewright.calibrate(digits.weight_only(), x, labels=y)


def accuracy(model: Any, x: np.ndarray, y: np.ndarray) -> float:
    with torch.no_grad():
        return float((model(torch.from_numpy(x)).argmax(1).numpy() == y).mean())


def test_the_model_is_weight_only_with_four_bits(digits: ModuleType) -> None:
    net = digits.weight_only()
    layer = net.lstm.layers[0][0]
    assert float(layer.cell_gate_params.input_weight.weight_quant.bit_width()) == 4
    assert float(net.fc.weight_quant.bit_width()) == 4
    assert not layer.io_quant.is_quant_enabled
    assert digits.WEIGHT_ONLY_WEIGHTS.stat().st_size < 200_000


def test_calibration_loses_at_most_one_point(
    digits: ModuleType, result: gatewright.Calibration, tmp_path: Path
) -> None:
    x, y = digits.dataset("test")
    before, after = accuracy(digits.weight_only(), x, y), accuracy(result.model, x, y)
    print(f"test split: {before:.2%} with float activations, {after:.2%} with 8 bits")
    assert before >= 0.95
    assert after >= before - LOSS
    build = gatewright.compile(result, output_dir=tmp_path / "b")
    report = build.verify(x, model=result.model, labels=y)
    assert report.mismatches == 0
    assert report.accuracy == dict.fromkeys(("torch", *gatewright.FAST_LEVELS), after)


@pytest.mark.parametrize("options", [{"method": "mse"}, {"scale": "power_of_two"}])
def test_the_other_ways_lose_as_little(digits: ModuleType, options: dict[str, Any]) -> None:
    x, y = digits.dataset("test")
    found = gatewright.calibrate(digits.weight_only(), digits.dataset("train")[0], **options)
    assert accuracy(found.model, x, y) >= accuracy(digits.weight_only(), x, y) - LOSS


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "gatewright", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=hasty_environment(FOLDER),
    )


def test_the_command_line_calibrates_and_verifies(
    result: gatewright.Calibration, tmp_path: Path
) -> None:
    name = "model:weight_only"
    done = run(tmp_path, "compile", name, "--calibrate", "train", "-o", "b")
    assert done.returncode == 0, done.stderr
    assert "11 quantizers placed from 1,257 sequences" in done.stdout
    assert "Accuracy: 99." in done.stdout
    stored = json.loads((tmp_path / "b" / "calibration.json").read_text())
    assert stored["placed"] == result.to_json()["placed"]
    arguments = ("--model", name, "--calibrate", "train", "--levels", "traced,integer")
    done = run(tmp_path, "verify", "b", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS: " in done.stdout


def test_the_command_line_takes_a_file_of_sequences(digits: ModuleType, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", digits.dataset("train")[0][:64])
    done = run(tmp_path, "compile", "model:weight_only", "--calibrate", "x.npy", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)["calibration"]
    assert facts["sequences"] == 64 and facts["accuracy_after"] is None


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("compile", "model:weight_only"), "GW-107"),
        (("compile", "model:weight_only", "--calibrate", "missing.npy"), "GW-604"),
        (("compile", "model:weight_only", "--calibrate", "no_such_split"), "GW-603"),
        (("verify", "b", "--calibrate", "train"), "--model"),
    ],
)
def test_what_the_command_line_refuses(
    arguments: tuple[str, ...],
    code: str,
    digits: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setitem(sys.modules, "model", digits)
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2 and code in done.stderr


def test_a_split_of_a_model_without_dataset(tmp_path: Path) -> None:
    (tmp_path / "bare.py").write_text("def f(): return None, None\n")
    done = run(tmp_path, "compile", "bare:f", "--calibrate", "train")
    assert done.returncode == 2 and "GW-604" in done.stderr
