"""Data, labels, the report, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("brevitas")

import brevitas.nn as qnn
import torch
from partial_models import (
    CLASSES,
    WEIGHT_ONLY,
    B,
    Classifier,
    H,
    I,
    T,
    lstm,
    same_state,
    sequences,
    state_of,
    verified,
)
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import gatewright
from gatewright.errors import GatewrightError
from gatewright.frontend import trace
from gatewright.frontend.torch.checks import check_model

pytestmark = pytest.mark.slow


def classifier(**options: Any) -> nn.Module:
    torch.manual_seed(0)
    recurrent = lstm(**(options or WEIGHT_ONLY))
    return Classifier(recurrent, qnn.QuantLinear(H, CLASSES, bias=True)).eval()


def scales(result: gatewright.Calibration) -> dict[str, float]:
    return {placed.name: placed.scale for placed in result.placed}


def test_the_model_is_not_touched() -> None:
    model = classifier()
    before, modules = state_of(model), dict(model.named_modules())
    result = gatewright.calibrate(model, sequences())
    assert same_state(before, state_of(model))
    assert dict(model.named_modules()) == modules
    assert check_model(result.model) is result.model  # in eval mode, all of it
    assert result.model is not model


def test_the_same_data_gives_the_same_model() -> None:
    first, second = (gatewright.calibrate(classifier(), sequences()) for _ in range(2))
    assert same_state(state_of(first.model), state_of(second.model))
    assert str(first) == str(second) and first.to_json() == second.to_json()


def test_other_data_gives_another_model() -> None:
    first, second = (gatewright.calibrate(classifier(), k * sequences()) for k in (1, 4))
    name = "recurrent.layers.0.0.output_quant"
    assert scales(second)[name] > 3 * scales(first)[name]


def test_every_form_of_data() -> None:
    x, y = sequences(), torch.arange(B) % CLASSES
    loader = DataLoader(TensorDataset(x, y), batch_size=5)
    whole = gatewright.calibrate(classifier(), x, labels=y)
    forms = [x.numpy(), [x], list(x.split(7)), (part for part in x.split(7)), loader, (x,)]
    for data in forms:
        result = gatewright.calibrate(classifier(), data, labels=y.numpy())
        assert result.sequences == B
        assert result.accuracy_before == whole.accuracy_before
        assert scales(result) == pytest.approx(scales(whole), rel=1e-3)
    from_loader = gatewright.calibrate(classifier(), loader)
    assert from_loader.accuracy_after == whole.accuracy_after


def test_labels_and_errors_are_counted() -> None:
    model, x = classifier(), sequences()
    with torch.no_grad():
        y = model(x).argmax(1)
    wrong = y.clone()
    wrong[:6] = (wrong[:6] + 1) % CLASSES
    result = gatewright.calibrate(model, x, labels=wrong)
    assert result.accuracy_before == (B - 6) / B
    with torch.no_grad():
        before, after = model(x), result.model(x)
    assert result.accuracy_after == float((after.argmax(1) == wrong).double().mean())
    error = (after - before).double()
    assert result.output_error.largest == pytest.approx(float(error.abs().max()))
    assert result.output_error.rms == pytest.approx(float(error.square().mean().sqrt()))
    assert gatewright.calibrate(model, x).accuracy_before is None


def test_more_bits_cost_less() -> None:
    errors = [
        gatewright.calibrate(classifier(), sequences(), bits=bits).output_error.relative
        for bits in (4, 6, 8)
    ]
    assert errors[0] > 2 * errors[1] > 4 * errors[2] > 0


def test_clipped_shares() -> None:
    none = gatewright.calibrate(classifier(), sequences(), percentile=100)
    assert all(placed.clipped == 0 for placed in none.placed)
    some = gatewright.calibrate(classifier(), sequences(), percentile=90)
    shares = [placed.clipped or 0 for placed in some.placed]
    assert max(shares) > 0.05 and max(shares) <= 0.1


def test_nothing_to_place() -> None:
    model = lstm()
    result = gatewright.calibrate(model, sequences())
    assert result.placed == () and "nothing was placed" in str(result)
    assert result.output_error.largest == 0
    assert same_state(state_of(model), state_of(result.model))


def test_quantizers_that_wait_for_data_collect_it(tmp_path: Path) -> None:
    """As a fresh model's do; without calibration compile refuses them with GW-103."""
    torch.manual_seed(0)
    model = qnn.QuantLSTM(I, H, batch_first=True, io_quant=None).eval()
    x = sequences()
    result = gatewright.calibrate(model, x)
    waiting = [placed for placed in result.placed if placed.waiting]
    assert len(waiting) == 10 and len(result.placed) == 11
    assert all(placed.clipped is None for placed in waiting)
    assert "waiting" in str(result)
    assert verified(result, tmp_path, x.numpy(), "traced", "integer").mismatches == 0


def test_cifg_can_represent_one() -> None:
    """Its forget gate is quant(1) - i, so 1 is among the values seen."""
    torch.manual_seed(0)
    model = qnn.QuantLSTM(
        I, H, batch_first=True, coupled_input_forget_gates=True, **WEIGHT_ONLY
    ).eval()
    result = gatewright.calibrate(model, sequences())
    assert scales(result)["layers.0.0.input_sigmoid_quant"] == np.float32(1 / 255)


class WithStates(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = qnn.QuantLSTM(I, H, batch_first=True, **WEIGHT_ONLY)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> Tensor:
        return self.lstm(x, h, c)[0]


def test_initial_states_are_arguments_and_seen(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = WithStates().eval()
    h, c = 3 * torch.rand(1, B, H), 5 * torch.rand(1, B, H)
    data = (sequences(), h, c)
    result = gatewright.calibrate(model, data, percentile=100)
    names = scales(result)
    assert names["lstm.layers.0.0.cell_state_quant"] >= float(c.max()) / 511 * 0.999
    assert [tuple(t.shape) for t in result.example_input] == [(1, T, I), (1, 1, H), (1, 1, H)]
    x = tuple(t.numpy() for t in data)
    assert verified(result, tmp_path, x, "traced", "integer").mismatches == 0


def test_the_report_is_readable() -> None:
    text = str(gatewright.calibrate(classifier(), sequences(), labels=torch.zeros(B).long()))
    first, heading, row, *_rest, error, accuracy = text.splitlines()
    assert first == f"Calibration: 11 quantizers placed from {B} sequences."
    assert heading.split() == ["quantizer", "kind", "places", "bits", "scale", "clipped"]
    assert row.split()[:4] == ["recurrent.layers.0.0.output_quant", "io", "2", "int8"]
    assert error.startswith("Output error: ") and accuracy.startswith("Accuracy: ")


def test_compile_calibrates(tmp_path: Path) -> None:
    model, x = classifier(), sequences()
    result = gatewright.calibrate(model, x)
    direct = gatewright.compile(model, output_dir=tmp_path / "a", calibration=x)
    after = gatewright.compile(result, output_dir=tmp_path / "b")
    for name in ("1_traced.onnx", "calibration.json", "3_kernels.json"):
        assert (direct.path / name).read_bytes() == (after.path / name).read_bytes()


def test_a_float_model_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(GatewrightError) as caught:
        gatewright.compile(classifier(), sequences()[:1], tmp_path / "b")
    assert caught.value.code == "GW-107"
    assert "gatewright.calibrate" in caught.value.remedy
    assert "--calibrate" in caught.value.remedy


BAD: dict[str, tuple[Any, dict[str, Any], str]] = {
    "nan": (torch.full((2, T, I), float("nan")), {}, "NaN"),
    "integers": (torch.zeros(2, T, I, dtype=torch.int64), {}, "int64"),
    "empty": (torch.zeros(0, T, I), {}, "shape"),
    "no batch": ([], {}, "no batch"),
    "empty batch": ([()], {}, "empty"),
    "text": ("train", {}, "str"),
    "number": (3, {}, "int"),
    "features": (torch.zeros(2, T, I + 1), {}, "fails"),
    "labels": (sequences(), {"labels": torch.zeros(3)}, "shape"),
    "bits": (sequences(), {"bits": 1}, "1"),
    "weight bits": (sequences(), {"weight_bits": 8.5}, "8.5"),
    "method": (sequences(), {"method": "median"}, "median"),
    "scale": (sequences(), {"scale": "log"}, "log"),
    "percentile": (sequences(), {"percentile": 101}, "101"),
}


@pytest.mark.parametrize("name", BAD)
def test_unusable_data_and_options(name: str) -> None:
    data, options, cause = BAD[name]
    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(classifier(), data, **options)
    assert caught.value.code == "GW-604"
    assert cause in caught.value.cause and caught.value.remedy


def test_activations_that_overflow() -> None:
    model = lstm(**WEIGHT_ONLY, weight_scaling_per_output_channel=False)
    with torch.no_grad():
        model.layers[0][0].cell_gate_params.bias.fill_(3e38)
        model.layers[0][0].cell_gate_params.input_weight.weight.fill_(3e38)
    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(model, 1e3 * sequences())
    assert caught.value.code == "GW-604" and "infinite" in caught.value.cause


def test_training_mode_is_refused() -> None:
    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(classifier().train(), sequences())
    assert caught.value.code == "GW-102"


def test_a_projection_is_refused() -> None:
    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(nn.LSTM(I, H, batch_first=True, proj_size=2).eval(), sequences())
    assert caught.value.code == "GW-109" and "proj_size" in caught.value.cause


def test_a_model_that_cannot_be_copied() -> None:
    model = classifier()
    model.handle = (part for part in ())
    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(model, sequences())
    assert caught.value.code == "GW-603"


class Permuted(nn.Module):
    """Batches first around a layer that takes time steps first, or the other way round."""

    def __init__(self, batch_first: bool, fixed: bool = False) -> None:
        super().__init__()
        self.lstm = nn.LSTM(I, 7, batch_first=batch_first)
        self.fc = nn.Linear(7, 3)
        self.fixed = fixed

    def forward(self, x: Tensor) -> Tensor:
        if self.fixed and x.shape[0 if self.lstm.batch_first else 1] != T:
            raise ValueError("another number of steps")
        y = self.lstm(x.permute(1, 0, 2))[0]
        return self.fc(y[:, -1] if self.lstm.batch_first else y[-1])


@pytest.mark.parametrize("batch", [1, 2, 40])
@pytest.mark.parametrize(("batch_first", "fixed"), [(False, False), (False, True), (True, True)])
def test_batches_lie_where_the_model_has_them(batch_first: bool, fixed: bool, batch: int) -> None:
    """Whatever a permute does in front of the layer; also of steps that are as many as batches."""
    torch.manual_seed(0)
    shape = (T, batch, I) if batch_first else (batch, T, I)
    x = torch.randn(shape)
    found = gatewright.calibrate(Permuted(batch_first, fixed).eval(), x)
    assert found.sequences == batch
    axis = 1 if batch_first else 0
    assert torch.equal(found.example_input[0], x.narrow(axis, 0, 1))
    trace(found.model, found.example_input)
