"""Look-ups of integer inputs: torch = traced = integer = standard = C-sim = RTL.

C-simulation takes a quarter of the models, another one with each commit.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from brevitas.export import export_qonnx
from commit_choice import drawn
from embedding_models import CASES, Case, N, make
from level_tools import needs

import gatewright
from gatewright.hls_templates.pynq.driver.faults import OverlayError
from gatewright.hls_templates.pynq.driver.numbers import checked, encoded
from gatewright.ir import ops
from gatewright.levels.table import level_engine

pytestmark = pytest.mark.compiles

QUARTER = drawn(CASES, 4, "written")


def built(case: Case, path: Path) -> tuple[Any, gatewright.Build]:
    model = make(case)
    return model, gatewright.compile(model, torch.from_numpy(case.inputs(2)), path / "build")


@pytest.mark.parametrize("name", drawn(CASES, 4, "written"))
def test_every_level_agrees(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    model, build = built(case, tmp_path)
    gatewright.check(build)
    levels = ("traced", "integer", "standard", *(["csim"] if name in QUARTER else []))
    report = build.verify(case.inputs(40, seed=1), model=model, levels=levels)
    assert report.mismatches == 0, report.divergence
    assert all(c.compared["output"] and c.compared["h"] for c in report.comparisons)
    assert all(not c.differing.total() for c in report.comparisons[2:])
    (argument,) = build.integer.arguments
    assert (argument.rows, argument.batch_axis) == (case.rows, int(case.time_major))
    # Of other lengths; and what is drawn where nothing is given.
    assert build.verify(case.inputs(3, 1), levels=("traced", "integer")).mismatches == 0
    assert build.verify(levels=("traced", "standard")).mismatches == 0


@needs("rtl")
def test_hardware_and_its_cycles(tmp_path: Path) -> None:
    case = CASES["two_tables"]
    _, build = built(case, tmp_path)
    x = case.inputs(12, seed=1)
    y, stats = build.simulate(x, level="rtl", raw=True, return_stats=True)
    assert np.array_equal(y, build.simulate(x, level="integer", raw=True))
    assert set(stats.cycles_per_sequence) == {build.kernels.predicted_cycles}
    # The port takes one integer a beat, of no more bits than they need.
    (port,) = build.kernels.inputs
    assert (port.low, port.high, port.lanes, port.lane_bits) == (0, 6, 1, 8)
    with build.stream("rtl") as stream:
        pieces = [stream(x[:1, :2], raw=True), stream(x[:1, 2:], raw=True)]
    assert np.array_equal(np.concatenate(pieces, 1), y[:1])
    # No driver of ours sends it: a number without a row is the last one.
    beyond = np.where(x == 6, 7, x)
    for level in ("csim", "rtl"):
        run = level_engine(build, level, taps=False)((beyond,))
        assert np.array_equal(run.outputs[0], build.simulate(x, level="integer"))


@pytest.mark.parametrize("name", ["every_step", "one_hot", "windows"])
def test_an_exported_file_gives_the_same(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    model, build = built(case, tmp_path)
    file, example = tmp_path / "model.onnx", torch.from_numpy(case.inputs(2))
    export_qonnx(model, example, export_path=str(file), dynamo=False)
    loaded = gatewright.compile(file, output_dir=tmp_path / "loaded")
    x = case.inputs(20, seed=4)
    assert np.array_equal(
        build.simulate(x, level="integer", raw=True), loaded.simulate(x, level="integer", raw=True)
    )


def test_a_one_hot_is_a_row_of_bits(tmp_path: Path) -> None:
    _, build = built(CASES["one_hot"], tmp_path)
    (node,) = (n for n in build.integer.graph.nodes if n.op == ops.EMBEDDING)
    table = build.integer.graph[node.inputs[1]]
    assert table.value is not None and np.array_equal(table.value, np.eye(N))
    assert build.integer.graph[node.outputs[0]].type.bits == 1


WRONG = {
    "beyond the table": (np.array([[0, 3, N]]), "it holds 11 at [0, 2], and its table has 11 rows"),
    "negative": (np.array([[-1, 3]]), "it holds -1 at [0, 0]"),
    "floats": (np.zeros((1, 3), np.float32), "its type is float32"),
    "with features": (np.zeros((1, 3, 1), np.int64), "its shape is [1, 3, 1], expected [B, T]"),
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> gatewright.Build:
    return built(CASES["every_step"], tmp_path_factory.mktemp("plain"))[1]


@pytest.mark.parametrize("name", WRONG)
def test_integers_without_a_row_are_refused(name: str, plain: gatewright.Build) -> None:
    x, cause = WRONG[name]
    with pytest.raises(gatewright.GatewrightError) as caught:
        plain.simulate(x)
    assert caught.value.code == "GW-601"
    assert cause in caught.value.cause
    assert caught.value.remedy == "Pass integers [B, T] from 0 to 10."


def test_the_driver_of_a_board_does_the_same(plain: gatewright.Build) -> None:
    facts = json.loads((plain.path / "ip/gatewright.json").read_text())
    (argument,), (port,) = facts["arguments"], facts["inputs"]
    x = CASES["every_step"].inputs(5).astype(np.uint8)
    (expected,) = plain.integer.encode([x]).values()
    assert np.array_equal(encoded(port, [checked(x, argument)]), expected)
    for wrong, _ in WRONG.values():
        with pytest.raises(OverlayError, match=r"GW-601.*integers \[B, T\] from 0 to 10"):
            checked(wrong, argument)
