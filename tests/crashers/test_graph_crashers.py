"""Graphs that once gave wrong integers, false alarms or a traceback; each stays right for good."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import Tensor, nn

import gatewright
from gatewright.cli import commands as cli
from gatewright.errors import GatewrightError

B, T, I, H = 6, 7, 3, 4  # noqa: E741 - the field's name for the number of inputs


def lstm(inputs: int = I, **options: Any) -> nn.Module:
    return qnn.QuantLSTM(inputs, H, **{"batch_first": True, **options})


class Net(nn.Module):
    """A function of some modules."""

    def __init__(self, function: Callable[..., Any], **modules: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, module in modules.items():
            setattr(self, name, module)

    def forward(self, x: Tensor) -> Any:
        return self.function(self, x)


class WithState(Net):
    """The same with a further argument."""

    def forward(self, x: Tensor, h: Tensor) -> Any:  # type: ignore[override]
        return self.function(self, x, h)


def calibrated(model: nn.Module, *shapes: tuple[int, ...]) -> tuple[nn.Module, tuple[Tensor, ...]]:
    torch.manual_seed(0)
    model.train()
    with torch.no_grad():
        for _ in range(3):
            model(*(torch.randn(shape) for shape in shapes))
    return model.eval(), tuple(torch.randn(shape) for shape in shapes)


def prove(model: nn.Module, x: tuple[Tensor, ...], folder: Path) -> gatewright.Build:
    build = gatewright.compile(model, x, folder / "build")
    report = build.verify(x, model=model)
    assert report.mismatches == 0, report.divergence
    return build


def refused(code: str, model: nn.Module, x: tuple[Tensor, ...], folder: Path) -> GatewrightError:
    with pytest.raises(GatewrightError) as caught:
        gatewright.compile(model, x, folder / "build")
    assert caught.value.code == code
    return caught.value


@pytest.mark.compiles
@pytest.mark.parametrize("features", [3, 9])
def test_a_state_may_be_the_first_port(features: int, tmp_path: Path) -> None:
    """C-simulation took the number of steps from the first port, whatever it carried."""

    def decode(m: Any, x: Tensor, context: Tensor) -> Tensor:
        return m.lstm(x, [m.fc(m.act(context))])[0][:, -1]

    model = WithState(
        decode, lstm=lstm(), act=qnn.QuantIdentity(), fc=qnn.QuantLinear(features, H, bias=False)
    )
    model, x = calibrated(model, (B, T, I), (B, features))
    build = prove(model, x, tmp_path)
    assert not build.kernels.inputs[0].sequence
    assert np.array_equal(build.simulate(x), build.simulate(x, level="integer"))


def test_layouts_are_not_mixed(tmp_path: Path) -> None:
    """The second layer was lowered in the layout of the first."""
    model = Net(lambda m, x: (m.a(x)[0], m.b(x)[0]), a=lstm(), b=lstm(batch_first=False))
    error = refused("GW-109", *calibrated(model, (4, 4, I)), tmp_path)
    assert error.where.startswith("b.layers.0.0")


def test_states_are_not_quantized_whole(tmp_path: Path) -> None:
    """C-simulation dropped an axis."""
    model = WithState(lambda m, x, h: (m.a(x)[0], m.q(h)), a=lstm(), q=qnn.QuantIdentity())
    refused("GW-301", *calibrated(model, (B, T, I), (2, B, H)), tmp_path)


def test_states_that_are_quant_tensors_are_tuples(tmp_path: Path) -> None:
    """torch picks a field of the tuple where Gatewright picked a state."""

    def decode(m: Any, x: Tensor) -> Any:
        out, (h, c) = m.a(x)
        return m.b(out, h, c)[0]

    model = Net(decode, a=lstm(return_quant_tensor=True), b=lstm(H))
    refused("GW-108", *calibrated(model, (B, T, I)), tmp_path)


@pytest.mark.compiles
def test_each_argument_may_be_a_sequence_of_a_layer_of_its_own(tmp_path: Path) -> None:
    model = WithState(lambda m, x, y: (m.a(x)[0], m.b(y)[0]), a=lstm(), b=lstm())
    prove(*calibrated(model, (B, T, I), (B, T, I)), tmp_path)


@pytest.mark.compiles
def test_a_tensor_may_be_returned_twice(tmp_path: Path) -> None:
    def twice(m: Any, x: Tensor) -> Any:
        out = m.a(x)[0]
        return out, m.fc(out), out, m.drop(out)

    model = Net(twice, a=lstm(), fc=qnn.QuantLinear(H, 2, bias=True), drop=nn.Dropout())
    model, x = calibrated(model, (B, T, I))
    outputs = prove(model, x, tmp_path).simulate(x)
    assert len(outputs) == 4
    assert np.array_equal(outputs[0], outputs[2]) and np.array_equal(outputs[0], outputs[3])


@pytest.mark.compiles
def test_a_second_call_is_not_taken_for_another_module(tmp_path: Path) -> None:
    """``act`` called twice and ``act_1`` shared a name, so right builds had mismatches."""

    def forward(m: Any, x: Tensor) -> Any:
        return m.act_1(m.act(m.fc(m.act(m.lstm(x)[0][:, -1]))))

    model = Net(
        forward,
        lstm=lstm(),
        act=qnn.QuantIdentity(),
        fc=qnn.QuantLinear(H, H, bias=False),
        act_1=qnn.QuantReLU(bit_width=4),
    )
    prove(*calibrated(model, (B, T, I)), tmp_path)


@pytest.mark.compiles
@pytest.mark.parametrize("inputs", [I, H])
def test_a_shared_quantizer_belongs_to_the_module_that_runs(inputs: int, tmp_path: Path) -> None:
    """Its taps were those of another module."""
    first = qnn.QuantIdentity()
    last = qnn.QuantIdentity(act_quant=first.act_quant)
    model = Net(lambda m, x: m.last(m.a(m.first(x))[0]), first=first, a=lstm(inputs), last=last)
    prove(*calibrated(model, (B, T, inputs)), tmp_path)


def test_verify_tells_another_model_by_its_shapes(tmp_path: Path) -> None:
    model, x = calibrated(Net(lambda m, x: m.a(x)[0], a=lstm()), (B, T, I))
    build = gatewright.compile(model, x, tmp_path / "build")
    for other in (lambda m, x: m.a(x)[0][:, -1], lambda m, x: m.a(x)):
        wrong, _ = calibrated(Net(other, a=lstm()), (B, T, I))
        with pytest.raises(GatewrightError) as caught:
            build.verify(x, model=wrong, levels=("integer",))
        assert caught.value.code == "GW-605"
    wider = Net(lambda m, x: m.a(x)[0], a=qnn.QuantLSTM(I, H + 1, batch_first=True))
    with pytest.raises(GatewrightError) as caught:
        build.verify(x, model=calibrated(wider, (B, T, I))[0], levels=("integer",))
    assert caught.value.code == "GW-605"


def test_labels_have_the_shape_of_the_answers(tmp_path: Path) -> None:
    model, x = calibrated(Net(lambda m, x: m.a(x)[0], a=lstm()), (B, T, I))
    build = gatewright.compile(model, x, tmp_path / "build")
    for shape in ((B,), (T,), (T, B), ()):
        with pytest.raises(GatewrightError) as caught:
            build.verify(x, labels=np.zeros(shape, dtype=int), levels=("integer", "standard"))
        assert caught.value.code == "GW-601"
    labels = np.zeros((B, T), dtype=int)
    report = build.verify(x, labels=labels, levels=("integer", "standard"))
    assert set(report.accuracy) == {"integer", "standard"}


@pytest.mark.compiles
def test_an_index_is_an_answer_too(tmp_path: Path) -> None:
    """Its last axis of one, which the user does not see, was taken for a difference of rank."""
    model, x = calibrated(Net(lambda m, x: m.a(x)[0].argmax(dim=-1), a=lstm()), (B, T, I))
    build = gatewright.compile(model, x, tmp_path / "build")
    report = build.verify(x, model=model, labels=build.simulate(x), levels=("integer", "csim"))
    assert report.mismatches == 0
    assert set(report.accuracy.values()) == {1.0}


@pytest.mark.parametrize(
    "x",
    [[[1.0], [1.0, 2.0]], torch.randn(B, T, I).to_sparse(), torch.empty(B, T, I, device="meta")],
    ids=["ragged", "sparse", "meta"],
)
def test_what_is_no_array_is_refused(x: Any, tmp_path: Path) -> None:
    model, example = calibrated(Net(lambda m, x: m.a(x)[0], a=lstm()), (B, T, I))
    build = gatewright.compile(model, example, tmp_path / "build")
    with pytest.raises(GatewrightError) as caught:
        build.simulate(x, level="integer")
    assert caught.value.code == "GW-601"
    y = build.simulate(example[0].requires_grad_(), level="integer")
    assert np.array_equal(y, build.simulate(example[0].detach().numpy(), level="integer"))


@pytest.mark.compiles
def test_trials_are_no_longer_than_the_buffers(tmp_path: Path) -> None:
    model, x = calibrated(Net(lambda m, x: m.a(x)[0], a=lstm(bidirectional=True)), (B, T, I))
    build = gatewright.compile(model, x, tmp_path / "build", max_steps=2)
    assert build.verify().mismatches == 0


@pytest.mark.parametrize("layer", [nn.LSTM(I, H, batch_first=True), nn.RNN(I, H, 2)])
def test_float_layers_with_states_are_not_compiled_into_something_else(
    layer: Any, tmp_path: Path
) -> None:
    """The cell state was ignored."""
    state = torch.randn(layer.num_layers, B, H)
    lstm_state = (state, state) if isinstance(layer, nn.LSTM) else state
    model = Net(lambda m, x: m.layer(x, lstm_state)[0], layer=layer).eval()
    x = torch.randn(B, T, I) if layer.batch_first else torch.randn(T, B, I)
    with pytest.raises(GatewrightError, match="differs from sequence to sequence") as caught:
        gatewright.compile(model, None, tmp_path, calibration=x)
    assert (caught.value.code, caught.value.where) == ("GW-109", "layer.layers.0.0")


def test_a_defect_has_an_exit_code_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """1 says that integers differ."""

    def broken() -> None:
        raise ZeroDivisionError("unforeseen")

    monkeypatch.setattr(cli, "examine", broken)
    assert CliRunner().invoke(cli.main, ["doctor"]).exit_code == cli.EXIT_DEFECT == 3
