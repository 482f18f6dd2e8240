"""Models and calibration data as a command line names them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from gatewright.cli.commands import main

MODELS = """
import torch
from torch import nn


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.LSTM(3, 4, batch_first=True)
        self.second = nn.LSTM(2, 4, batch_first=True)
        self.fc = nn.Linear(4, 2)

    def forward(self, x, z):
        return self.fc(self.second(z, self.first(x)[1])[0][:, -1])


torch.manual_seed(0)
net = Two().eval()


def make():
    return net
"""


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "m.py").write_text(MODELS)
    return tmp_path / "m.py"


def saved(folder: Path, **arrays: int) -> Path:
    """Sequences of so many features each, by their names."""
    rng = np.random.default_rng(0)
    made = {k: rng.normal(0, 1, (8, 5, n)).astype(np.float32) for k, n in arrays.items()}
    np.savez(folder / "data.npz", **made)
    return folder / "data.npz"


@pytest.mark.compiles
@pytest.mark.parametrize("factory", ["net", "make"])
def test_a_module_and_arguments_by_name(factory: str, file: Path, tmp_path: Path) -> None:
    data = saved(tmp_path, z=2, x=3)  # in whatever order
    done = call("compile", f"{file}:{factory}", "--calibrate", data, "-o", tmp_path / "b")
    assert done.exit_code == 0, done.output
    done = call("simulate", tmp_path / "b", data, "-o", tmp_path / "y.npy")
    assert done.exit_code == 0, done.output
    assert np.load(tmp_path / "y.npy").shape == (8, 2)


def test_other_names_are_told_those_of_forward(file: Path, tmp_path: Path) -> None:
    data = saved(tmp_path, arr_0=3, arr_1=2)
    given = ("compile", f"{file}:net", "--calibrate", data, "-o", tmp_path / "b", "--json")
    error = json.loads(call(*given).stdout)["error"]
    assert error["code"] == "GW-604"
    assert "it takes x, z" in error["cause"] and "numpy.savez" in error["remedy"]
    error = json.loads(call(*(str(g).replace(".npz", ".csv") for g in given)).stdout)["error"]
    assert error["code"] == "GW-604" and ".npz" in error["remedy"]


def test_one_array_under_the_name_of_several(file: Path, tmp_path: Path) -> None:
    data = tmp_path / "x.npz"
    with data.open("wb") as opened:
        np.save(opened, np.zeros((8, 5, 3), np.float32))
    given = ("compile", f"{file}:net", "--calibrate", data, "-o", tmp_path / "b", "--json")
    done = call(*given)
    assert done.exit_code == 2 and json.loads(done.stdout)["error"]["code"] == "GW-604"
