"""Every set of missing quantizers becomes a model that compiles bit-exactly."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("brevitas")

import brevitas.nn as qnn
import torch
from brevitas.proxy.runtime_quant import ActQuantProxyFromInjector
from commit_choice import crossed, drawn
from partial_models import (
    CLASSES,
    SUBSETS,
    WEIGHT_ONLY,
    Classifier,
    H,
    I,
    lstm,
    same_state,
    sequences,
    state_of,
    verified,
)
from torch import nn

import gatewright
from gatewright import frontend
from gatewright.ir.lowering import lower

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

# What each missing quantizer is in a cell of four gates.
COUNTS = {
    "io_quant": 1,
    "gate_acc_quant": 4,
    "sigmoid_quant": 3,
    "tanh_quant": 2,
    "cell_state_quant": 1,
    "weight_quant": 4,
}


@pytest.mark.parametrize("left_out", drawn(SUBSETS, 6, "rotating"), ids="+".join)
def test_every_set_of_missing_quantizers(left_out: tuple[str, ...], tmp_path: Path) -> None:
    model = lstm(**dict.fromkeys(left_out))
    before = state_of(model)
    result = gatewright.calibrate(model, sequences())
    assert len(result.placed) == sum(COUNTS[name] for name in left_out)
    assert not any(placed.waiting for placed in result.placed)
    assert same_state(before, state_of(model))
    after = state_of(result.model)
    assert all(torch.equal(before[name], after[name]) for name in before)
    if len(left_out) in (2, 3, 4):  # the others are verified too
        lower(frontend.trace(result.model, result.example_input))
        return
    report = verified(result, tmp_path, sequences(seed=9).numpy(), "traced", "integer")
    assert report.mismatches == 0


LAYERS: dict[str, dict[str, Any]] = {
    "weight_only": WEIGHT_ONLY,
    "float": {**WEIGHT_ONLY, "weight_quant": None},
    "io": {"io_quant": None},
    "acc_and_cell": {"gate_acc_quant": None, "cell_state_quant": None, "weight_bit_width": 4},
    "shared_acc": {"shared_intra_layer_gate_acc_quant": True, **WEIGHT_ONLY},
    "no_bias": {"bias": False, **WEIGHT_ONLY},
}


@pytest.mark.parametrize("name", drawn(LAYERS, 2, "rotating"))
def test_kernels_agree_with_the_calibrated_model(name: str, tmp_path: Path) -> None:
    model = Classifier(lstm(**LAYERS[name]), qnn.QuantLinear(H, CLASSES, bias=True)).eval()
    result = gatewright.calibrate(model, sequences())
    assert verified(result, tmp_path, sequences(seed=9).numpy()).mismatches == 0


WAYS = [*itertools.product(["percentile", "mse"], ["float", "power_of_two"])]


@pytest.mark.parametrize(("bits", "way"), drawn(crossed([4, 8], WAYS), 2, "rotating"))
def test_every_option_compiles(bits: int, way: Any, tmp_path: Path) -> None:
    method, scale = way
    result = gatewright.calibrate(
        lstm(weight_quant=None, **WEIGHT_ONLY),
        sequences(),
        method=method,
        scale=scale,
        bits=bits,
        weight_bits=bits,
    )
    assert {placed.bits for placed in result.placed} == {bits}
    if scale == "power_of_two":
        assert all(torch.frexp(torch.tensor(p.scale)).mantissa == 0.5 for p in result.placed)
    report = verified(result, tmp_path, sequences(seed=9).numpy(), "traced", "integer")
    assert report.mismatches == 0


def test_plain_torch_layers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    head = nn.Sequential(nn.Linear(H, 6), nn.ReLU(), nn.Dropout(), nn.Linear(6, CLASSES))
    model = Classifier(nn.LSTM(I, H, batch_first=True), head).eval()
    result = gatewright.calibrate(model, sequences())
    assert isinstance(model.recurrent, nn.LSTM)
    names = [placed.name for placed in result.placed]
    assert "head.1.act_quant" in names and "head.3.weight_quant" in names
    assert not any(name.endswith("input_quant") for name in names)
    assert result.output_error.relative < 0.1
    assert verified(result, tmp_path, sequences(seed=9).numpy()).mismatches == 0


def test_a_layer_whose_input_nothing_quantizes(tmp_path: Path) -> None:
    torch.manual_seed(0)
    head = nn.Sequential(qnn.QuantLinear(H, 6, bias=True), qnn.QuantLinear(6, CLASSES, bias=True))
    result = gatewright.calibrate(Classifier(lstm(), head).eval(), sequences())
    assert [placed.name for placed in result.placed] == ["head.1.input_quant"]
    assert verified(result, tmp_path, sequences(seed=9).numpy()).mismatches == 0


class Pooled(Classifier):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.recurrent(x)[0].mean(1))


def test_a_mean_over_time_is_off_any_grid(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Pooled(lstm(**WEIGHT_ONLY), qnn.QuantLinear(H, CLASSES, bias=True)).eval()
    result = gatewright.calibrate(model, sequences())
    assert result.placed[-1].name == "head.input_quant"
    report = verified(result, tmp_path, sequences(seed=9).numpy(), "traced", "integer")
    assert report.mismatches == 0


@pytest.mark.parametrize(
    "activation",
    [
        qnn.QuantSigmoid(act_quant=None),
        qnn.QuantTanh(act_quant=None),
        qnn.QuantHardTanh(act_quant=None, min_val=-0.5, max_val=0.5),
        qnn.QuantReLU(act_quant=None),
        nn.Sequential(nn.BatchNorm1d(6), nn.ReLU()),
        nn.Sequential(nn.Hardsigmoid(), qnn.QuantIdentity(act_quant=None)),
    ],
    ids=["sigmoid", "tanh", "hard_tanh", "relu", "batch_norm", "hardsigmoid"],
)
def test_activations_of_the_head(activation: nn.Module, tmp_path: Path) -> None:
    torch.manual_seed(0)
    head = nn.Sequential(nn.Linear(H, 6), activation, nn.Linear(6, CLASSES))
    result = gatewright.calibrate(Classifier(lstm(**WEIGHT_ONLY), head).eval(), sequences())
    assert result.placed[-1].name.startswith("head.1.")
    assert result.output_error.relative < 0.1
    report = verified(result, tmp_path, sequences(seed=9).numpy(), "traced", "integer")
    assert report.mismatches == 0


def test_a_time_major_model(tmp_path: Path) -> None:
    torch.manual_seed(0)
    x = sequences().transpose(0, 1).contiguous()
    result = gatewright.calibrate(qnn.QuantLSTM(I, H, **WEIGHT_ONLY).eval(), x)
    assert result.sequences == x.shape[1]
    assert result.example_input[0].shape == (x.shape[0], 1, I)
    assert verified(result, tmp_path, x.numpy(), "traced", "integer").mismatches == 0


STACKS: dict[str, tuple[type, dict[str, Any], int]] = {
    "two_layers": (qnn.QuantLSTM, {"num_layers": 2}, 2),
    "bidirectional": (qnn.QuantLSTM, {"bidirectional": True}, 2),
    "bidirectional_layers": (qnn.QuantLSTM, {"num_layers": 2, "bidirectional": True}, 4),
    "shared_weights": (
        qnn.QuantLSTM,
        {"bidirectional": True, "shared_input_hidden_weights": True},
        2,
    ),
    "shared_weight_quantizer": (
        qnn.QuantLSTM,
        {"num_layers": 2, "shared_intra_layer_weight_quant": True},
        2,
    ),
    "rnn": (qnn.QuantRNN, {}, 1),
    "relu_rnn": (qnn.QuantRNN, {"nonlinearity": "relu"}, 1),
    "rnn_bidirectional": (qnn.QuantRNN, {"num_layers": 2, "bidirectional": True}, 4),
    "cifg": (qnn.QuantLSTM, {"coupled_input_forget_gates": True}, 1),
}


def float_stack(name: str) -> Any:
    kind, options, _ = STACKS[name]
    names = WEIGHT_ONLY if kind is qnn.QuantLSTM else ("io_quant", "gate_acc_quant", "bias_quant")
    torch.manual_seed(0)
    return kind(I, H, batch_first=True, **dict.fromkeys(names), **options).eval()


@pytest.mark.parametrize("name", drawn(STACKS, 2, "rotating"))
def test_quantizers_are_shared_as_brevitas_shares_them(name: str) -> None:
    """The placed quantizers are as many, in the same places, as Brevitas' own would be."""
    kind, options, cells = STACKS[name]
    result = gatewright.calibrate(float_stack(name), sequences())
    with_own = kind(I, H, batch_first=True, bias_quant=None, **options)

    def places(model: nn.Module) -> list[list[str]]:
        found: dict[int, list[str]] = {}
        for path, module in model.named_modules(remove_duplicate=False):
            if isinstance(module, ActQuantProxyFromInjector) and module.is_quant_enabled:
                found.setdefault(id(module), []).append(path)
        return list(found.values())

    assert places(result.model) == places(with_own)
    assert len(list(result.model.layers)) * len(result.model.layers[0]) == cells


@pytest.mark.parametrize("name", drawn(STACKS, 2, "rotating"))
def test_a_stack_compiles(name: str, tmp_path: Path) -> None:
    result = gatewright.calibrate(float_stack(name), sequences())
    x = sequences(seed=9).numpy()
    assert verified(result, tmp_path, x, "traced", "integer").mismatches == 0


def test_cell_states_that_are_concatenated_share_a_quantizer() -> None:
    """Brevitas cannot concatenate cell states of different scales."""
    options = {"num_layers": 2, "shared_cell_state_quant": False, **WEIGHT_ONLY}
    for concatenated, expected in ((True, 1), (False, 2)):
        torch.manual_seed(0)
        model = qnn.QuantLSTM(
            I, H, batch_first=True, cat_output_cell_states=concatenated, **options
        )
        result = gatewright.calibrate(model.eval(), sequences())
        names = [placed.name for placed in result.placed]
        assert sum("cell_state" in name for name in names) == expected
