"""The names inside a cell's step are reserved: ONNX refuses a graph that shadows one of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from small_cells import KINDS

import gatewright
from gatewright.ir.lowering.cells import build_body
from gatewright.ir.lowering.rounding import RoundingLog
from gatewright.ir.traced.vocabulary import STEP_NAMES
from gatewright.ir.types import IntType

B, T, I, H = 6, 5, 3, 4  # noqa: E741


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_of_a_step_is_reserved(kind: str) -> None:
    body = build_body(KINDS[kind], IntType(-128, 127), RoundingLog("layer/"))
    plain = {name for name in body.tensors if "." not in name}
    assert {"x", "h", "h_prev"} < plain
    assert plain - STEP_NAMES == set()


def lstm_with_such_arguments(qnn: Any, nn: Any) -> Any:
    class Model(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.layer = qnn.QuantLSTM(I, H, batch_first=True)

        def forward(self, x: Any, h: Any, input_gate: Any) -> Any:
            return self.layer(x, h, input_gate)

    return Model()


def rnn_with_such_an_argument(qnn: Any, nn: Any) -> Any:
    class Model(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.layer = qnn.QuantRNN(I, H, batch_first=True)

        def forward(self, x: Any, h_prev: Any) -> Any:
            return self.layer(x, h_prev)

    return Model()


def outer_names(graph: onnx.GraphProto) -> set[str]:
    given = {value.name for value in (*graph.input, *graph.initializer)}
    return given | {name for node in graph.node for name in node.output}


def inner_names(body: onnx.GraphProto) -> set[str]:
    return {value.name for value in body.input} | {n for node in body.node for n in node.output}


@pytest.mark.compiles
@pytest.mark.parametrize(
    ("make", "names"),
    [(lstm_with_such_arguments, ["h", "input_gate"]), (rnn_with_such_an_argument, ["h_prev"])],
)
def test_an_argument_may_have_such_a_name(make: Any, names: list[str], tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs torch")
    qnn = pytest.importorskip("brevitas.nn", reason="needs brevitas")
    assert set(names) <= STEP_NAMES
    torch.manual_seed(2)
    model = make(qnn, torch.nn).train()
    shapes = [(B, T, I), *[(1, B, H)] * len(names)]
    with torch.no_grad():
        for _ in range(3):
            model(*(torch.randn(shape) for shape in shapes))
    model.eval()
    rng = np.random.default_rng(0)
    x = tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)
    build = gatewright.compile(model, x, tmp_path / "build")
    assert [i.name for i in build.traced.graph.input] == ["x", *names]
    for file in ("2_integer.onnx", "2_standard.onnx"):
        graph = onnx.load(str(build.path / file)).graph
        (scan,) = [node for node in graph.node if node.op_type == "Scan"]
        body = next(a.g for a in scan.attribute if a.name == "body")
        assert outer_names(graph) & inner_names(body) <= {"x"}, file
    report = build.verify(x, model=model)
    assert [c.level for c in report.comparisons] == list(gatewright.FAST_LEVELS)
    assert report.mismatches == 0, report.divergence
    assert all(c.compared["h"] == B * T * H for c in report.comparisons)
