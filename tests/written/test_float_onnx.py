"""Float files of torch.onnx.export: read as torch modules, calibrated, and exact from there on."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from click.testing import CliRunner
from commit_choice import crossed, drawn
from level_tools import needs
from onnx import helper
from torch import Tensor, nn

import gatewright
from gatewright.cli import main
from gatewright.errors import GatewrightError
from gatewright.frontend import load_float
from gatewright.frontend.onnx.plain import recurrent

pytestmark = pytest.mark.compiles

B, T, I, H = 40, 6, 4, 5  # noqa: E741 - the field's names
LEVELS = ("traced", "integer", "standard")
EXPORTERS = {"torchscript": False, "dynamo": True}


class Written(nn.Module):
    """Layers, and what a forward() makes of them."""

    def __init__(self, forward: Callable[..., Any], **options: Any) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(I)
        with torch.no_grad():
            self.norm.running_mean.uniform_(-0.5, 0.5)
            self.norm.running_var.uniform_(0.5, 2)
        self.inp = nn.Linear(I, I)
        self.conv = nn.Conv1d(I, I, 3, padding=1)
        self.pool = nn.MaxPool1d(2)
        self.mean = nn.AvgPool1d(3)
        self.lstm = nn.LSTM(**{"input_size": I, "hidden_size": H, "batch_first": True, **options})
        self.rnn = nn.RNN(I, H, 2, "relu", batch_first=True, bidirectional=True)
        self.small = nn.RNN(I, H)
        self.table = nn.Embedding(7, I)
        both = 2 if options.get("bidirectional") else 1
        self.fc = nn.Linear(both * H, 3)
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


class WithStates(Written):
    """The same with states h and c as arguments."""

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> Any:
        return self._forward(self, x, h, c)


class WithState(Written):
    """The same with a state h as argument."""

    def forward(self, x: Tensor, h: Tensor) -> Any:
        return self._forward(self, x, h)


def front(m: Any, x: Tensor) -> Tensor:
    y = F.relu(m.pool(m.conv(F.pad(x.transpose(1, 2), (1, 0)))))
    return m.fc(m.small(y.permute(2, 0, 1))[0].amax(0))


def behind(m: Any, x: Tensor) -> Tensor:
    y = m.lstm(torch.sigmoid(m.inp(x)))[0]
    return m.fc(m.mean(y.transpose(1, 2)).mean(-1))


def normalized(m: Any, x: Tensor) -> Tensor:
    y = m.norm(x.transpose(1, 2)).transpose(1, 2)
    return F.softmax(m.fc(m.lstm(torch.tanh(m.inp(y)))[0].sum(1)), dim=-1)


def rows(m: Any, x: Tensor) -> Tensor:
    out = m.lstm(x, (torch.zeros(2, x.size(0), H),) * 2)[0]
    return m.fc(out.reshape(-1, 2 * H)).view(x.size(0), -1, 3)


def residual(m: Any, x: Tensor) -> Any:
    y = m.inp(x)
    out = y + m.lstm(torch.cat((y, x), -1))[0]
    return out[:, -1], out.mean(1)


Model = tuple[Callable[..., Any], dict[str, Any]]
MODELS: dict[str, Model] = {
    "last step": (lambda m, x: m.fc(m.lstm(x)[0][:, -1]), {}),
    "stack and its states": (lambda m, x: m.lstm(x), {"num_layers": 2, "bidirectional": True}),
    "ends of directions": (
        lambda m, x: m.fc(torch.cat(tuple(m.lstm(x)[1][0][-2:]), 1)),
        {"num_layers": 2, "bidirectional": True},
    ),
    "states as inputs": (
        lambda m, x, h, c: m.lstm(x, (h, c))[0],
        {"num_layers": 2, "bias": False},
    ),
    "rnn and its states": (lambda m, x: m.rnn(x), {}),
    "rnn from a state": (lambda m, x, h: m.small(x.transpose(0, 1), h)[1][0], {}),
    "embedding": (lambda m, x: m.fc(m.lstm(m.table(x))[0]), {}),
    "time first": (lambda m, x: m.fc(m.lstm(x)[0][-1]), {"batch_first": False}),
    "convolution before": (front, {}),
    "pool behind": (behind, {}),
    "normalized, softmax": (normalized, {}),
    "rows of all steps": (rows, {"bidirectional": True}),
    "residual, two outputs": (residual, {"input_size": 2 * I, "hidden_size": I}),
}
STATES: dict[str, Any] = {"states as inputs": WithStates, "rnn from a state": WithState}


def made(name: str) -> nn.Module:
    torch.manual_seed(0)
    forward, options = MODELS[name]
    kind = STATES.get(name, Written)
    return kind(forward, **options).eval()


def data(name: str, count: int = B, seed: int = 0) -> tuple[np.ndarray, ...]:
    """The arguments of a model, random."""
    rng = np.random.default_rng(seed)
    shape = (T, count, I) if name == "time first" else (count, T, I)
    x = rng.normal(0, 1.2, shape).astype(np.float32)
    if name == "embedding":
        return (rng.integers(0, 7, shape[:2]),)
    if name not in STATES:
        return (x,)
    states = rng.normal(0, 0.3, (2, 2, count, H)).astype(np.float32)
    return (x, *states) if name == "states as inputs" else (x, states[0, :1])


def given(arrays: tuple[np.ndarray, ...]) -> Any:
    return arrays if len(arrays) > 1 else arrays[0]


def exported(model: nn.Module, arrays: Any, path: Path, exporter: str, **options: Any) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own deprecations, and what it says of packages
        torch.onnx.export(
            *(model, tuple(map(torch.from_numpy, arrays)), str(path)),
            dynamo=EXPORTERS[exporter],
            verbose=False,
            **options,
        )
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Each model's file, of two sequences, written once."""
    folder, known = tmp_path_factory.mktemp("files"), {}

    def get(name: str, exporter: str) -> Path:
        key = f"{list(MODELS).index(name)}_{exporter}"
        if key not in known:
            path = folder / f"{key}.onnx"
            known[key] = exported(made(name), data(name, 2), path, exporter)
        return known[key]

    return get


@pytest.mark.parametrize(("name", "exporter"), drawn(crossed(MODELS, [*EXPORTERS]), 2, "rotating"))
def test_the_module_computes_what_the_file_does(name: str, exporter: str, file: Any) -> None:
    path, arrays = file(name, exporter), data(name)
    module = load_float(path)
    layers = [m for m in module.children() if isinstance(m, nn.LSTM | nn.RNN)]
    assert len(layers) == 1, "one layer, however many nodes the exporter makes of it"
    with torch.no_grad():
        ours = module(*map(torch.from_numpy, arrays))
        wanted = made(name)(*map(torch.from_numpy, arrays))
    session = onnxruntime.InferenceSession(path)
    feeds = {
        i.name: a[tuple(slice(0, n) for n in i.shape)]
        for i, a in zip(session.get_inputs(), arrays, strict=True)
    }
    theirs = session.run(None, feeds)
    flat = [ours] if isinstance(ours, Tensor) else list(ours)
    for a, b in zip(flat, theirs, strict=True):
        first = a.numpy()[tuple(slice(0, n) for n in b.shape)]
        assert np.abs(first - b).max() <= 1e-6 * max(1.0, np.abs(b).max())
    for a, b in zip(flat, _flat(wanted), strict=True):  # the other sequences, which it never saw
        assert a.shape == b.shape and float((a - b).abs().max()) <= 1e-6 * max(
            1.0, float(b.abs().max())
        )


def _flat(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    return [tensor for part in value for tensor in _flat(part)]


def test_a_stack_is_one_layer(file: Any) -> None:
    module = load_float(file("stack and its states", "dynamo"))
    (lstm,) = module.children()
    assert (lstm.num_layers, lstm.bidirectional, lstm.batch_first) == (2, True, True)
    assert "permute" not in module.code and "cat" not in module.code


@pytest.mark.parametrize("name", drawn(MODELS, 4, "written"))
def test_every_level_agrees(name: str, tmp_path: Path, file: Any) -> None:
    exporter = ("torchscript", "dynamo")[list(MODELS).index(name) % 2]
    path = file(name, exporter)
    result = gatewright.calibrate(path, given(data(name)))
    assert result.output_error.relative < 0.25, result
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    report = build.verify(given(data(name, seed=1)), model=result.model, levels=LEVELS)
    assert report.mismatches == 0, report.divergence
    assert all(c.compared["output"] > 0 for c in report.comparisons)


@needs("rtl")
def test_in_hardware(tmp_path: Path, file: Any) -> None:
    name = "ends of directions"
    path = file(name, "dynamo")
    build = gatewright.compile(path, None, tmp_path / "b", calibration=given(data(name)))
    report = build.verify(given(data(name, 20, 1)), levels=("integer", "csim", "rtl"))
    assert report.mismatches == 0, report.divergence


def test_file_and_module_give_the_same_integers(tmp_path: Path, file: Any) -> None:
    name = "last step"
    x = given(data(name))
    results = [gatewright.calibrate(m, x) for m in (made(name), file(name, "torchscript"))]
    builds = [gatewright.compile(r, output_dir=tmp_path / f"{i}") for i, r in enumerate(results)]
    a, b = (build.simulate(x, "integer", raw=True) for build in builds)
    assert np.array_equal(a, b) and len(np.unique(a)) > 10


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_open_sizes_are_those_of_the_data(exporter: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {"dynamic_axes": {"x": {0: "b", 1: "t"}}, "input_names": ["x"]}
    if exporter == "dynamo":
        options = {"dynamic_shapes": {"x": {0: torch.export.Dim("b")}}}
    model = made("rows of all steps")
    path = exported(model, data("", 3), tmp_path / "open.onnx", exporter, **options)
    x = given(data("", 7))
    module = load_float(path, [x.shape])
    with torch.no_grad():
        tensor = torch.from_numpy(x)
        assert float((module(tensor) - model(tensor)).abs().max()) < 1e-6
    batches = (part for part in torch.from_numpy(x).split(4))  # a generator, which is not used up
    assert gatewright.calibrate(path, batches).sequences == 7


# Commands


def test_the_command_calibrates_and_compiles_a_file(tmp_path: Path, file: Any) -> None:
    path = file("last step", "torchscript")
    np.save(tmp_path / "x.npy", given(data("")))
    calibrate = ["--calibrate", str(tmp_path / "x.npy")]
    runner, folder = CliRunner(), str(tmp_path / "build")
    result = runner.invoke(main, ["compile", str(path), *calibrate, "-o", folder])
    assert result.exit_code == 0, result.output
    verify = ["verify", folder, str(tmp_path / "x.npy"), "--model", str(path), *calibrate]
    result = runner.invoke(main, [*verify, "--levels", "traced,integer"])
    assert result.exit_code == 0, result.output


def test_without_data_it_says_calibrate(tmp_path: Path, file: Any) -> None:
    path = file("convolution before", "dynamo")
    with pytest.raises(GatewrightError, match="GW-303") as caught:
        gatewright.compile(path, output_dir=tmp_path / "build")
    assert "gatewright compile FILE --calibrate data.npy" in caught.value.remedy
    result = CliRunner().invoke(main, ["doctor", str(path)])
    assert result.exit_code == 1 and "--calibrate data.npy" in result.output.replace("\n", " ")


# Refusals


class Refused(nn.Module):
    """What no reader takes, several times."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(I, H, batch_first=True)
        self.fc = nn.Linear(H, 3)

    def forward(self, x: Tensor) -> Any:
        y = F.elu(self.fc(self.gru(F.softplus(x))[0]))
        return torch.cumsum(y, 1)


def test_all_that_is_not_read_is_told_at_once(tmp_path: Path) -> None:
    x = np.zeros((2, T, I), np.float32)
    path = exported(Refused().eval(), (x,), tmp_path / "m.onnx", "torchscript")
    with pytest.raises(GatewrightError) as caught:
        load_float(path)
    told = [caught.value, *caught.value.others]
    assert [e.code for e in told] == ["GW-205"] * 4
    assert [e.where for e in told] == ["/Softplus", "/gru/GRU", "/Elu", "/CumSum"]
    words = ("hardsigmoid", "nn.LSTM or nn.RNN", "hardsigmoid", "on the host")
    assert all(word in e.remedy for word, e in zip(words, told, strict=True))


def edited(path: Path, op: str, **attributes: Any) -> onnx.ModelProto:
    model = onnx.load(path)
    node = next(n for n in reversed(model.graph.node) if n.op_type == op)
    for key, value in attributes.items():
        kept = [a for a in node.attribute if a.name != key]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute(key, value)])
    return model


FORMS = {
    "direction": ("LSTM", {"direction": "reverse"}, "direction=reverse"),
    "layout": ("LSTM", {"layout": 1}, "layout"),
    "coupled": ("LSTM", {"input_forget": 1}, "coupled"),
    "clip": ("LSTM", {"clip": 1.0}, "clip"),
    "alpha": ("Gemm", {"alpha": 2.0}, "scales"),
    "batch": ("Gather", {"axis": 0}, "batch"),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms_that_are_not_read(name: str, file: Any) -> None:
    op, attributes, words = FORMS[name]
    with pytest.raises(GatewrightError, match="GW-205") as caught:
        load_float(edited(file("last step", "torchscript"), op, **attributes))
    assert words in caught.value.cause


class TwoSequences(nn.Module):
    """An encoder and a decoder, each of a sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.LSTM(I, H, batch_first=True)
        self.second = nn.LSTM(I, H, batch_first=True)

    def forward(self, x: Tensor, z: Tensor) -> Any:
        return self.second(z, self.first(x)[1])[0]


class Cells(nn.Module):
    """A loop of cells."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(I, H)

    def forward(self, x: Tensor) -> Any:
        h = c = torch.zeros(x.size(0), H)
        for t in range(T):
            h, c = self.cell(x[:, t], (h, c))
        return h


OF_MODULES: dict[str, tuple[nn.Module, int, str, str]] = {
    "two sequences": (TwoSequences(), 2, "GW-106", "it is a second sequence [3, 6, 4]"),
    "cells": (Cells(), 1, "GW-205", "it cuts the gates of a cell"),
}
"""A module that is calibrated itself, its arguments, and what is said of its file."""


@pytest.mark.parametrize("name", OF_MODULES)
def test_what_only_the_module_itself_tells(name: str, tmp_path: Path) -> None:
    module, count, code, words = OF_MODULES[name]
    data = [np.random.default_rng(0).normal(0, 1, (3, T, I)).astype(np.float32)] * count
    path = exported(module.eval(), tuple(data), tmp_path / "m.onnx", "torchscript")
    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(path, tuple(data) if count > 1 else data[0])
    assert caught.value.code == code and words in caught.value.cause
    assert "Calibrate the torch module itself" in caught.value.remedy
    gatewright.calibrate(module, tuple(data) if count > 1 else data[0])


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_a_clamp_from_0_on_is_a_relu(exporter: str, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(0, 1, (8, T, I)).astype(np.float32)
    forwards = (
        lambda m, x: m.fc(m.lstm(x)[0].clamp(min=0)),
        lambda m, x: m.fc(F.relu(m.lstm(x)[0])),
    )
    results = []
    for number, forward in enumerate(forwards):
        torch.manual_seed(0)
        path = exported(Written(forward).eval(), (x,), tmp_path / f"{number}.onnx", exporter)
        model = gatewright.calibrate(path, x).model
        with torch.no_grad():
            results.append(model(torch.from_numpy(x)).numpy())
    assert np.array_equal(*results)


def test_an_obstacle_in_a_file_names_its_node(tmp_path: Path) -> None:
    def halves(m: Any, x: Tensor) -> Tensor:
        y = m.lstm(x)[0]
        return m.fc(torch.cat((y[..., 2:], y[..., :2]), -1))

    x = np.zeros((2, T, I), np.float32)
    path = exported(Written(halves).eval(), (x,), tmp_path / "m.onnx", "torchscript")
    with pytest.raises(GatewrightError, match=r"GW-108.*\(node /") as caught:
        gatewright.calibrate(path, np.random.default_rng(0).normal(0, 1, (8, T, I)))
    assert "line" not in caught.value.cause


def test_a_reading_that_is_wrong_is_seen(file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(recurrent._GATES, "LSTM", (0, 1, 2, 3))
    with pytest.raises(GatewrightError, match="GW-110") as caught:
        load_float(file("last step", "torchscript"))
    assert "ONNX Runtime" in caught.value.cause
