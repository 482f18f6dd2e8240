"""The cells proposed to qonnx give torch's integers, and need nothing of Gatewright."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
import torch
from node_models import arguments, draw, make
from onnx import helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.custom_op.registry import add_op_to_domain, getCustomOp
from qonnx.transformation.infer_shapes import InferShapes

from gatewright.frontend import trace
from gatewright.ir.traced.vocabulary import CELLS, LSTM_CELL, RNN_CELL, CellForm
from gatewright.qonnx.proposed import recurrent

DOMAIN = "qonnx.custom_op.proposed"
FOLDER = Path(recurrent.__file__).parent
OPS = {"QuantLSTMCell": recurrent.QuantLSTMCell, "QuantRNNCell": recurrent.QuantRNNCell}
for op in OPS.values():
    add_op_to_domain(DOMAIN, op)


@pytest.mark.parametrize("number", [3, 13, 18, 29])
def test_what_torch_computes(number: int) -> None:
    spec = draw(number)
    model, given = make(spec), arguments(spec, 16, seed=9)
    graph = ModelWrapper(trace(model, given))
    cells = [node for node in graph.graph.node if node.op_type in CELLS]
    for node in cells:
        node.domain = DOMAIN
    graph.model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    graph = graph.transform(InferShapes())
    names = [value.name for value in graph.graph.input]
    found = execute_onnx(graph, dict(zip(names, (g.numpy() for g in given), strict=True)))
    with torch.no_grad():
        wanted = model(*given)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    for got, right in zip(found.values(), wanted, strict=True):
        assert np.array_equal(got, right.numpy())
    assert all(getCustomOp(node).verify_node() == [] for node in cells)


@pytest.mark.parametrize("form", [LSTM_CELL, RNN_CELL], ids=lambda form: form.op)
def test_form_is_the_one_that_brevitas_exports(form: CellForm) -> None:
    """Inputs and attributes are named once more there, and have to be the same."""
    cell = OPS[form.op]
    assert (cell.gates, tuple(cell.states), cell.quantizers) == (
        form.gates,
        form.states,
        form.quantizers,
    )
    assert tuple(cell.states.values()) == form.state_quantizers
    assert set(cell(None).get_nodeattr_types()) == form.attributes


def test_nothing_of_gatewright_is_needed() -> None:
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.startswith("gatewright")]


@pytest.mark.parametrize("form", [LSTM_CELL, RNN_CELL], ids=lambda form: form.op)
def test_pages_name_everything(form: CellForm) -> None:
    page = (FOLDER / f"{form.op.lower()}_v1.md").read_text()
    cell = OPS[form.op]
    named = [name for name in cell(None).get_nodeattr_types() if f"<tt>{name}</tt>" in page]
    assert set(named) == form.attributes
    assert all(f"`{quantizer}`" in page for quantizer in form.quantizers)
    assert f"{form.inputs} inputs" in page
