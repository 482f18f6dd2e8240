"""Verification finds what is broken, and says where."""

from __future__ import annotations

import re
import shutil
from copy import deepcopy
from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import onnx
import pytest
import torch
from brevitas.quant import Int8ActPerTensorFloat, Int32Bias
from onnx import numpy_helper
from shared_model import Shared
from torch import nn

import gatewright
from gatewright.hls_templates.kernels.recurrent.kernel import RecurrentRecord
from gatewright.ir import ops
from gatewright.ir.types import IntArray
from gatewright.verify.replay import replay

pytestmark = pytest.mark.compiles

LAYER = "lstm.layers.0.0"


@pytest.fixture
def copy(shared: Shared, tmp_path: Path) -> gatewright.Build:
    """A build that may be broken."""
    shutil.copytree(shared.build.path, tmp_path / "copy")
    return gatewright.Build(tmp_path / "copy")


def array_numbers(text: str, name: str) -> tuple[int, int, list[int]]:
    """Where the braces of a C++ array are, and its numbers."""
    match = re.search(rf"{name}\[[^=]* = (\{{.*?\}});", text, re.DOTALL)
    assert match is not None
    return match.start(1), match.end(1), [int(v) for v in re.findall(r"-?\d+", match.group(1))]


def replace_number(path: Path, name: str, index: int, change: int) -> None:
    """Change one number of a C++ array."""
    text = path.read_text()
    start, end, _ = array_numbers(text, name)
    count = -1

    def edit(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        value = int(match.group())
        return str(value ^ 1 if change == 0 else value + change) if count == index else str(value)

    path.write_text(text[:start] + re.sub(r"-?\d+", edit, text[start:end]) + text[end:])


def test_all_levels_agree(shared: Shared, own_build: gatewright.Build) -> None:
    report = own_build.verify(shared.x, model=shared.model)
    assert report.mismatches == 0
    assert [c.level for c in report.comparisons] == ["traced", "integer", "standard", "csim"]
    size = len(shared.x) * shared.STEPS * shared.HIDDEN
    for comparison in report.comparisons:
        assert comparison.compared["h"] == comparison.compared["c"] == size
        assert comparison.compared["gates"] >= 11 * size
        assert comparison.compared["output"] == len(shared.x) * 3


@pytest.mark.parametrize("gate", range(4))
def test_one_flipped_weight_bit_is_found_and_named(
    shared: Shared, copy: gatewright.Build, gate: int
) -> None:
    kernel = copy.kernels.kernels[0]
    assert isinstance(kernel, RecurrentRecord)
    lanes = kernel.units * 4
    unit = 2
    # First tile of the first row block, first column, the lane of this unit and gate.
    assert unit < kernel.units
    replace_number(copy.path / "hls/params.hpp", "k0_lstm_layers_0_0_weights", unit * 4 + gate, 0)
    assert lanes > unit * 4 + gate
    report = copy.verify(shared.x)
    assert report.mismatches > 0
    found = report.divergence
    assert found is not None
    assert (found.layer, found.direction, found.step) == (LAYER, "forward", 0)
    assert (found.gate, found.unit) == (("input", "forget", "cell", "output")[gate], unit)
    for word in (LAYER, "step 0", f"{found.gate} gate", f"unit {unit}"):
        assert word in str(found)


def test_one_shifted_threshold_is_found_and_named(
    shared: Shared, shared_thresholds: Shared, tmp_path: Path
) -> None:
    shutil.copytree(shared_thresholds.build.path, tmp_path / "copy")
    broken = gatewright.Build(tmp_path / "copy")
    step, unit, k, sums = a_threshold_that_is_met(shared_thresholds, "forget")
    # A tree of 8 levels: number k + 1 in order is a node of the level that its last 1 says.
    above = ((k + 1) & -(k + 1)).bit_length()
    level, node = 8 - above, (k + 1) >> above
    name = f"k0_lstm_layers_0_0_forget_acc_level_{level}"
    _, _, numbers = array_numbers((broken.path / "hls/params.hpp").read_text(), name)
    channel = 0 if len(numbers) == 1 << level else unit
    replace_number(broken.path / "hls/params.hpp", name, (channel << level) + node, 1)
    report = broken.verify(shared.x)
    assert report.mismatches > 0
    found = report.divergence
    assert found is not None
    assert (found.layer, found.gate, found.tap) == (LAYER, "forget", "forget_acc")
    assert found.step == step
    assert found.distance == 1
    assert found.accumulator in sums


def a_threshold_that_is_met(shared: Shared, gate: str) -> tuple[int, int, int, set[int]]:
    """The earliest step and unit with an accumulator right on one of its thresholds."""
    taps = shared.build.engine("integer")((shared.x,)).taps
    sums = taps[f"{LAYER}/{gate}_sum"]
    body = shared.build.integer.graph.scans()[0].body
    assert body is not None
    rows = body[f"{gate}_acc.thresholds"].value
    assert rows is not None
    for step in range(shared.STEPS):
        for unit in range(shared.HIDDEN):
            row = rows[unit % len(rows)]
            met: IntArray = np.intersect1d(sums[:, step, unit], row)
            if met.size:
                k = int(np.flatnonzero(row == met[0])[0])
                # With shared rows an earlier step may meet the same threshold in another unit.
                everywhere = sums if len(rows) == 1 else sums[:, :, unit : unit + 1]
                first = int(np.argwhere(everywhere == met[0])[:, 1].min())
                return first, unit, k, {int(met[0])}
    raise AssertionError("no accumulator meets a threshold: choose other inputs")


def test_a_wrong_table_entry_is_found_in_the_standard_graph(
    shared: Shared, copy: gatewright.Build
) -> None:
    path = copy.path / "2_standard.onnx"
    model = onnx.load(str(path))
    scan = next(n for n in model.graph.node if n.op_type == "Scan")
    body = next(a.g for a in scan.attribute if a.name == "body")
    table = next(i for i in body.initializer if i.name.endswith("/cell_gate.table"))
    values = numpy_helper.to_array(table) + 1
    table.CopyFrom(numpy_helper.from_array(values, table.name))
    path.write_bytes(model.SerializeToString())
    found = copy.verify(shared.x).divergence
    assert found is not None
    assert (found.step, found.gate, found.tap) == (0, "cell", "cell_gate")


def test_a_wrong_head_weight_is_found(shared: Shared, copy: gatewright.Build) -> None:
    replace_number(copy.path / "hls/params.hpp", "k4_classes_biases", 1, 1)
    found = copy.verify(shared.x).divergence
    assert found is not None
    assert (found.layer, found.unit, found.got - found.expected) == ("classes", 1, 1)


@pytest.mark.parametrize("level", ["integer", "standard", "csim"])
@pytest.mark.parametrize("reference", ["torch", "traced"])
def test_a_wrong_level_beside_a_float_one_is_not_explained_away(
    reference: str, level: str, shared: Shared, copy: gatewright.Build, tmp_path: Path
) -> None:
    other = deepcopy(shared.model)
    other.classes.weight.data.neg_()
    wrong = gatewright.compile(other, shared.example, tmp_path / "other").path
    part = {"integer": "2_integer.onnx", "standard": "2_standard.onnx", "csim": "hls/params.hpp"}
    shutil.copyfile(wrong / part[level], copy.path / part[level])
    model = shared.model if reference == "torch" else None
    levels = (level,) if model is not None else (reference, level)
    with pytest.warns(gatewright.ChangedBuildWarning):
        report = copy.verify(shared.x, model=model, levels=levels)
    (comparison,) = report.comparisons
    assert (comparison.reference, comparison.level) == (reference, level)
    assert report.mismatches == comparison.differing.total() > 0
    assert comparison.boundary == 0


def test_another_torch_model_is_not_explained_away(
    shared: Shared, own_build: gatewright.Build
) -> None:
    other = Shared.network()
    other.lstm.layers[0][0].cell_gate_params.bias.data += 0.05
    report = own_build.verify(shared.x, model=other)
    assert report.mismatches > 0
    found = report.divergence
    assert found is not None
    assert (found.step, found.gate) == (0, "cell")


@pytest.mark.parametrize("bias", [False, True])
def test_replay_judges_a_place_by_the_tensor_that_the_certificate_names(
    bias: bool, tmp_path: Path
) -> None:
    size = 5  # as many outputs as inputs, so that no shape tells a product's input from its sum
    build = square_build(size, bias, tmp_path)
    (output,) = build.integer.graph.outputs
    assert build.integer.graph.nodes[-1].op == (ops.ADD if bias else ops.MATMUL)
    x = np.random.default_rng(0).normal(size=(4, 6, 3)).astype(np.float32)
    run = build.engine("integer", taps=True)((x,))
    gate = next(name for name in run.taps if name.endswith("/input_acc"))
    shown = {**run.taps, **run.n}
    wrong = {**run.taps, gate: run.taps[gate] + 1}
    feeds = build.integer.encode((x,))
    differences = replay(build.integer, feeds, wrong, {output: run.n[output] + 1})
    found = {d.name: d for d in differences}
    for name in (gate, output):
        judged = shown[build.certificate.place(name).source]
        assert np.array_equal(found[name].inputs, judged.reshape(-1, size))
        assert found[name].wrong.all()


def square_build(size: int, bias: bool, folder: Path) -> gatewright.Build:
    """LSTM, last step, and a linear layer without output quantizer; ``size`` wide throughout."""

    class Square(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = qnn.QuantLSTM(3, size, batch_first=True)
            self.linear = qnn.QuantLinear(
                size,
                size,
                bias=bias,
                bias_quant=Int32Bias if bias else None,
                input_quant=Int8ActPerTensorFloat,
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.linear(self.lstm(x)[0][:, -1])

    torch.manual_seed(1)
    model = Square().train()
    with torch.no_grad():
        model(torch.randn(8, 6, 3))
    return gatewright.compile(model.eval(), torch.randn(2, 6, 3), folder / "b")


def test_levels_can_be_chosen(shared: Shared, own_build: gatewright.Build) -> None:
    report = own_build.verify(shared.x, levels=("integer", "standard"))
    assert [(c.reference, c.level) for c in report.comparisons] == [("integer", "standard")]


def test_the_default_input_spans_the_range(shared: Shared) -> None:
    from gatewright.verify.verify import random_input

    (source,) = shared.build.integer.inputs
    (codes,) = shared.build.integer.encode(random_input(shared.build)).values()
    type_ = source.quantizer.type
    assert codes.min() == type_.lo
    assert codes.max() == type_.hi


def test_labels_give_the_accuracy_of_each_level(
    shared: Shared, own_build: gatewright.Build
) -> None:
    y = shared.build.simulate(shared.x, "integer").argmax(axis=1)
    labels = np.where(np.arange(len(y)) < 6, (y + 1) % 3, y)
    report = own_build.verify(shared.x, labels=labels)
    assert set(report.accuracy.values()) == {1 - 6 / len(y)}


def test_progress_tells_compiling_from_running(shared: Shared, own_build: gatewright.Build) -> None:
    heard: list[tuple[str, int, int]] = []
    levels = ("integer", "csim")
    own_build.verify(shared.x, levels=levels, progress=lambda *facts: heard.append(facts))
    count = len(shared.x)
    assert heard == [
        *((f"compiling {name}", 0, count) for name in levels),
        *((f"running {name}", 0, count) for name in levels),
        ("comparing", 0, count),
        ("comparing", count, count),
    ]
