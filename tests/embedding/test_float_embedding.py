"""A character model as people write it, float: calibrated, compiled, trained on, at every level."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from brevitas import quant
from click.testing import CliRunner, Result
from embedding_models import Net
from level_tools import needs
from torch import Tensor, nn

import gatewright
from gatewright.cli.commands import main
from gatewright.frontend import trace

pytestmark = pytest.mark.compiles

SOURCE = '''
"""Predicts the next character."""
import torch
from torch import nn

CHARACTERS = " abcdefghijklmnopqrstuvwxyz.,;'"


class CharModel(nn.Module):
    def __init__(self, characters=len(CHARACTERS), features=6, hidden=7):
        super().__init__()
        self.emb = nn.Embedding(characters, features, padding_idx=0)
        self.drop = nn.Dropout(0.2)
        self.lstm = nn.LSTM(features, hidden, num_layers=2, batch_first=True)
        self.head = nn.Linear(hidden, characters)

    def forward(self, tokens):
        out, _ = self.lstm(self.drop(self.emb(tokens)))
        return self.head(out)


def model():
    torch.manual_seed(0)
    return CharModel().eval()


def example_input():
    return torch.zeros(1, 9, dtype=torch.int64)
'''
N, T = 31, 9
INT64 = onnx.TensorProto.INT64


def tokens(sequences: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, N, (sequences, T))


def char_model() -> nn.Module:
    written: dict[str, Any] = {}
    exec(SOURCE, written)
    made: nn.Module = written["model"]()
    return made


@needs("rtl")
def test_a_character_model_at_every_level(tmp_path: Path) -> None:
    found = gatewright.calibrate(char_model(), tokens(64), weight_scale="per_channel")
    assert found.output_error.relative < 0.05
    (table,) = (p for p in found.placed if p.name == "emb.weight_quant")
    assert table.scale > 0, "one for all rows, whatever is asked for"
    build = gatewright.compile(found.model, found.example_input, tmp_path / "build")
    gatewright.check(build)
    x = tokens(10, seed=1)
    levels = ("traced", "integer", "standard", "csim", "rtl")
    report = build.verify(x, model=found.model, levels=levels)
    assert report.mismatches == 0, report.divergence
    assert all(c.compared["output"] for c in report.comparisons)
    y, stats = build.simulate(x, level="rtl", return_stats=True)
    assert set(stats.cycles_per_sequence) == {build.kernels.predicted_cycles}
    # A character a call, as a text is written.
    with build.stream("csim") as stream:
        pieces = [stream(x[:1, step : step + 1]) for step in range(T)]
    assert np.array_equal(np.concatenate(pieces, 1), y[:1])


def test_widths_are_searched_and_training_goes_on() -> None:
    """Classes of each step beside integers as inputs, in batches; the integers have no width."""
    torch.manual_seed(0)
    net = Net(
        lambda m, x: m.head(m.rnn(m.emb(x))[0]),
        emb=nn.Embedding(N, 3),
        rnn=nn.RNN(3, 4, batch_first=True),
        head=nn.Linear(4, N),
    )
    x = tokens(32)
    following = np.roll(x, -1, axis=1)
    batches = [(torch.from_numpy(x[i::2]), torch.from_numpy(following[i::2])) for i in (0, 1)]
    found = gatewright.calibrate(net.eval(), batches, bits="auto", max_loss=0.05)
    assert {row.row for row in found.sensitivity if row.row.startswith("emb")} == {"emb.weight"}
    assert [p.name for p in found.placed if p.name.startswith("emb")] == ["emb.weight_quant"]
    tuned = gatewright.finetune(found, batches, steps=3)
    with torch.no_grad():
        assert not torch.equal(tuned(batches[0][0]), found.model(batches[0][0]))
    assert trace(tuned, found.example_input).graph.input[0].type.tensor_type.elem_type == INT64


def call(*arguments: object) -> Result:
    done = CliRunner().invoke(main, [str(a) for a in arguments])
    assert done.exit_code == 0, done.output
    return done


def test_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "char").mkdir()
    (tmp_path / "char" / "model.py").write_text(SOURCE)
    model, build = tmp_path / "char", tmp_path / "build"
    data, x, out = tmp_path / "data.npy", tmp_path / "x.npy", tmp_path / "y.npy"
    np.save(data, tokens(32))
    np.save(x, tokens(3).astype(np.int32))
    refused = CliRunner().invoke(main, ["doctor", str(model)])
    assert refused.exit_code == 1 and "--calibrate" in refused.output
    assert "QuantEmbedding" in refused.output
    call("compile", model, "-o", build, "--calibrate", data)
    call("simulate", build, x, "--level", "integer", "--raw", "-o", out)
    expected = gatewright.Build(build).simulate(tokens(3), level="integer", raw=True)
    assert np.array_equal(np.load(out), expected)
    call("verify", build, "--model", model, "--calibrate", data, "--levels", "traced,integer")
    np.save(x, tokens(3) + 1)
    beyond = CliRunner().invoke(main, ["simulate", str(build), str(x)])
    assert beyond.exit_code == 2 and "GW-601" in beyond.output and "from 0 to 30" in beyond.output


class Hot(Net):
    """A one_hot in front of a float layer, and both joined."""

    def __init__(self, forward: Callable[[Any, Tensor], Any], features: int) -> None:
        super().__init__(
            forward,
            emb=nn.Embedding(N, 4),
            inp=nn.Linear(N, 5),
            lstm=nn.LSTM(features, 5, batch_first=True),
        )


HOT = {
    "layer": Hot(lambda m, x: m.lstm(F.one_hot(x, N).float())[0], N),
    "linear": Hot(
        lambda m, x: m.lstm(torch.relu(m.inp(F.one_hot(x, num_classes=N).float())))[0], 5
    ),
    "scaled": Hot(lambda m, x: m.lstm(F.one_hot(x, N).float() * 2 - 1)[0], N),
    "some steps": Hot(lambda m, x: m.lstm(m.emb(x[:, 1:]) + m.emb(x[:, :-1]))[0], 4),
    "one step": Hot(lambda m, x: torch.cat([m.lstm(m.emb(x))[0][:, -1], m.emb(x[:, 0])], -1), 4),
    "a table by itself": Hot(lambda m, x: m.lstm(F.embedding(x, m.emb.weight))[0], 4),
    "joined": Hot(
        lambda m, x: m.lstm(torch.cat([F.one_hot(x, N).float(), m.emb(x)], -1))[0], N + 4
    ),
}


@pytest.mark.parametrize("name", HOT)
def test_one_hot_in_front_of_float_layers(name: str, tmp_path: Path) -> None:
    x = tokens(40)
    found = gatewright.calibrate(HOT[name].eval(), x)
    assert "inp.input_quant" not in [p.name for p in found.placed], "ones and zeros are exact"
    build = gatewright.compile(found.model, found.example_input, tmp_path / "build")
    report = build.verify(x, model=found.model, levels=("traced", "integer", "standard"))
    assert report.mismatches == 0, report.divergence


@needs("rtl")
def test_integers_beside_features(tmp_path: Path) -> None:
    """A second sequence, of floats, on a port of its own."""

    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.emb = nn.Embedding(N, 4)
            self.lstm = nn.LSTM(4 + 3, 5, batch_first=True)

        def forward(self, x: Tensor, features: Tensor) -> Tensor:
            out: Tensor = self.lstm(torch.cat([self.emb(x), features], -1))[0]
            return out

    x = tokens(40), np.random.default_rng(1).normal(0, 1, (40, T, 3)).astype(np.float32)
    torch.manual_seed(0)
    found = gatewright.calibrate(Both().eval(), x)
    build = gatewright.compile(found.model, found.example_input, tmp_path / "build")
    few = x[0][:6], x[1][:6]
    levels = ("traced", "integer", "standard", "rtl")
    report = build.verify(few, model=found.model, levels=levels)
    assert report.mismatches == 0, report.divergence
    _, stats = build.simulate(few, level="rtl", return_stats=True)
    assert set(stats.cycles_per_sequence) == {build.kernels.predicted_cycles}


def quantized(features: int = 4, **options: Any) -> dict[str, nn.Module]:
    return {
        "emb": qnn.QuantEmbedding(N, 4, **options),
        "lstm": qnn.QuantLSTM(features, 5, batch_first=True),
    }


REFUSED: dict[str, tuple[Net, str, str]] = {
    "max_norm": (
        Net(lambda m, x: m.lstm(m.emb(x))[0], **quantized(max_norm=1.0)),
        "GW-109",
        "without max_norm",
    ),
    "a scale a row": (
        Net(
            lambda m, x: m.lstm(m.emb(x))[0],
            **quantized(weight_quant=quant.Int8WeightPerChannelFloat),
        ),
        "GW-107",
        "one scale",
    ),
    "no quantizer": (
        Net(lambda m, x: m.lstm(m.emb(x))[0], **quantized(weight_quant=None)),
        "GW-107",
        "--calibrate data.npy",
    ),
    "classes of the data": (
        Net(lambda m, x: m.lstm(F.one_hot(x).float())[0], **quantized(N)),
        "GW-108",
        "F.one_hot(x, n)",
    ),
    "integers as numbers": (
        Net(lambda m, x: m.lstm(x.float().unsqueeze(-1))[0], **quantized(1)),
        "GW-108",
        "nn.Embedding",
    ),
    "integers to a layer": (
        Net(lambda m, x: m.lstm(x)[0], **quantized()),
        "GW-106",
        "float32 tensor",
    ),
    "integers that are computed": (
        Net(lambda m, x: m.lstm(m.emb(x + 1))[0], **quantized()),
        "GW-106",
        "compute with them on the host",
    ),
    "a mask": (
        Net(lambda m, x: m.lstm(m.emb(x) * (x != 0).unsqueeze(-1))[0], **quantized()),
        "GW-108",
        "without padding",
    ),
    "a table by itself": (
        Net(lambda m, x: m.lstm(F.embedding(x, m.emb.weight))[0], **quantized()),
        "GW-108",
        "self.emb(x)",
    ),
    "what is computed": (
        Net(lambda m, x: m.emb(m.lstm(m.emb(x))[0].argmax(-1)), **quantized()),
        "GW-108",
        "",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_what_to_write(name: str) -> None:
    model, code, remedy = REFUSED[name]
    model.train()
    if name != "max_norm":  # with which a forward() in training fails on codes
        with torch.no_grad():
            model.lstm(torch.randn(8, T, model.lstm.layers[0][0].input_size))
    with pytest.raises(gatewright.GatewrightError) as caught:
        trace(model.eval(), torch.from_numpy(tokens(2)))
    assert caught.value.code == code, caught.value
    assert remedy in caught.value.remedy, caught.value


def test_calibration_refuses_max_norm_too() -> None:
    net = Net(
        lambda m, x: m.lstm(m.emb(x))[0],
        emb=nn.Embedding(N, 4, max_norm=1.0),
        lstm=nn.LSTM(4, 5, batch_first=True),
    )
    with pytest.raises(gatewright.GatewrightError, match=r"GW-109.*emb.*max_norm"):
        gatewright.calibrate(net.eval(), tokens(8))


@pytest.mark.parametrize(
    "data", [tokens(4)[..., None], tokens(4)[0], np.zeros((0, T), np.int64)], ids=str
)
def test_data_of_another_shape(data: np.ndarray) -> None:
    with pytest.raises(gatewright.GatewrightError, match="GW-604"):
        gatewright.calibrate(char_model(), data)
