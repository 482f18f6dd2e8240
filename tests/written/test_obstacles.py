"""What is refused is told with its line, its own remedy, and all of it at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from click.testing import CliRunner
from torch import Tensor, nn

import gatewright
from gatewright.cli import main
from gatewright.cli.diagnosis import diagnose
from gatewright.errors import GatewrightError
from gatewright.frontend import trace
from gatewright.frontend.calibration import calibrator, observe

B, T, I, H = 4, 6, 3, 5  # noqa: E741 - the field's names


class Several(nn.Module):
    """Five calls that are refused, one behind the other."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(I, H, batch_first=True)
        self.norm = nn.LayerNorm(H)
        self.fc = nn.Linear(H, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.lstm(x)[0])
        y = F.gelu(y)
        return torch.cumsum(self.fc(y[:, -1]), -1)


def refused(model: nn.Module, *given: Tensor) -> GatewrightError:
    with pytest.raises(GatewrightError) as caught:
        trace(model.eval(), given or (torch.randn(B, T, I),))
    return caught.value


def test_all_of_them_in_the_order_of_the_code() -> None:
    error = refused(Several())
    told = [error, *error.others]
    wheres = ["lstm", "norm", "torch._C._nn.gelu", "fc", "torch.cumsum"]
    assert [e.where for e in told] == wheres
    assert all(each in str(error) for each in wheres)
    assert [other["where"] for other in error.as_dict()["others"]] == wheres[1:]
    traps = diagnose(Several().eval(), torch.randn(B, T, I))
    assert [trap.where for trap in traps if trap.fatal] == wheres


def test_each_has_its_line_and_its_own_remedy() -> None:
    error = refused(Several())
    lstm, norm, gelu, fc, cumsum = (error, *error.others)
    assert "test_obstacles.py, line" in lstm.cause
    assert "y = F.gelu(y)" in gelu.cause
    assert "self.norm(self.lstm(x)[0])" in norm.cause
    assert "--calibrate" in lstm.remedy and "gatewright.calibrate" in fc.remedy
    assert "BatchNorm1d" in norm.remedy and "hardsigmoid" in gelu.remedy
    assert "on the host" in cumsum.remedy


def test_the_command_that_is_named_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.py").write_text(
        "import torch\n"
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.lstm = nn.LSTM(3, 5, batch_first=True)\n"
        "        self.fc = nn.Linear(5, 2)\n"
        "    def forward(self, x):\n"
        "        return self.fc(self.lstm(x)[0][:, -1])\n"
        "def net():\n"
        "    return Net().eval()\n"
        "def example_input():\n"
        "    return torch.zeros(1, 6, 3)\n"
    )
    rng = np.random.default_rng(0)
    np.save(tmp_path / "data.npy", rng.normal(0, 1, (20, T, I)).astype(np.float32))
    monkeypatch.chdir(tmp_path)
    command = ["compile", "model:net", "--calibrate", "data.npy", "-o", "build"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    assert gatewright.Build("build").calibrated


class Unlisted(nn.Module):
    """Its layer is in a plain list, which torch does not look into."""

    def __init__(self, missing: bool) -> None:
        super().__init__()
        self.layers = [nn.LSTM(I, H, batch_first=True).eval()]
        self.missing = missing

    def forward(self, x: Tensor) -> Any:
        if self.missing:
            return self.nothing(x)
        return self.layers[0](x)[0]


@pytest.mark.parametrize("missing", [False, True])
def test_an_error_of_python_has_its_line(missing: bool) -> None:
    error = refused(Unlisted(missing))
    line = "return self.nothing(x)" if missing else "return self.layers[0](x)[0]"
    assert error.code == "GW-108" and f": {line})" in error.cause
    assert ("Make model(x) run by itself" if missing else "nn.ModuleList") in error.remedy


def test_data_is_example_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file by its path, without example_input(): the data has the shape."""
    (tmp_path / "nets.py").write_text(
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.lstm = nn.LSTM(3, 5, batch_first=True)\n"
        "    def forward(self, x):\n"
        "        return self.lstm(x)[0]\n"
        "def net():\n"
        "    return Net().eval()\n"
    )
    rng = np.random.default_rng(0)
    np.save(tmp_path / "data.npy", rng.normal(0, 1, (20, T, I)).astype(np.float32))
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["doctor", "nets.py:net", "--calibrate", "data.npy"])
    assert result.exit_code == 0, result.output
    for command in (["compile", "nets.py:net", "-o", "build"], ["doctor", "nets.py:net"]):
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 2
        assert "def example_input()" in result.stderr and "--calibrate" in result.stderr


def on_the_command_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two models in a file, one of which nothing makes compile, and data."""
    (folder / "model.py").write_text(
        "import torch\n"
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self, last):\n"
        "        super().__init__()\n"
        "        self.conv = nn.Conv1d(3, 4, 3, padding=1)\n"
        "        self.lstm = nn.LSTM(4, 5, batch_first=True)\n"
        "        self.last = last\n"
        "        self.fc = nn.Linear(5, 2)\n"
        "    def forward(self, x):\n"
        "        y = self.lstm(self.conv(x.mT).mT)[0]\n"
        "        return self.fc(self.last(y[:, -1]))\n"
        "def net():\n"
        "    return Net(nn.ReLU()).eval()\n"
        "def normed():\n"
        "    return Net(nn.LayerNorm(5)).eval()\n"
        "def example_input():\n"
        "    return torch.zeros(1, 6, 3)\n"
    )
    rng = np.random.default_rng(0)
    np.save(folder / "data.npy", rng.normal(0, 1, (20, T, I)).astype(np.float32))
    monkeypatch.chdir(folder)


def test_compile_prints_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_the_command_line(tmp_path, monkeypatch)
    result = CliRunner().invoke(main, ["compile", "model:net", "-o", "build"])
    assert result.exit_code == 2
    places = [line.split()[1] for line in result.stderr.splitlines() if "  Where: " in line]
    assert places == ["conv", "lstm", "last", "fc"]
    assert result.stderr.count("--calibrate data.npy") == 4


def test_doctor_sees_what_calibration_would_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_the_command_line(tmp_path, monkeypatch)
    command = ["doctor", "--calibrate", "data.npy", "--bits", "cell_state=12"]
    sound = CliRunner().invoke(main, [*command, "model:net"])
    assert sound.exit_code == 0, sound.output
    assert "no trap found" in sound.stdout
    normed = CliRunner().invoke(main, [*command, "model:normed"])
    assert normed.exit_code == 1
    assert "BatchNorm1d" in normed.stdout and "last" in normed.stdout
    assert "Where:  lstm" not in normed.stdout, "calibration takes that"
    (tmp_path / "none.npy").write_bytes(b"")
    unread = CliRunner().invoke(main, ["doctor", "model:net", "--calibrate", "none.npy"])
    assert unread.exit_code == 2 and "GW-604" in unread.stderr
    assert CliRunner().invoke(main, command).exit_code == 2


def test_a_quant_lstm_called_as_torchs() -> None:
    class Called(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = qnn.QuantLSTM(I, H, batch_first=True)

        def forward(self, x: Tensor, h: Tensor, c: Tensor) -> Any:
            return self.lstm(x, (h, c))[0]

    states = [torch.zeros(1, B, H)] * 2
    error = refused(Called(), torch.randn(B, T, I), *states)
    assert error.code == "GW-108"
    assert "reads the tuple as h alone" in error.cause
    assert "lstm(x, h, c)" in error.remedy


class Stepped(nn.Module):
    """A loop over time with a cell, which does more than to step."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(I, H)
        self.fc = nn.Linear(H, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = c = torch.zeros(x.size(0), H)
        for step in range(x.size(1)):
            h, c = self.cell(x[:, step], (F.relu(h), c))
        return self.fc(F.elu(h))


def test_calibration_refuses_at_once_what_never_compiles() -> None:
    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(Stepped().eval(), torch.randn(B, T, I))
    told = [caught.value, *caught.value.others]
    assert [e.where for e in told] == ["cell", "torch.nn.functional.elu"]
    assert "nn.LSTM" in told[0].remedy and "weight_ih_l0" in told[0].remedy
    assert "self.cell(x[:, step], (F.relu(h), c))" in told[0].cause


class Never(nn.Module):
    """What compiles after calibration, and three things that do not."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(I, H, batch_first=True)
        self.small = nn.LSTM(H, H, proj_size=2, batch_first=True)
        self.norm = nn.LayerNorm(2)
        self.fc = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.small(F.relu(self.lstm(x)[0]))[0])
        return torch.cumsum(self.fc(y), 1)


def test_calibration_runs_no_data_through_what_never_compiles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(*_: Any) -> None:
        raise AssertionError("data is run")

    monkeypatch.setattr(observe, "run", run)
    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(Never().eval(), torch.randn(B, T, I))
    told = [caught.value, *caught.value.others]
    assert [e.where for e in told] == ["small", "norm", "torch.cumsum"]
    assert [e.code for e in told] == ["GW-109", "GW-101", "GW-108"]
    assert "proj_size=0" in told[0].remedy and "same step" in told[0].cause


def test_calibration_refuses_steps_that_no_kernel_takes_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Middle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(I, H, batch_first=True)
            self.fc = nn.Linear(2 * H, 2)

        def forward(self, x: Tensor) -> Tensor:
            out = self.lstm(x)[0]
            return self.fc(out.reshape(-1, 2 * H))

    monkeypatch.setattr(calibrator, "explore", lambda *_: pytest.fail("widths are looked at"))
    with pytest.raises(GatewrightError, match="GW-108"):
        gatewright.calibrate(Middle().eval(), torch.randn(B, T, I))


def test_doctor_lists_what_is_left_after_calibration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "left.py").write_text(
        "import torch, torch.nn.functional as F\n"
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self, act):\n"
        "        super().__init__()\n"
        "        self.lstm = nn.LSTM(3, 5, batch_first=True)\n"
        "        self.fc = nn.Linear(5, 2)\n"
        "        self.act = act\n"
        "    def forward(self, x):\n"
        "        return self.fc(self.act(self.lstm(x)[0][:, -1]))\n"
        "def good():\n"
        "    return Net(F.relu).eval()\n"
        "def bad():\n"
        "    return Net(F.gelu).eval()\n"
        "def example_input():\n"
        "    return torch.zeros(1, 6, 3)\n"
    )
    rng = np.random.default_rng(0)
    np.save(tmp_path / "data.npy", rng.normal(0, 1, (20, T, I)).astype(np.float32))
    monkeypatch.chdir(tmp_path)

    def doctor(*arguments: str) -> tuple[int, list[str]]:
        result = CliRunner().invoke(main, ["doctor", *arguments, "--json"])
        return result.exit_code, [trap["where"] for trap in json.loads(result.output)]

    calibrate = ("--calibrate", "data.npy")
    assert doctor("left:bad") == (1, ["lstm", "torch._C._nn.gelu", "fc"])
    assert doctor("left:bad", *calibrate) == (1, ["torch._C._nn.gelu"])
    assert doctor("left:good", *calibrate) == (0, [])
    result = CliRunner().invoke(main, ["doctor", "left:good", "--calibrate", "none.npy"])
    assert result.exit_code == 2 and "GW-604" in result.output
    assert CliRunner().invoke(main, ["doctor", *calibrate]).exit_code == 2


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (nn.GRU(I, H, batch_first=True), "nn.LSTM or nn.RNN"),
        (nn.LSTMCell(I, H), "weight_ih_l0"),
        (nn.GELU(), "hardsigmoid"),
        (nn.LayerNorm(I), "BatchNorm1d"),
    ],
)
def test_layers_with_a_remedy_of_their_own(layer: nn.Module, words: str) -> None:
    class One(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: Tensor) -> Any:
            return self.layer(x)

    error = refused(One())
    assert error.code == "GW-101" and error.where == "layer"
    assert words in error.remedy
