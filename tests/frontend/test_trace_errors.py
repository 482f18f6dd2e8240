"""Every torch model that is refused: its code, its place, its remedy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from brevitas.core.scaling import ConstScaling
from brevitas.quant import (
    Int8ActPerTensorFloat,
    Int32Bias,
    SignedBinaryActPerTensorConst,
    SignedTernaryActPerTensorConst,
)
from brevitas.quant.experimental.float import Fp8e4m3ActPerTensorFloat
from frontend_models import B, Fn, H, I, N, Net, T, calibrate, example, lstm
from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend import TorchReference, trace


def refused(code: str, model: Any, x: Any = None) -> GatewrightError:
    with pytest.raises(GatewrightError) as caught:
        trace(model, example() if x is None else x)
    assert caught.value.code == code, caught.value
    return caught.value


def forward(fn: Callable[[Any, Any], Any], run: bool = True, **modules: Any) -> Any:
    """A calibrated model with this forward; ``run=False`` calibrates the LSTM only."""
    if run:
        return calibrate(Fn(fn, **modules))
    model = calibrate(Fn(lambda m, x: m.lstm(x)[0], **modules))
    model._fn = fn
    return model


def test_unsupported_modules_are_named_with_their_path() -> None:
    error = refused("GW-101", forward(lambda m, x: m.block(m.lstm(x)[0]), block=nn.ReLU()))
    assert error.where == "block"
    assert "torch.nn.modules.activation.ReLU" in error.cause
    assert "QuantReLU" in error.remedy
    refused("GW-101", forward(lambda m, x: m.head(m.lstm(x)[0]), head=nn.Linear(H, N)))
    refused("GW-101", nn.LSTM(I, H).eval())
    refused("GW-101", forward(lambda m, x: m.s(m.lstm(x)[0]), s=nn.Softmax2d()))
    refused("GW-101", nn.GRU(I, H).eval())


def test_an_overridden_forward_is_not_taken_for_the_original() -> None:
    class Twice(qnn.QuantReLU):
        def forward(self, x: Any) -> Any:
            return super().forward(x) * 2

    error = refused("GW-101", forward(lambda m, x: m.act(m.lstm(x)[0]), act=Twice()))
    assert "overrides" in error.cause


def test_training_mode() -> None:
    error = refused("GW-102", calibrate(Net()).train())
    assert ".eval()" in error.remedy
    model = calibrate(Net())
    model.act.act_quant.train()
    assert refused("GW-102", model).where == "act.act_quant"
    with pytest.raises(GatewrightError, match="GW-102"):
        TorchReference(model)


def test_another_model_in_training_mode_does_not_matter() -> None:
    model = calibrate(Net())
    Net().train()
    trace(model, example())


def test_a_fresh_model_was_never_calibrated() -> None:
    assert refused("GW-103", Net().eval()).where == "inp.act_quant"
    model = Net().eval()
    model(example())  # a forward in eval mode shows it data, but collects nothing
    refused("GW-103", model)
    running = {"act_quant": Int8ActPerTensorFloat, "scaling_impl_type": "stats"}
    refused("GW-103", forward(lambda m, x: m.q(x), run=False, q=qnn.QuantIdentity(**running)))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_parameters_that_are_not_finite(bad: float) -> None:
    model = calibrate(Net())
    with torch.no_grad():
        model.fc.weight[0, 0] = bad
    assert refused("GW-104", model).where == "fc.weight"


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_scales_that_are_not_positive(value: float) -> None:
    model = lstm()
    quantizer = model.layers[0][0].cell.cell_acc_quant
    quantizer.fused_activation_quant_proxy.tensor_quant.scaling_impl = ConstScaling(1.0)
    scaling = quantizer.fused_activation_quant_proxy.tensor_quant.scaling_impl
    scaling.eval()
    scaling.restrict_clamp_scaling = nn.Identity().eval()
    scaling.value.value.fill_(value)
    assert refused("GW-105", model).where == "layers.0.0.cell_acc_quant"


@pytest.mark.parametrize("shape", [(T, I), (B, T, I + 1), (B, 1, T, I), (I,), (0, T, I)])
def test_example_inputs_that_do_not_fit(shape: tuple[int, ...]) -> None:
    refused("GW-106", lstm(), torch.zeros(shape))
    refused("GW-106", calibrate(Net()), torch.zeros(shape))


def test_example_inputs_of_a_wrong_type() -> None:
    for bad in (None, [1, 2], torch.zeros(B, T, I, dtype=torch.int64), (example(), example())):
        refused("GW-106", lstm(), bad if bad is not None else "text")
    assert trace(lstm(), example().numpy()) == trace(lstm(), (example(),))
    refused("GW-106", forward(lambda m, x: m.fc(m.lstm(x)[0]), run=False, fc=_linear(H + 1)))


def _linear(inputs: int, **options: Any) -> Any:
    return qnn.QuantLinear(inputs, N, **options)


@pytest.mark.parametrize("name", ["io", "gate_acc", "sigmoid", "tanh", "cell_state", "weight"])
def test_lstm_quantizers_that_are_none(name: str) -> None:
    options = {"bias_quant": None} if name in ("io", "weight") else {}
    error = refused("GW-107", lstm(**{f"{name}_quant": None}, **options))
    assert error.where.startswith("layers.0.0.")
    assert "None or disabled" in error.cause


class Ternary(SignedTernaryActPerTensorConst):
    quant_type = "TERNARY"
    threshold = 0.8


class Delayed(Int8ActPerTensorFloat):
    quant_delay_steps = 10_000


@pytest.mark.parametrize(
    "quantizer", [SignedBinaryActPerTensorConst, Ternary, Delayed, Fp8e4m3ActPerTensorFloat, None]
)
def test_act_quantizers_of_another_kind(quantizer: Any) -> None:
    options = {"scaling_init": 1.0} if quantizer is Ternary else {}
    act = qnn.QuantIdentity(quantizer, **options)
    error = refused("GW-107", forward(lambda m, x: m.act(m.lstm(x)[0]), act=act))
    assert error.where == "act.act_quant"


def test_quantizers_with_other_options() -> None:
    refused("GW-107", lstm(io_bit_width=1))
    refused("GW-107", forward(lambda m, x: m.fc(m.lstm(x)[0]), fc=_linear(H, weight_quant=None)))
    per_channel = qnn.QuantIdentity(
        scaling_per_output_channel=True,
        per_channel_broadcastable_shape=(1, 1, H),
        scaling_stats_permute_dims=(2, 0, 1),
    )
    refused("GW-107", forward(lambda m, x: m.act(m.lstm(x)[0]), act=per_channel))
    refused("GW-107", lstm(io_float_to_int_impl_type="STOCHASTIC_ROUND"))
    model = lstm()
    model.layers[0][0].cell.cell_tanh_quant.disable_quant = True
    assert refused("GW-107", model).where == "layers.0.0.cell_tanh_quant"


def _if_on_data(m: Any, x: Any) -> Any:
    return m.lstm(x)[0] if x.sum() > 0 else m.lstm(-x)[0]


def _loop_over_time(m: Any, x: Any) -> Any:
    out = m.lstm(x)[0]
    return [out[:, t] for t in range(out.shape[1])][-1]


def _while_on_data(m: Any, x: Any) -> Any:
    out = m.lstm(x)[0]
    while out.mean() > 0:
        out = m.lstm(x)[0]
    return out


UNSUPPORTED_CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "operator pow": lambda m, x: m.lstm(x)[0] ** 3,
    "div": lambda m, x: 1.0 / m.lstm(x)[0],
    "relu": lambda m, x: torch.relu(m.lstm(x)[0]),
    ".prod()": lambda m, x: m.lstm(x)[0].prod(1),
    ".mul_()": lambda m, x: (m.lstm(x)[0][:, -1], x.mul_(2))[0],
    "self.scale": lambda m, x: m.act(m.scale),
    "Fn.forward": _if_on_data,
    ".flip()": lambda m, x: m.lstm(x)[0].flip(1),
    "[:, :, 0]": lambda m, x: m.lstm(x)[0][:, :, 0],
    "[Tensor]": lambda m, x: m.lstm(x)[0][torch.tensor([0])],
    "[..., :2] on x": lambda m, x: m.act(x[..., :2]),
    "final states h": lambda m, x: m.act(m.lstm(x)[1][0]),
    "[5] on the final states c": lambda m, x: m.lstm(x)[1][1][5],
    "[:, 0] on the final states h": lambda m, x: m.lstm(x)[1][0][:, 0],
    "[2] on the output of a recurrent layer": lambda m, x: m.lstm(x)[2],
    "no tensor [layers * directions, B, H]": lambda m, x: m.lstm(x, *[m.lstm(x)[0]] * 2)[0],
    "torch.cat": lambda m, x: torch.cat([m.lstm(x)[0]] * 2, 1),
    "whole tuple": lambda m, x: m.act(m.lstm(x)),
    "unchanged": lambda m, x: x,
    "flatten": lambda m, x: m.lstm(x)[0].flatten(),
    "training=True": lambda m, x: F.dropout(m.lstm(x)[0]),
}


@pytest.mark.parametrize("text", UNSUPPORTED_CALLS)
def test_unsupported_operations_in_forward(text: str) -> None:
    model = forward(UNSUPPORTED_CALLS[text], run=False, act=qnn.QuantIdentity())
    calibrate(model.act)
    model.register_buffer("scale", torch.ones(1))
    error = refused("GW-108", model)
    assert error.remedy
    if text not in ("[Tensor]",):  # told in other words
        assert text in str(error)


def test_loops_over_time_are_unrolled() -> None:
    model = forward(_loop_over_time)
    last = forward(lambda m, x: m.lstm(x)[0].select(1, -1))
    ops = [[node.op_type for node in trace(m, example()).graph.node] for m in (model, last)]
    assert ops[0] == ops[1]
    assert "forward" in refused("GW-108", forward(_while_on_data, run=False)).where


def test_a_forward_that_exits() -> None:
    assert "SystemExit" in refused("GW-108", forward(lambda m, x: sys.exit(0), run=False)).cause


def test_selecting_a_sequence_instead_of_a_step() -> None:
    error = refused("GW-108", forward(lambda m, x: m.lstm(x)[0][-1]))
    assert "axis 0 is the batch" in error.cause
    assert "[:, -1]" in error.remedy
    model = calibrate(nn.Sequential(qnn.QuantLSTM(I, H)))

    class Wrong(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = model[0]

        def forward(self, x: Any) -> Any:
            return self.lstm(x)[0][:, -1]

    error = refused("GW-108", Wrong().eval())
    assert "axis 1 is the batch" in error.cause
    assert "[-1]" in error.remedy


def test_a_quant_tensor_cannot_be_indexed() -> None:
    lstm_layer = qnn.QuantLSTM(I, H, batch_first=True, return_quant_tensor=True)
    model = forward(lambda m, x: m.q(x)[0], q=lstm_layer)
    model._fn = lambda m, x: m.q(x)[0][:, -1]
    assert ".value" in refused("GW-108", model).remedy
    model._fn = lambda m, x: m.q(x)[1][0][-1]
    assert ".value" in refused("GW-108", model).remedy


class Two(nn.Module):
    """A layer and a second argument."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.lstm = calibrate(qnn.QuantLSTM(I, H, batch_first=True, **options))

    def forward(self, x: Any, states: Any) -> Any:
        return self.lstm(x, states, states)[0]


def test_two_inputs() -> None:
    error = refused("GW-106", Two().eval())
    assert error.where == "argument states"
    assert "tuple" in error.remedy
    for shape in ((B,), (1, 1, B, H)):
        error = refused("GW-106", Two().eval(), (example(), torch.zeros(shape)))
        assert error.where == "argument states"
    three = (example(), torch.zeros(1, B, H), torch.zeros(1, B, H))
    assert "takes 2" in refused("GW-106", Two().eval(), three).cause
    four = (*three, torch.zeros(1, B, H))
    assert "takes 3" in refused("GW-106", lstm(batch_first=True), four).cause
    trace(Two().eval(), three[:2])


@pytest.mark.parametrize(
    ("options", "states", "missing"),
    [
        ({}, (0, B, H), "GW-106"),
        ({}, (1, B + 1, H), "[3, 4], not [2, 4]"),
        ({}, (1, B, H + 1), "[2, 5], not [2, 4]"),
        ({}, (B, H), "is no tensor [layers * directions, B, H]"),
        ({"bidirectional": True}, (1, B, H), "takes state 1 of states, which holds 1"),
        # As Brevitas indexes them: two layers in one direction read hx[0] and hx[2].
        ({"num_layers": 2}, (2, B, H), "takes state 2 of states, which holds 2"),
        ({"num_layers": 2, "bidirectional": True}, (3, B, H), "takes state 3 of states"),
    ],
)
def test_states_that_do_not_fit(
    options: dict[str, Any], states: tuple[int, ...], missing: str
) -> None:
    code = "GW-108" if len(states) == 2 else "GW-106"
    error = refused(code, Two(**options).eval(), (example(), torch.zeros(states)))
    assert missing in str(error)


def test_initial_states_and_other_types() -> None:
    model = forward(lambda m, x: m.lstm(x)[0])
    rows = torch.arange(B, dtype=torch.float32).reshape(1, B, 1).expand(1, B, H).clone()
    model._fn = lambda m, x: m.lstm(x, m.state, m.state)[0]
    model.register_buffer("state", rows)
    error = refused("GW-109", model)
    assert error.where == "lstm.layers.0.0"
    assert "initial state self.state differs from sequence to sequence" in error.cause
    assert "argument of forward()" in error.remedy
    model.state = rows[:, :1]
    trace(model, example())
    for bad in (rows[:0], rows[0], rows[0, 0, 0]):
        model.state = bad
        assert "initial state" in refused("GW-106", model).cause
    assert "float64" in refused("GW-109", calibrate(Net()).double()).cause


def test_layers_of_two_layouts() -> None:
    rnn = qnn.QuantLSTM(H, H, batch_first=False)
    error = refused("GW-109", forward(lambda m, x: m.rnn(m.lstm(x)[0])[0], rnn=rnn))
    assert error.where == "rnn.layers.0.0"
    assert "batch_first" in error.remedy


def test_tensors_that_cannot_be_joined() -> None:
    model = forward(
        lambda m, x: torch.cat([m.lstm(x)[0], m.act(m.lstm(x)[0])], -1), act=qnn.QuantIdentity()
    )
    trace(model, example())
    model._fn = lambda m, x: torch.cat([m.lstm(x)[0], m.lstm(x)[0][:, -1]], -1)
    assert "differ before the last axis" in refused("GW-106", model).cause
    model = forward(lambda m, x: torch.cat([m.lstm(x)[0], m.fc(m.lstm(x)[0])], -1), fc=_linear(H))
    assert refused("GW-301", model).where == "cat"
    flat = nn.Flatten(0)
    refused("GW-109", forward(lambda m, x: m.flat(m.lstm(x)[0]), flat=flat))


def test_flatten_needs_the_batch_in_front() -> None:
    model = forward(lambda m, x: m.rnn(x)[0].flatten(1), rnn=qnn.QuantLSTM(I, H))
    assert "batch_first" in refused("GW-108", model).remedy


def test_tensors_off_every_grid() -> None:
    model = forward(lambda m, x: m.b(m.a(m.lstm(x)[0])), a=_linear(H), b=_linear(N))
    assert refused("GW-301", model).where == "b"
    fc = _linear(H, bias_quant=Int32Bias)
    error = refused("GW-301", forward(lambda m, x: m.fc(m.lstm(x)[0]), run=False, fc=fc))
    assert error.where == "fc.bias_quant"
    assert "return_quant_tensor=True" in error.remedy


def test_what_is_no_module() -> None:
    for bad in (qnn.QuantLSTM, np.zeros(3), "model.pt"):
        refused("GW-603", bad)
