"""Folds our nodes to FINN's target, in place of the step of FINN that folds all others."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from finn.transformation.fpgadataflow.annotate_cycles import AnnotateCycles
from finn.util.basic import getHWCustomOp
from finn.util.logging import log
from qonnx.transformation.base import Transformation

from gatewright.finn.layer import BUDGET, LAYER, StreamingRecurrent
from gatewright.hls_templates import least_budget
from gatewright.hls_templates.kernels.recurrent.layer import RecurrentLayer
from gatewright.qonnx import integer_model

CONFIG = "auto_folding_config.json"
"""Where FINN writes down what it chose, for the user to change."""
MISSED = "One or more nodes did not reach the target throughput. "


class FoldRecurrent(Transformation):  # type: ignore[misc]
    """Give our nodes the fewest multipliers that meet a target.

    Args:
        target: Cycles of a frame. Where a node cannot meet it, it gets the fewest multipliers with
            which it is as fast as it can be, and FINN's log says so in FINN's words.
    """

    def __init__(self, target: int) -> None:
        super().__init__()
        self.target = target

    def apply(self, model: Any) -> tuple[Any, bool]:
        """Fold them."""
        missed = [node for node in _nodes(model) if not fold(node, self.target)]
        for node in missed:
            log.warning(
                f"Node {node.onnx_node.name} did not meet the target cycles. {BUDGET} "
                f"was finalized to {node.get_nodeattr(BUDGET)}. Estimated: "
                f"{node.get_exp_cycles()} (cyc/frame), Target: {self.target} (cyc/frame)."
            )
        if missed:
            log.warning(MISSED)
        return model, False


def fold(node: StreamingRecurrent, target: int) -> bool:
    """Set the budget of a node; whether it meets the target."""
    gates = least_budget(integer_model(node.onnx_node).graph)
    all_at_once = max(_most(layer) for layer in node.folded.design.layers)
    counts = [gates]
    while counts[-1] < all_at_once and _cycles(node, counts[-1]) > target:
        counts.append(2 * counts[-1])
    reached = min(_cycles(node, count) for count in counts)
    wanted = max(target, reached)
    high = next(count for count in counts if _cycles(node, count) <= wanted) // gates
    low = high // 2  # too few
    while high - low > 1:
        middle = (low + high) // 2
        if _cycles(node, middle * gates) <= wanted:
            high = middle
        else:
            low = middle
    node.set_nodeattr(BUDGET, high * gates)
    return wanted <= target


def step_fold_recurrent(model: Any, cfg: Any) -> Any:
    """FINN's ``step_target_fps_parallelization``, and our nodes to the same target.

    They are folded first, because FINN looks for the slowest node of all to relax the others; then
    once more, where FINN has relaxed its target because another node is slower.

    Args:
        model: The graph of specialized layers.
        cfg: FINN's configuration of the build.
    """
    from finn.builder.build_dataflow_steps import step_target_fps_parallelization

    target = cfg._resolve_cycles_per_frame()
    if target is None:
        return step_target_fps_parallelization(model, cfg)
    model = model.transform(FoldRecurrent(target), apply_to_subgraphs=True)
    with _knowing_our_nodes():
        model = step_target_fps_parallelization(model, cfg)
    if cfg.folding_two_pass_relaxation:
        slowest = max(getHWCustomOp(node).get_exp_cycles() for node in model.graph.node)
        if slowest > target:
            model = model.transform(FoldRecurrent(slowest), apply_to_subgraphs=True)
            model = model.transform(AnnotateCycles())
    _write_down(model, cfg.get_report_directory() / CONFIG)
    return model


def _most(layer: Any) -> int:
    assert isinstance(layer, RecurrentLayer)
    shape = layer.folding.shape
    return int(shape.gates * shape.hidden * max(shape.inputs, shape.hidden))


def _cycles(node: StreamingRecurrent, multipliers: int) -> int:
    return node.cycles_by(multipliers)


def _nodes(model: Any) -> list[StreamingRecurrent]:
    found = (n for n in model.graph.node if n.op_type.startswith(LAYER))
    return [getHWCustomOp(node) for node in found]


@contextmanager
def _knowing_our_nodes() -> Iterator[None]:
    """FINN's folding warns of each op that it does not know: of ours that is not true."""

    def not_of_ours(record: logging.LogRecord) -> bool:
        said = record.getMessage()
        return not (said.startswith("SetFolding doesn't know") and LAYER in said)

    log.addFilter(not_of_ours)
    try:
        yield
    finally:
        log.removeFilter(not_of_ours)


def _write_down(model: Any, path: Any) -> None:
    """What was chosen for our nodes beside what FINN chose for the others."""
    chosen = json.loads(path.read_text())
    for node in _nodes(model):
        chosen.setdefault(node.onnx_node.name, {})[BUDGET] = node.get_nodeattr(BUDGET)
    path.write_text(json.dumps(chosen, indent=2))
