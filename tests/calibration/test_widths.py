"""Bits by kind of value and by layer, scales of weights by row, and what is refused of either."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("brevitas")

import torch
from click.testing import CliRunner
from partial_models import CLASSES, B, Classifier, H, I, sequences, verified
from torch import nn

import gatewright
from gatewright.cli.commands import main
from gatewright.errors import GatewrightError

pytestmark = pytest.mark.slow


def float_model(layers: int = 1, directions: int = 1) -> nn.Module:
    """Recurrent layers, and a head of two."""
    torch.manual_seed(0)
    head = nn.Sequential(nn.Linear(directions * H, 6), nn.ReLU(), nn.Linear(6, CLASSES))
    lstm = nn.LSTM(I, H, num_layers=layers, bidirectional=directions == 2, batch_first=True)
    return Classifier(lstm, head).eval()


def bits_of(result: gatewright.Calibration) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for placed in result.placed:
        assert placed.kind is not None
        found.setdefault(placed.kind, set()).add(placed.bits)
    return found


def test_defaults_leave_cell_states_ten_bits() -> None:
    bits = bits_of(gatewright.calibrate(float_model(), sequences()))
    assert bits.pop("cell_state") == {10}
    assert set(bits) == {"io", "gate_acc", "sigmoid", "tanh", "act", "weight"}
    assert set.union(*bits.values()) == {8}


def test_one_number_is_of_every_activation() -> None:
    bits = bits_of(gatewright.calibrate(float_model(), sequences(), bits=6))
    assert bits.pop("weight") == {8}
    assert set.union(*bits.values()) == {6}


def test_a_row_comes_before_a_kind_and_that_before_all() -> None:
    result = gatewright.calibrate(
        float_model(layers=2, directions=2),
        sequences(),
        bits={"all": 6, "tanh": 7, "gate_acc": 9, "recurrent.layers.1.gate_acc": 5},
        weight_bits={"all": 4, "head.2.weight": 12, "recurrent.layers.0.weight": 5},
    )
    bits = {placed.name: placed.bits for placed in result.placed}
    for gate in ("input", "forget", "cell", "output"):
        for direction in (0, 1):
            assert bits[f"recurrent.layers.0.{direction}.{gate}_acc_quant"] == 9
            assert bits[f"recurrent.layers.1.{direction}.{gate}_acc_quant"] == 5
    assert bits["recurrent.layers.0.0.cell_state_quant"] == 6  # all that the user says, not 10
    assert bits["recurrent.layers.1.1.cell_tanh_quant"] == 7
    assert bits["recurrent.layers.0.1.cell_gate_params.input_weight.weight_quant"] == 5
    assert bits["recurrent.layers.1.1.cell_gate_params.input_weight.weight_quant"] == 4
    assert (bits["head.0.weight_quant"], bits["head.2.weight_quant"]) == (4, 12)


def test_a_kind_alone_leaves_the_rest_as_it_is() -> None:
    bits = bits_of(gatewright.calibrate(float_model(), sequences(), bits={"io": 5}))
    assert (bits["io"], bits["cell_state"], bits["sigmoid"]) == ({5}, {10}, {8})


def test_widths_of_every_kind_compile(tmp_path: Path) -> None:
    result = gatewright.calibrate(
        float_model(),
        sequences(),
        bits={"io": 7, "gate_acc": 9, "sigmoid": 6, "tanh": 5, "cell_state": 12, "act": 4},
        weight_bits={"all": 11, "head.0.weight": 4},
        weight_scale={"recurrent.layers.0.weight": "per_channel", "head.2.weight": "per_channel"},
    )
    report = verified(result, tmp_path, sequences(seed=9).numpy(), "traced", "integer")
    assert report.mismatches == 0


@pytest.mark.compiles
def test_wide_weights_by_row_agree_in_kernels(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Classifier(nn.LSTM(I, H, batch_first=True), nn.Linear(H, CLASSES)).eval()
    result = gatewright.calibrate(
        model, sequences(), weight_bits=16, weight_scale="per_channel", bits={"cell_state": 12}
    )
    x = sequences(seed=9).numpy()
    assert verified(result, tmp_path, x[:3], "traced", "integer", "rtl").mismatches == 0


@pytest.mark.parametrize("method", ["percentile", "mse"])
def test_each_row_has_the_scale_of_its_own_values(method: Any) -> None:
    torch.manual_seed(0)
    model = Classifier(nn.LSTM(I, H, batch_first=True), nn.Linear(H, CLASSES)).eval()
    with torch.no_grad():
        model.recurrent.weight_ih_l0 *= torch.logspace(-2, 1, H).repeat(4)[:, None]
        model.recurrent.weight_hh_l0 *= torch.logspace(-2, 1, H).repeat(4)[:, None]
    ranges = {}
    for scale in ("per_tensor", "per_channel"):
        result = gatewright.calibrate(model, sequences(), method=method, weight_scale=scale)
        layer = result.model.recurrent.layers[0][0]
        errors, codes = [], []
        for gate, first in (("input", 0), ("forget", H), ("cell", 2 * H), ("output", 3 * H)):
            params = getattr(layer, f"{gate}_gate_params")
            with torch.no_grad():
                for weight, given in (
                    (params.input_weight, model.recurrent.weight_ih_l0),
                    (params.hidden_weight, model.recurrent.weight_hh_l0),
                ):
                    quantized = weight.weight_quant(weight.weight)
                    rows = given[first : first + H]
                    relative = (quantized.value - rows).abs().amax(1) / rows.abs().amax(1)
                    errors.append(relative)
                    codes.append(quantized.int().abs().amax(1))
        ranges[scale] = float(torch.stack([e.max() for e in errors]).max())
        if scale == "per_channel" and method == "percentile":
            # W and U share a scale, so in each row one of the two reaches the largest code.
            assert all(
                (torch.maximum(a, b) == 127).all()
                for a, b in zip(codes[::2], codes[1::2], strict=True)
            )
    assert ranges["per_channel"] < 0.05 < ranges["per_tensor"]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "kind": ({"bits": {"gates": 8}}, "'gates'"),
    "row": ({"bits": {"recurrent.layers.7.io": 8}}, "layers.7"),
    "bits of a kind": ({"bits": {"io": 17}}, "17"),
    "truth": ({"bits": True}, "True"),
    "text": ({"bits": "eight"}, "eight"),
    "kind of a weight": ({"weight_bits": {"io": 8}}, "'io'"),
    "weight bits": ({"weight_bits": {"head.0.weight": 1}}, "1"),
    "weight scale": ({"weight_scale": "per_row"}, "per_row"),
    "row of a scale": ({"weight_scale": {"head": "per_channel"}}, "'head'"),
    "percentile": ({"percentile": "high"}, "high"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused(name: str) -> None:
    options, cause = BAD[name]
    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(float_model(), sequences(), **options)
    assert caught.value.code == "GW-604"
    assert caught.value.where == next(iter(options))
    assert cause in caught.value.cause and caught.value.remedy.startswith("Use ")


@pytest.fixture
def command_line(float_files: None) -> CliRunner:
    return CliRunner()


OPTIONS = (
    *("--calibrate", "x.npy", "--bits", "cell_state=12,io=9", "--weight-bits", "6"),
    *("--weight-scale", "per_channel", "--method", "mse"),
)


def test_on_the_command_line(command_line: CliRunner) -> None:
    done = command_line.invoke(main, ["compile", "float_net:net", "-o", "b", *OPTIONS, "--json"])
    assert done.exit_code == 0, done.output
    placed = json.loads(done.stdout.splitlines()[-1])["calibration"]["placed"]
    found = {(p["kind"], p["bits"], p["scale"] == 0) for p in placed}
    assert {("cell_state", 12, False), ("io", 9, False), ("weight", 6, True)} <= found
    assert {bits for kind, bits, _ in found if kind in ("tanh", "sigmoid", "gate_acc")} == {8}
    verify = ["verify", "b", "x.npy", "--model", "float_net:net", "--levels", "traced,integer"]
    done = command_line.invoke(main, [*verify, *OPTIONS])
    assert done.exit_code == 0 and "PASS" in done.output, done.output


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("--bits", "8.5", "8.5"),
        ("--bits", "many", "many"),
        ("--bits", "io=8,tanh", "KEY=VALUE"),
        ("--bits", "io=8,gate=9", "'gate'"),
        ("--weight-bits", "99", "99"),
        ("--weight-scale", "both", "both"),
        ("--method", "median", "median"),
        ("--percentile", "101", "101"),
        ("--percentile", "most", "most"),
    ],
)
def test_what_is_refused_on_the_command_line(
    command_line: CliRunner, option: str, text: str, words: str
) -> None:
    arguments = ["compile", "float_net:net", "-o", "b", "--calibrate", "x.npy", option, text]
    done = command_line.invoke(main, arguments)
    assert done.exit_code == 2 and "GW-604" in done.output and words in done.output
    assert option.strip("-").replace("-", "_") in done.output


def test_options_of_calibration_need_data(command_line: CliRunner) -> None:
    done = command_line.invoke(main, ["compile", "float_net:net", "-o", "b", "--weight-bits", "4"])
    assert done.exit_code == 2 and "--weight-bits needs --calibrate" in done.output


def test_the_report_names_kinds() -> None:
    result = gatewright.calibrate(float_model(), sequences())
    assert result.sequences == B
    row = next(r for r in str(result).splitlines() if "cell_state_quant" in r)
    assert row.split()[1:4] == ["cell_state", "1", "int10"]
