"""Names that a user chooses meet no other name of an emitted graph, within a step or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

import gatewright
from gatewright.builds.folder import INTEGER, STANDARD, TRACED
from gatewright.frontend.naming import undotted
from gatewright.ir.standard_names import check_names, defined
from gatewright.levels.standard import REFUSALS

B, T, I, H = 6, 5, 3, 4  # noqa: E741
ARGUMENTS = ("x", "x_int", "h", "input_gate")
KEYS = ("fc.out", "h", "c", "x", "x_int", "h_prev", "y.codes", "l2.layers.0.0.h", "decoder", "")


def float_model(torch: Any) -> Any:
    """Layers in two directions, and arguments and outputs that are called like values inside."""
    nn = torch.nn

    class Model(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.l1 = nn.LSTM(I, H, batch_first=True, bidirectional=True)
            self.l2 = nn.LSTM(I, H, batch_first=True, bidirectional=True)
            self.decoder = nn.RNN(2 * H, H, batch_first=True)
            self.fc = nn.Linear(2 * H, 2)

        def forward(self, x: Any, x_int: Any, h: Any, input_gate: Any) -> Any:
            _, state = self.l1(x, (h, input_gate))
            out, _ = self.l2(x_int, state)
            steps, last = self.decoder(out)
            ends = state[0][0], state[1][0], state[0][1], state[1][1]
            return dict(zip(KEYS, (self.fc(out), *ends, last[0], steps, steps, out), strict=False))

    torch.manual_seed(3)
    return Model().eval()


@pytest.mark.compiles
def test_arguments_and_outputs_may_be_called_like_anything(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs torch")
    pytest.importorskip("brevitas.nn", reason="needs brevitas")
    rng = np.random.default_rng(0)
    shapes = ((B, T, I), (B, T, I), (2, B, H), (2, B, H))
    data = tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)
    result = gatewright.calibrate(float_model(torch), data)
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    assert [value.name for value in build.traced.graph.input] == list(ARGUMENTS)
    outputs = [value.name for value in build.traced.graph.output]
    assert outputs[:7] == ["y", "h_1", "c", "x_1", "x_int_1", "h_prev", "y_codes"]
    for file in (TRACED, INTEGER, STANDARD):
        check_names(onnx.load(str(build.path / file)).graph)
    onnx.checker.check_model(str(build.path / STANDARD), full_check=True)
    chosen = {*ARGUMENTS, *outputs}
    assert {name for name in every_name(build.path / STANDARD) if undotted(name) == name} == chosen
    report = build.verify(data, model=result.model)
    assert report.mismatches == 0, report.divergence
    assert {c.level for c in report.comparisons} == set(gatewright.FAST_LEVELS)
    assert all(c.compared["h"] == 5 * B * T * H for c in report.comparisons)


def every_name(path: Path) -> set[str]:
    def within(graph: onnx.GraphProto) -> set[str]:
        bodies = [a.g for node in graph.node for a in node.attribute if a.HasField("g")]
        return set(defined(graph)).union(*map(within, bodies))

    return within(onnx.load(str(path)).graph)


def around(name: str) -> onnx.GraphProto:
    """A graph of which an input is called so, and whose Scan makes a value ``h``."""
    number = onnx.helper.make_tensor_value_info("n", onnx.TensorProto.INT64, (2,))
    row = onnx.helper.make_tensor_value_info("row", onnx.TensorProto.INT64, ())
    inner = onnx.helper.make_tensor_value_info("h", onnx.TensorProto.INT64, ())
    step = onnx.helper.make_graph(
        [onnx.helper.make_node("Abs", ["row"], ["h"])], "step", [row], [inner]
    )
    scan = onnx.helper.make_node("Scan", ["n"], ["all"], body=step, num_scan_inputs=1)
    double = onnx.helper.make_node("Add", ["n", "n"], [name])
    last = onnx.helper.make_node("Add", ["all", name], ["sum"])
    total = onnx.helper.make_tensor_value_info("sum", onnx.TensorProto.INT64, (2,))
    return onnx.helper.make_graph([double, scan, last], "graph", [number], [total])


def runs(graph: onnx.GraphProto) -> bool:
    opsets = [onnx.helper.make_opsetid("", 20)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9)
    try:
        onnxruntime.InferenceSession(model.SerializeToString())
    except REFUSALS:
        return False
    return True


@pytest.mark.parametrize("name", ["h", "n", "other"])
def test_the_check_refuses_what_onnxruntime_does(name: str) -> None:
    graph = around(name)
    if runs(graph):
        check_names(graph)
        assert name == "other"
    else:
        with pytest.raises(ValueError, match=f"two values are called {name} in "):
            check_names(graph)
        assert name != "other"
