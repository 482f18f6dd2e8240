"""Functions of weights that a model holds, F.linear(out, self.fc.weight), as people write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from commit_choice import drawn
from level_tools import needs
from torch import Tensor, nn

import gatewright
from gatewright.errors import GatewrightError

pytestmark = pytest.mark.compiles

B, T, I, N = 16, 5, 3, 6  # noqa: E741 - the field's names
Forward = Callable[[Any, Tensor], Any]


class Written(nn.Module):
    """Layers, weights of the model's own, and what a forward() makes of them."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self.emb = nn.Embedding(N, I)
        self.lstm = nn.LSTM(I, I, batch_first=True)
        self.cell = nn.LSTMCell(I, I)
        self.fc = nn.Linear(I, N)
        self.conv = nn.Conv1d(I, I, 2, dilation=2)
        self.columns = nn.Parameter(torch.randn(I, 2))
        self.offset = nn.Parameter(torch.randn(2))
        self.register_buffer("rows", torch.randn(N, I))
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


def with_layer(layer: Any, weight: Tensor, bias: Tensor | None = None) -> Any:
    """That layer with such weights."""
    layer.weight = nn.Parameter(weight.detach().clone())
    if bias is not None:
        layer.bias = nn.Parameter(bias.detach().clone())
    return layer


def linear(weight: Tensor, bias: Tensor | None = None) -> Any:
    features, inputs = weight.shape
    return with_layer(nn.Linear(inputs, features, bias=bias is not None), weight, bias)


def looped(m: Any, x: Tensor) -> Tensor:
    h = c = torch.zeros(x.size(0), I)
    for t in range(x.size(1)):
        h, c = m.cell(x[:, t], (h, c))
    return torch.relu(h * m.fc.bias[:I].sum()) @ m.fc.weight.t()


def looped_layer(m: Any, x: Tensor) -> Tensor:
    h = c = torch.zeros(x.size(0), I)
    for t in range(x.size(1)):
        h, c = m.cell(x[:, t], (h, c))
    return m.made(torch.relu(h * float(m.fc.bias[:I].sum())))


FLOATS: dict[str, tuple[Forward, Forward, Callable[[Any], Any]]] = {
    "linear": (
        lambda m, x: F.linear(m.lstm(x)[0], m.fc.weight, m.fc.bias),
        lambda m, x: m.fc(m.lstm(x)[0]),
        lambda m: m.fc,
    ),
    "weights of another's": (
        lambda m, x: m.lstm(torch.relu(F.linear(x, weight=m.lstm.weight_hh_l0[:I])))[0],
        lambda m, x: m.lstm(torch.relu(m.made(x)))[0],
        lambda m: linear(m.lstm.weight_hh_l0[:I]),
    ),
    "matrix": (
        lambda m, x: (m.lstm(x)[0] @ m.columns)[:, -1] + m.offset,
        lambda m, x: m.made(m.lstm(x)[0])[:, -1] + m.offset,
        lambda m: linear(m.columns.t()),
    ),
    "matmul": (
        lambda m, x: torch.matmul(m.lstm(x)[0], m.fc.weight.T),
        lambda m, x: m.made(m.lstm(x)[0]),
        lambda m: linear(m.fc.weight),
    ),
    "addmm": (
        lambda m, x: torch.addmm(m.offset, m.lstm(x)[0][:, -1], m.columns),
        lambda m, x: m.made(m.lstm(x)[0][:, -1]),
        lambda m: linear(m.columns.t(), m.offset),
    ),
    "convolution": (
        lambda m, x: m.lstm(F.conv1d(x.mT, m.conv.weight, m.conv.bias, padding=1, dilation=2).mT)[
            0
        ],
        lambda m, x: m.lstm(m.made(x.mT).mT)[0],
        lambda m: with_layer(nn.Conv1d(I, I, 2, padding=1, dilation=2), m.conv.weight, m.conv.bias),
    ),
    "loop of cells": (looped, looped_layer, lambda m: linear(m.fc.weight)),
}
"""As written, as with a layer, and that layer."""

INTEGERS: dict[str, tuple[Forward, Forward, Callable[[Any], Any]]] = {
    "tied": (
        lambda m, x: m.lstm(m.emb(x))[0] @ m.emb.weight.t(),
        lambda m, x: m.made(m.lstm(m.emb(x))[0]),
        lambda m: linear(m.emb.weight),
    ),
    "looked up": (
        lambda m, x: m.lstm(F.embedding(x, m.emb.weight, padding_idx=0))[0],
        lambda m, x: m.lstm(m.emb(x))[0],
        lambda m: m.emb,
    ),
    "indexed": (
        lambda m, x: m.lstm(m.emb.weight[x])[0],
        lambda m, x: m.lstm(m.emb(x))[0],
        lambda m: m.emb,
    ),
    "a buffer indexed": (
        lambda m, x: m.lstm(m.rows[x])[0],
        lambda m, x: m.lstm(m.made(x))[0],
        lambda m: with_layer(nn.Embedding(N, I), m.rows),
    ),
}
MODELS = FLOATS | INTEGERS


def data(name: str, seed: int = 0) -> Tensor:
    rng = np.random.default_rng(seed)
    if name in INTEGERS:
        return torch.from_numpy(rng.integers(0, N, (B, T)))
    return torch.from_numpy(rng.normal(0, 1.5, (B, T, I)).astype(np.float32))


def calibrated(name: str, which: int, x: Tensor) -> gatewright.Calibration:
    torch.manual_seed(0)
    model = Written(MODELS[name][which]).eval()
    if which:
        model.made = MODELS[name][2](model).eval()
    return gatewright.calibrate(model, x)


@pytest.mark.parametrize("name", drawn(MODELS, 4, "written"))
def test_it_is_the_layer(name: str, tmp_path: Path) -> None:
    x, other = data(name), data(name, 1)
    written, layered = (calibrated(name, which, x) for which in (0, 1))
    assert written.output_error.relative < 0.15, written
    build = gatewright.compile(written, output_dir=tmp_path / "written")
    same = gatewright.compile(layered, output_dir=tmp_path / "layered")
    kinds = [[kernel.kind for kernel in b.kernels.kernels] for b in (build, same)]
    assert kinds[0] == kinds[1]
    given = build.simulate(other.numpy(), level="integer")
    assert np.array_equal(given, same.simulate(other.numpy(), level="integer"))
    report = build.verify(
        other.numpy(), model=written.model, levels=("traced", "integer", "standard")
    )
    assert report.mismatches == 0, report.divergence
    with torch.no_grad():
        assert np.allclose(written.model(other).numpy(), given, atol=1e-5)


@needs("rtl")
def test_in_hardware(tmp_path: Path) -> None:
    x = data("tied")
    build = gatewright.compile(calibrated("tied", 0, x), output_dir=tmp_path / "build")
    report = build.verify(data("tied", 1).numpy(), levels=("integer", "csim", "rtl"))
    assert report.mismatches == 0, report.divergence


@pytest.mark.parametrize("offset", [0.5, -0.5])
def test_numbers_of_its_own_are_what_they_are(offset: float, tmp_path: Path) -> None:
    def asks(m: Any, x: Tensor) -> Tensor:
        y = m.lstm(x)[0][:, -1]
        if torch.sum(m.offset) > 0:
            y = torch.relu(y)
        return m.fc(y) * m.offset[0].item()

    def told(m: Any, x: Tensor) -> Tensor:
        y = m.lstm(x)[0][:, -1]
        return m.fc(torch.relu(y) if offset > 0 else y) * offset

    x, builds = data("linear"), []
    for name, forward in (("asks", asks), ("told", told)):
        torch.manual_seed(0)
        model = Written(forward).eval()
        nn.init.constant_(model.offset, offset)
        result = gatewright.calibrate(model, x)
        builds.append(gatewright.compile(result, output_dir=tmp_path / name))
    one, other = (b.simulate(data("linear", 1).numpy(), level="integer") for b in builds)
    assert np.array_equal(one, other)


def test_equal_calls_are_one_layer() -> None:
    torch.manual_seed(0)

    def forward(m: Any, x: Tensor) -> Tensor:
        y = m.lstm(F.linear(x, m.fc.weight[:I]))[0]
        return F.linear(F.linear(y, m.fc.weight[:I]), m.fc.weight)

    result = gatewright.calibrate(Written(forward).eval(), data("linear"))
    layers = [m for m in result.model.modules() if isinstance(m, qnn.QuantLinear)]
    assert len(layers) == 2


@pytest.mark.parametrize(
    ("forward", "cause", "remedy"),
    [
        (
            lambda m, x: m.lstm(x)[0] @ m.fc.weight[0],
            r"it is given one of shape \[3\]",
            "x @ w.unsqueeze(1)).squeeze(-1)",
        ),
        (
            lambda m, x: m.fc.weight @ m.lstm(x)[0].mT,
            "the weights come first",
            "x @ w.t()",
        ),
        (
            lambda m, x: F.linear(m.lstm(x)[0], m.lstm(x)[0][0]),
            "it is not supported",
            "Products of two activations",
        ),
    ],
)
def test_what_no_layer_computes_is_refused(forward: Forward, cause: str, remedy: str) -> None:
    with pytest.raises(GatewrightError, match=cause) as caught:
        gatewright.calibrate(Written(forward).eval(), data("linear"))
    assert caught.value.code == "GW-108" and remedy in caught.value.remedy
    assert "test_own_weights.py, line" in str(caught.value)


def test_compile_names_the_layer_to_call() -> None:
    model = Written(lambda m, x: F.linear(m.conv(x.mT).mT, m.fc.weight)).eval()
    with pytest.raises(GatewrightError) as caught:
        gatewright.frontend.trace(model, data("linear").numpy())
    (error,) = (e for e in (caught.value, *caught.value.others) if e.code == "GW-108")
    assert "self.fc(x)" in error.remedy and "--calibrate data.npy" in error.remedy
