"""What hls4ml would leave unread of a torch model is refused; what reads our layers is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import pytest
import torch
from brevitas.quant import Int8ActPerTensorFixedPoint
from hls4ml_models import H, I, Model, T, calibrated, layer, linear
from hls4ml_runs import convert
from torch import nn

from gatewright.errors import GatewrightError

pytestmark = pytest.mark.slow

ORDER = [2, 0, 1]
MODULES: dict[str, Callable[[], nn.Module]] = {
    "quant": lambda: qnn.QuantIdentity(act_quant=Int8ActPerTensorFixedPoint),
    "rnn": lambda: layer("lstm"),
    "second": lambda: layer("rnn"),
    "out": lambda: linear(H, 3),
    "one": lambda: linear(H, 1),
    "drop": nn.Dropout,
    "threshold": lambda: nn.Threshold(0.5, 0.5),
    "norm": lambda: nn.LayerNorm((T, H)),
    "inplace": lambda: nn.ReLU(inplace=True),
    "getitem_quant": lambda: qnn.QuantIdentity(act_quant=Int8ActPerTensorFixedPoint),
}


def everything(m: Any, x: torch.Tensor) -> Any:
    """So that all modules see data."""
    last = m.rnn(m.getitem_quant(m.quant(x)))[0][:, -1]
    return m.out(last), m.one(last), m.second(x)


@pytest.fixture(scope="module")
def modules() -> dict[str, nn.Module]:
    made = {name: make() for name, make in MODULES.items()}
    calibrated(Model(everything, **made))
    return made


def last(m: Any, x: torch.Tensor) -> torch.Tensor:
    return m.rnn(x)[0][:, -1]


def other_order(m: Any, x: torch.Tensor) -> Any:
    first, second = m.out(h := last(m, x)), m.one(h)
    return second, first


def unused(m: Any, x: torch.Tensor) -> Any:
    m.one(h := last(m, x))
    return m.out(h)


Forward = Callable[[Any, torch.Tensor], Any]

REFUSED: dict[str, tuple[Forward, str, str]] = {
    "features of an input": (lambda m, x: m.rnn(x[:, :, ORDER])[0], "x[:, :, [2, 0, 1]]", "out"),
    "an input backwards": (lambda m, x: m.rnn(x[:, [2, 1, 0]])[0], "x[:, [2, 1, 0]]", "out"),
    "a part of an input": (lambda m, x: m.rnn(x[:, -3:])[0], "x[:, -3:]", "outside"),
    "an index behind a quantizer": (
        lambda m, x: m.rnn(m.quant(x)[:, :, ORDER])[0],
        "quant[:, :, [2, 0, 1]]",
        "outside",
    ),
    "an index of an index": (lambda m, x: m.rnn(x[:, 1:][..., ::2])[0], "x[:, 1:]", "outside"),
    "an index of what is returned": (
        lambda m, x: m.out(m.rnn(x)[0])[:, -1],
        "out[:, -1]",
        "classes(out[:, -1])",
    ),
    "an argument by name": (lambda m, x: m.rnn(x, hx=None)[0], "rnn", "position"),
    "an argument that is no tensor": (
        lambda m, x: m.rnn(m.quant(x), None)[0],
        "rnn",
        "Leave that out",
    ),
    "a tensor of the model": (
        lambda m, x: m.out(last(m, x)) + m.out.bias,
        "self.out.bias",
        "as an argument",
    ),
    "outputs in another order": (other_order, "the model's output", "in this order"),
    "an output that is read on": (
        lambda m, x: (h := last(m, x), m.out(h)),
        "the model's output",
        "Return these",
    ),
    "a call that nobody reads": (unused, "the model's output", "leave out calls"),
    "an axis by position": (
        lambda m, x: torch.cat((last(m, x), m.second(x)[0][:, -1]), 1),
        "cat((getitem_1, getitem_3), 1)",
        "dim=",
    ),
    "an option of a sum": (
        lambda m, x: torch.add(last(m, x), m.second(x)[0][:, -1], alpha=2),
        "alpha=2",
        "a + b",
    ),
    "a number first": (lambda m, x: 2 - m.out(last(m, x)), "sub(2, out)", "x * 2"),
    "one tensor twice": (
        lambda m, x: (lambda out: out[:, -1] + out[:, -1])(m.rnn(x)[0]),
        "add(getitem_1, getitem_2)",
        "two different tensors",
    ),
    "a method": (lambda m, x: m.rnn(x)[0].flip(1), "flip(getitem, 1)", "Keep to"),
    "a tensor that is overwritten": (
        lambda m, x: (lambda h: m.inplace(h) + m.out(h))(m.out(last(m, x))),
        "inplace",
        "inplace=False",
    ),
    "a Dropout of an input": (lambda m, x: m.rnn(m.drop(x))[0], "drop", "does nothing"),
    "a name that says index": (
        lambda m, x: m.rnn(m.getitem_quant(m.quant(x)))[0],
        "getitem_quant",
        "another name",
    ),
}


def refused(model: nn.Module, folder: Path, code: str) -> GatewrightError:
    with pytest.raises(GatewrightError) as caught:
        convert(model, folder, (T, I))
    assert caught.value.code == code, caught.value
    assert caught.value.cause
    return caught.value


@pytest.mark.parametrize("name", REFUSED)
def test_what_hls4ml_passes_over(name: str, modules: dict[str, nn.Module], tmp_path: Path) -> None:
    forward, where, remedy = REFUSED[name]
    error = refused(Model(forward, **modules).eval(), tmp_path, "GW-108")
    assert where in error.where
    assert remedy in error.remedy


OPTIONS: dict[str, tuple[Forward, str]] = {
    "threshold": (lambda m, x: m.threshold(last(m, x)), "value=0"),
    "norm": (lambda m, x: m.norm(m.rnn(x)[0]), "one number"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_of_a_module_that_hls4ml_has(
    name: str, modules: dict[str, nn.Module], tmp_path: Path
) -> None:
    forward, remedy = OPTIONS[name]
    error = refused(Model(forward, **modules).eval(), tmp_path, "GW-109")
    assert error.where == name and remedy in error.remedy


def test_two_shapes(modules: dict[str, nn.Module], tmp_path: Path) -> None:
    model = Model(lambda m, x: m.out(h := last(m, x)) + m.one(h), **modules).eval()
    assert "one shape" in refused(model, tmp_path, "GW-409").remedy


@pytest.mark.parametrize("path", ["", "rnn", "rnn.layers.0.0.cell", "quant", "out", "drop"])
def test_a_hook(path: str, modules: dict[str, nn.Module], tmp_path: Path) -> None:
    """Of the model, of a layer, of what is inside one, of modules around: torch would run it."""
    model = Model(lambda m, x: m.out(m.drop(m.rnn(m.quant(x))[0])), **modules).eval()
    handle = model.get_submodule(path).register_forward_hook(lambda module, given, result: result)
    try:
        error = refused(model, tmp_path, "GW-110")
    finally:
        handle.remove()
    assert f"remove the hook of {f'model.{path}'.rstrip('.')}" in error.remedy


def test_a_replaced_forward(
    modules: dict[str, nn.Module], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Model(lambda m, x: m.out(last(m, x)), **modules).eval()
    monkeypatch.setattr(model.out, "forward", lambda x: 2 * x)
    assert "model.out.forward" in refused(model, tmp_path, "GW-110").remedy


def test_a_class_that_does_something_else(
    modules: dict[str, nn.Module], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No module shows it: a layer of ours is held against what torch runs."""
    plain = qnn.QuantLSTM.forward

    def doubled(self: Any, *given: Any) -> Any:
        out, states = plain(self, *given)
        return out * 2, states

    monkeypatch.setattr(qnn.QuantLSTM, "forward", doubled)
    error = refused(Model(last, **modules).eval(), tmp_path, "GW-110")
    assert error.where == "rnn"


@pytest.mark.parametrize("path", ["rnn", "out"])
def test_training_mode(path: str, modules: dict[str, nn.Module], tmp_path: Path) -> None:
    model = Model(lambda m, x: m.out(last(m, x)), **modules).eval()
    model.get_submodule(path).train()
    assert "eval()" in refused(model, tmp_path, "GW-102").remedy
    assert model.get_submodule(path).training, "the user's module was changed"
    model.eval()


JOINED: dict[str, Forward] = {
    "add": lambda m, x: last(m, q := m.quant(x)) + m.second(q)[0][:, -1],
    "sub": lambda m, x: last(m, q := m.quant(x)) - m.second(q)[0][:, -1],
    "mul": lambda m, x: last(m, q := m.quant(x)) * m.second(q)[0][:, -1],
    "cat": lambda m, x: torch.cat((last(m, q := m.quant(x)), m.second(q)[0][:, -1]), dim=1),
}
"""By the name that hls4ml gives the layer."""


@pytest.mark.parametrize("name", JOINED)
def test_two_layers_that_are_joined(
    name: str, modules: dict[str, nn.Module], tmp_path: Path
) -> None:
    """hls4ml reads both, and gives a type that holds what any two of their values make."""
    converted = convert(Model(JOINED[name], **modules).eval(), tmp_path, (T, I))
    joined = converted.graph[name]
    assert joined.inputs == ["rnn", "second"]
    given = joined.get_output_variable().type.precision
    first, second = (joined.get_input_variable(one).type.precision for one in joined.inputs)
    fraction = max(first.fractional, second.fractional)
    whole = max(first.integer, second.integer) + (name in ("add", "sub"))
    if name == "mul":
        fraction = first.fractional + second.fractional
        whole = first.integer + second.integer
    assert given.signed and given.fractional >= fraction and given.integer >= whole


def test_a_function_of_what_a_layer_returns(modules: dict[str, nn.Module], tmp_path: Path) -> None:
    """As of a ReLU that is a module."""
    model = Model(lambda m, x: torch.relu(last(m, x)), **modules).eval()
    relu = convert(model, tmp_path, (T, I)).graph["relu"]
    assert relu.inputs == ["rnn"]
    read, given = (
        v.type.precision for v in (relu.get_input_variable(), relu.get_output_variable())
    )
    assert given.integer >= read.integer and given.fractional >= read.fractional


def test_a_state_behind_another_layer(tmp_path: Path) -> None:
    """hls4ml leaves out further arguments of what reads an index; ours reads no index."""
    model = GivenBehind()
    tensors = torch.randn(8, T, I), torch.randn(1, 8, H)
    model.train()
    with torch.no_grad():
        model(*tensors)
    converted = convert(model.eval(), tmp_path, [(T, I), (1, H)])
    assert converted.graph["second"].inputs == ["rnn", "h"]


class GivenBehind(nn.Module):
    """A layer that reads another, and a state that the model is given."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = layer("lstm")
        self.second = layer("rnn", inputs=H)

    def forward(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        out, _ = self.rnn(x)
        return self.second(out, h)[0]


@pytest.mark.parametrize("reuse", ["x", 0, 2.5])
def test_a_reuse_factor_that_is_none(
    reuse: Any, modules: dict[str, nn.Module], tmp_path: Path
) -> None:
    model = Model(last, **modules).eval()
    with pytest.raises(GatewrightError) as caught:
        convert(model, tmp_path, (T, I), settings={"LayerName": {"rnn": {"ReuseFactor": reuse}}})
    assert caught.value.code == "GW-409" and "ReuseFactor" in caught.value.remedy
