"""Our step in place of FINN's folding: a target is met, or FINN's words say where not."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from finn.builder.build_dataflow_config import estimate_only_dataflow_steps
from finn.util.basic import getHWCustomOp
from finn.util.logging import log
from finn_graphs import SHAPES, Shape, make
from recipe import Built, build, recurrent_nodes, write_onnx

from gatewright.finn import build_steps
from gatewright.finn.folding import CONFIG, MISSED
from gatewright.finn.layer import BUDGET, LAYER

CLOCK_HZ = 100_000_000
GATES = 4
GRAPHS = {shape.name: shape for shape in SHAPES}


class Said(logging.Handler):
    """What FINN's log was told."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.lines.append(record.getMessage())


@pytest.fixture
def said() -> Iterator[list[str]]:
    handler = Said()
    log.addHandler(handler)
    yield handler.lines
    log.removeHandler(handler)


def fold(shape: Shape, folder: Path, cycles: int, **options: Any) -> Built:
    """The estimates of a graph at a target."""
    write_onnx(make(shape), folder / "model.onnx")
    steps = build_steps(estimate_only_dataflow_steps)
    fps = CLOCK_HZ // cycles
    return build(folder / "model.onnx", folder / "out", steps, target_fps=fps, **options)


def cycles_of(built: Built) -> dict[str, int]:
    """Of each node, as FINN's report has them."""
    found: dict[str, int] = json.loads(
        (built.folder / "report" / "estimate_layer_cycles.json").read_text()
    )
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "target"), [("dense_lstm_dense", 250), ("stack_of_both", 500), ("two_nodes", 400)]
)
def test_a_target_is_met(name: str, target: int, tmp_path: Path, said: list[str]) -> None:
    built = fold(GRAPHS[name], tmp_path, target)
    cycles = cycles_of(built)
    assert any(node.startswith(LAYER) for node in cycles)
    assert max(cycles.values()) <= target
    assert not [line for line in said if LAYER in line]
    for node in recurrent_nodes(built.after("step_fold_recurrent")):
        inst = getHWCustomOp(node)
        budget = inst.get_nodeattr(BUDGET)
        assert inst.get_nodeattr("cycles_estimate") == inst.get_exp_cycles() == cycles[node.name]
        chosen = json.loads((built.folder / "report" / CONFIG).read_text())
        assert chosen[node.name][BUDGET] == budget
        assert budget == GATES or inst.cycles_by(budget - GATES) > target


@pytest.mark.slow
def test_a_target_that_cannot_be_met_is_reported_as_finn_does(
    tmp_path: Path, said: list[str]
) -> None:
    target = 20
    cycles = cycles_of(fold(GRAPHS["dense_lstm_dense"], tmp_path, target))
    ((name, slowest),) = [item for item in cycles.items() if item[0].startswith(LAYER)]
    assert slowest > target
    (line,) = [line for line in said if line.startswith(f"Node {name} did not meet")]
    assert f"Estimated: {slowest} (cyc/frame), Target: {target} (cyc/frame)." in line
    assert MISSED in said
    # FINN relaxes the others to the slowest node, which is ours.
    assert max(cycles.values()) == slowest
    assert any("is bottleneck with" in line and name in line for line in said)


@pytest.mark.slow
def test_ours_is_relaxed_where_another_node_is_slower(tmp_path: Path, said: list[str]) -> None:
    """FINN holds a dense layer of many inputs up where its weights may not be wide."""
    wide, target = replace(GRAPHS["dense_lstm_dense"], inputs=64, hidden=(16,)), 280
    built = fold(wide, tmp_path, target, mvau_wwidth_max=1)
    cycles = cycles_of(built)
    name, slowest = max(cycles.items(), key=lambda item: item[1])
    assert not name.startswith(LAYER) and slowest > target
    (node,) = recurrent_nodes(built.after("step_generate_estimate_reports"))
    inst = getHWCustomOp(node)
    assert target < inst.get_exp_cycles() == inst.get_nodeattr("cycles_estimate") <= slowest
    assert inst.cycles_by(inst.get_nodeattr(BUDGET) - GATES) > slowest
    assert not [line for line in said if node.name in line]


@pytest.mark.slow
def test_without_a_target_nothing_is_folded(tmp_path: Path) -> None:
    config = tmp_path / "folding.json"
    config.write_text(json.dumps({"Defaults": {}, f"{LAYER}_rtl_0": {BUDGET: 12}}))
    write_onnx(make(GRAPHS["dense_lstm_dense"]), tmp_path / "model.onnx")
    built = build(
        tmp_path / "model.onnx",
        tmp_path / "out",
        build_steps(estimate_only_dataflow_steps),
        folding_config_file=str(config),
    )
    (node,) = recurrent_nodes(built.after("step_generate_estimate_reports"))
    assert getHWCustomOp(node).get_nodeattr(BUDGET) == 12
