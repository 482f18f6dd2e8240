"""Products, differences and constants as people write them, calibrated: at every level."""

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
from commit_choice import drawn
from level_tools import needs
from torch import Tensor, nn

import gatewright
from gatewright.errors import GatewrightError
from gatewright.frontend import load, trace
from gatewright.frontend.builder import GraphBuilder
from gatewright.frontend.emit_arithmetic import by_constant
from gatewright.ir import interpreter
from gatewright.ir.lowering import lower

pytestmark = pytest.mark.compiles

B, T, I, H = 20, 6, 4, 5  # noqa: E741 - the field's names
LEVELS = ("traced", "integer", "standard")
Forward = Callable[[Any, Tensor], Any]


class Written(nn.Module):
    """Layers, and what a forward() makes of them."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self.inp = nn.Linear(I, H)
        self.lstm = nn.LSTM(I, H, batch_first=True)
        self.deep = nn.LSTM(H, H, batch_first=True)
        self.gate = nn.Linear(H, H)
        self.fc = nn.Linear(H, 3)
        self.leaky = nn.LeakyReLU(0.125)
        self.back = nn.Linear(H, I)
        self.register_buffer("mean", torch.tensor([0.5, -0.25, 1.0, 0.0]))
        self.register_buffer("std", torch.tensor([1.0, 2.0, 0.7, 1.5]))
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


def gated(m: Any, x: Tensor) -> Tensor:
    y = m.lstm(x)[0]
    return m.fc((y * torch.sigmoid(m.gate(y)))[:, -1])


def highway(m: Any, x: Tensor) -> Tensor:
    y = m.lstm(x)[0]
    t = torch.sigmoid(m.gate(y))
    return m.fc(t * y + (1 - t) * m.deep(y)[0])


def deltas(m: Any, x: Tensor) -> Tensor:
    y = m.lstm(x)[0]
    return m.fc(y[:, 1:] - y[:, :-1])


MODELS: dict[str, Forward] = {
    "gate": gated,
    "highway": highway,
    "differences of steps": deltas,
    "product of linear layers": lambda m, x: m.fc(m.deep(m.inp(x).mul(m.gate(m.lstm(x)[0])))[0]),
    "normalized": lambda m, x: m.fc(m.lstm((x - m.mean) / (m.std.square() + 1e-5).sqrt())[0]),
    "scaled": lambda m, x: m.fc(m.lstm(x * 0.5)[0] * 0.3 + 0.1),
    "turned round": lambda m, x: -m.fc(torch.neg(m.lstm(x)[0])) * torch.tensor([1.0, 0.0, -2.0]),
    "magnitudes": lambda m, x: m.fc(m.deep(abs(m.inp(x)))[0].abs()[:, -1]),
    "a change of the last step": lambda m, x: m.fc(m.inp(x[:, -1] + m.back(m.lstm(x)[0][:, -1]))),
    "changes of the input": lambda m, x: m.fc(m.lstm(x[:, 1:] - x[:, :-1])[0]),
    "squares": lambda m, x: m.fc(m.deep(m.inp(x) ** 2)[0].square()),
    "leaky": lambda m, x: F.leaky_relu(m.fc(m.deep(m.leaky(m.inp(x)))[0]), 0.25),
    "sum of a linear layer": lambda m, x: m.fc(m.lstm(x)[0]).sum(1),
}


def data(seed: int = 0, count: int = B) -> Tensor:
    """Random sequences."""
    x = np.random.default_rng(seed).normal(0, 1.5, (count, T, I))
    return torch.from_numpy(x.astype(np.float32))


def calibrated(forward: Forward, **options: Any) -> gatewright.Calibration:
    torch.manual_seed(0)
    result = gatewright.calibrate(Written(forward).eval(), data(), **options)
    assert result.output_error.relative < 0.1, result
    return result


def kinds(build: gatewright.Build) -> list[str]:
    return [kernel.kind for kernel in build.kernels.kernels]


@pytest.mark.parametrize("name", drawn(MODELS, 4, "written"))
def test_every_level_agrees(name: str, tmp_path: Path) -> None:
    result = calibrated(MODELS[name])
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    gatewright.check(build)
    report = build.verify(data(1).numpy(), model=result.model, levels=LEVELS)
    assert report.mismatches == 0, report.divergence
    assert all(c.compared["output"] > 0 for c in report.comparisons)
    with torch.no_grad():
        wanted = result.model(data(1)).numpy()
    given = build.simulate(data(1).numpy(), level="integer")
    assert np.allclose(wanted, given, atol=1e-5)
    assert len(np.unique(given)) > B


@needs("rtl")
@pytest.mark.parametrize("name", drawn(["highway", "leaky"], 2, "written"))
def test_in_hardware(name: str, tmp_path: Path) -> None:
    result = calibrated(MODELS[name])
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    report = build.verify(data(1).numpy(), levels=("integer", "csim", "rtl"))
    assert report.mismatches == 0, report.divergence


@pytest.mark.parametrize("name", drawn(MODELS, 2, "written"))
def test_its_own_file_is_read_back(name: str) -> None:
    result = calibrated(MODELS[name])
    traced = trace(result.model, result.example_input)
    answers = []
    for model in (lower(traced), lower(load(traced))):
        values, _ = interpreter.run(model.graph, model.encode((data(1).numpy(),)))
        answers.append(model.decode(values)[0])
    assert np.array_equal(answers[0], answers[1])


def test_constants_cost_no_kernel(tmp_path: Path) -> None:
    def written_forward(m: Any, x: Tensor) -> Tensor:
        return m.fc(m.lstm((x - m.mean) / m.std)[0] * 0.5 + 0.25)

    written = calibrated(written_forward)
    build = gatewright.compile(written, output_dir=tmp_path / "build")
    assert kinds(build) == ["requantize", "recurrent", "requantize", "matvec"]
    wider = calibrated(written_forward, bits={"x_quant.act": 14})
    bits = {placed.name: placed.bits for placed in wider.placed}
    assert bits["x_quant.act_quant"] == 14
    assert wider.output_error.relative < written.output_error.relative


def test_sums_need_no_multiplier(tmp_path: Path) -> None:
    written = calibrated(lambda m, x: (lambda y: y + m.deep(y)[0])(m.lstm(x)[0]))
    build = gatewright.compile(written, output_dir=tmp_path / "build")
    assert kinds(build)[-1] == "pairs" and "matvec" not in kinds(build)


class Gated(nn.Module):
    """A product of Brevitas layers, with a constant before it or behind it."""

    def __init__(self, behind: bool) -> None:
        super().__init__()
        self.lstm = qnn.QuantLSTM(I, H, batch_first=True)
        self.gate = qnn.QuantSigmoid()
        self.act = qnn.QuantIdentity()
        self._behind = behind

    def forward(self, x: Tensor) -> Tensor:
        y = self.lstm(x)[0]
        product = y * self.gate(y) * 0.5 if self._behind else 0.5 * y * self.gate(y)
        return self.act(product)


def trained(behind: bool) -> Gated:
    torch.manual_seed(0)
    model = Gated(behind).train()
    for seed in range(3):
        model(data(seed))
    return model.eval()


def test_of_brevitas_layers(tmp_path: Path) -> None:
    with pytest.raises(GatewrightError, match="GW-301") as caught:
        trace(trained(behind=False), data())
    assert "QuantIdentity" in caught.value.remedy
    model = trained(behind=True)
    build = gatewright.compile(model, data()[:2], tmp_path / "build")
    assert build.verify(data(1).numpy(), model=model, levels=LEVELS).mismatches == 0


def test_slopes() -> None:
    for slope in (0.01, 2.0, 0.0):
        with pytest.raises(GatewrightError, match="GW-109") as caught:
            calibrated(lambda m, x, a=slope: m.fc(m.deep(F.leaky_relu(m.inp(x), a))[0]))
        assert "2**-7" in caught.value.remedy
        assert f"{slope:g}, which is no power of two up to 1" in caught.value.cause
    model = Written(lambda m, x: m.fc(m.deep(m.leaky(m.inp(x)))[0]))
    model.leaky = nn.LeakyReLU()
    with pytest.raises(GatewrightError, match="GW-109"):
        gatewright.calibrate(model.eval(), data())


def test_what_is_refused() -> None:
    refused = {
        "GW-106": (lambda m, x: m.lstm(x)[0] * torch.eye(T, H), "one for each feature"),
        "GW-108": (lambda m, x: m.lstm(x)[0] / m.gate(m.lstm(x)[0]), "Divide by constants"),
    }
    for code, (forward, words) in refused.items():
        with pytest.raises(GatewrightError, match=code) as caught:
            result = gatewright.calibrate(Written(forward).eval(), data())
            trace(result.model, result.example_input)
        assert words in caught.value.remedy
    builder = GraphBuilder((1, T, I))
    with pytest.raises(GatewrightError, match="GW-104") as caught:
        by_constant(builder, "div", "Div", builder.input, np.zeros((), dtype=np.float32))
    assert "keeps it from 0" in caught.value.remedy


def edited(name: str, op: str, edit: Callable[[onnx.NodeProto], Any]) -> onnx.ModelProto:
    """The traced graph of a model in which one node is another."""
    result = calibrated(MODELS[name])
    traced = onnx.ModelProto()
    traced.CopyFrom(trace(result.model, result.example_input))
    edit(next(node for node in traced.graph.node if node.op_type == op))
    return traced


def test_files_of_other_arithmetic_are_refused() -> None:
    first = edited("normalized", "Sub", lambda n: n.input.__setitem__(slice(None), n.input[::-1]))
    with pytest.raises(GatewrightError, match=r"GW-205.*second input"):
        load(first)
    slope = edited("leaky", "LeakyRelu", lambda n: n.attribute[0].__setattr__("f", 0.3))
    for take, code in ((load, "GW-109"), (lower, "GW-205")):
        with pytest.raises(GatewrightError, match=code):
            take(slope)
    computed = edited("normalized", "Div", lambda n: n.input.__setitem__(1, n.input[0]))
    for take in (load, lower):
        with pytest.raises(GatewrightError, match=r"GW-205.*divides"):
            take(computed)
