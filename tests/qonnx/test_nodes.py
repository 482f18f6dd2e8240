"""Whatever chain becomes a node, the node gives torch's integers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from choices import choice
from commit_choice import commit
from node_models import Spec, arguments, draw, make
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.custom_op.registry import getCustomOp

from gatewright.frontend import trace
from gatewright.qonnx import ExtractRecurrent, ports, recurrent_nodes

pytestmark = pytest.mark.slow

SEQUENCES = 8
PER_COMMIT, STRIDE = 12, 11
"""How many models run, another dozen with each commit, and how far apart they are on the grid."""


def numbers() -> list[int]:
    """As many from the first on as ``--nodes`` says, or this commit's."""
    wanted = choice("nodes")
    if wanted is not None:
        return list(range(wanted))
    first = int(commit()[:8] or "0", 16) % 1000
    return [first + STRIDE * i for i in range(PER_COMMIT)]


def extracted(source: Any) -> Any:
    """A file or a graph, in which all is one node."""
    model = ModelWrapper(source).transform(ExtractRecurrent())
    (node,) = recurrent_nodes(model)
    assert [n.op_type for n in model.graph.node] == ["QuantRecurrent"], "something is left outside"
    assert getCustomOp(node).verify_node() == []
    return model


def torch_outputs(model: Any, given: tuple[Any, ...]) -> list[Any]:
    with torch.no_grad():
        results = model(*given)
    return [r.numpy() for r in (results if isinstance(results, tuple) else (results,))]


def compare(spec: Spec, model: Any, source: Any, batch: int) -> None:
    """Every integer that leaves the node, of as many sequences as there are in the example."""
    graph = extracted(source)
    (node,) = recurrent_nodes(graph)
    said = ports(node)
    given = arguments(spec, batch, seed=7)
    names = [value.name for value in graph.graph.input]
    assert list(node.input) == names
    found = execute_onnx(graph, dict(zip(names, (g.numpy() for g in given), strict=True)))
    wanted = torch_outputs(model, given)
    assert len(found) == len(wanted) == len(said.outputs)
    outputs = [value.name for value in graph.graph.output]
    assert list(node.output) == outputs, "first the steps, then h, then c"
    for name, right in zip(outputs, wanted, strict=True):
        port = next(port for port in said.outputs if port.name == name)
        got = found[name]
        assert got.shape == right.shape == port.shape(batch, spec.sizes[0])
        integers = np.rint(got / port.scale)
        assert np.array_equal(integers, np.rint(right / port.scale)), spec
        assert np.array_equal(got, right), spec
        assert port.type.lo <= integers.min() and integers.max() <= port.type.hi
        assert graph.get_tensor_shape(name) == list(right.shape)


@pytest.mark.parametrize("number", numbers())
def test_what_torch_computes(number: int) -> None:
    spec = draw(number)
    model = make(spec)
    compare(spec, model, trace(model, arguments(spec, SEQUENCES, seed=0)), SEQUENCES)


@pytest.mark.parametrize("number", [n for n in numbers() if draw(n).cell == "lstm"][:3])
def test_from_the_file_that_brevitas_exports(number: int, tmp_path: Path) -> None:
    pytest.importorskip("onnxoptimizer", reason="needs onnxoptimizer")
    from brevitas.export import export_qonnx

    spec = draw(number)
    model, path = make(spec), str(tmp_path / "model.onnx")
    export_qonnx(model, arguments(spec, 2, seed=0), path, dynamo=False)
    compare(spec, model, path, 2)
