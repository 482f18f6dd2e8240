"""Files whose names or shapes mean something else than where Brevitas writes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import defs, helper

pytest.importorskip("brevitas", reason="needs brevitas")
pytest.importorskip("onnxoptimizer", reason="needs onnxoptimizer")

from file_models import export
from hostile_files import add_constant, node_of, stored

from gatewright import frontend
from gatewright.errors import GatewrightError
from gatewright.frontend.onnx.ops import FOLDED, QCDQ, QONNX
from gatewright.frontend.onnx.qcdq_read import read_layers
from gatewright.ir.traced.vocabulary import CELLS


@pytest.fixture
def model(tmp_path: Path) -> onnx.ModelProto:
    return onnx.load(export("classifier", tmp_path))


def weight_quant(model: onnx.ModelProto, rank: int) -> onnx.NodeProto:
    """A quantizer of a constant of that rank."""
    ranks = {tensor.name: len(tensor.dims) for tensor in model.graph.initializer}
    quants = (node for node in model.graph.node if node.op_type == "Quant")
    return next(node for node in quants if ranks.get(node.input[0]) == rank)


def rows_of(model: onnx.ModelProto, name: str) -> int:
    return next(t.dims[0] for t in model.graph.initializer if t.name == name)


@pytest.mark.parametrize("which", [1, 2])
def test_a_name_is_no_state(which: int, model: onnx.ModelProto) -> None:
    """Names are the file's: none of them stands for something that it does not compute."""
    before = frontend.load(model).SerializeToString()
    name = f"{node_of(model, 'QuantLSTMCell').output[which]}::item"
    old = model.graph.output[0].name
    for node in model.graph.node:
        node.output[:] = [name if output == old else output for output in node.output]
    model.graph.output[0].name = name
    assert frontend.load(model).SerializeToString() == before


@pytest.mark.parametrize("shape", [(-1,), (1, -1)])
def test_a_zero_point_is_broadcast_as_its_scale(
    shape: tuple[int, ...], model: onnx.ModelProto
) -> None:
    node = weight_quant(model, 2)
    rows = rows_of(model, node.input[0])
    node.input[1] = add_constant(model, "scales", np.full((rows, 1), 0.1, np.float32))
    points = np.arange(rows, dtype=np.float32).reshape(shape)
    node.input[2] = add_constant(model, "points", points)
    with pytest.raises(GatewrightError, match=r"GW-107.*another shape"):
        frontend.load(model)
    node.input[2] = add_constant(model, "right", points.reshape(rows, 1))
    frontend.load(model)


@pytest.mark.parametrize(("rank", "shape"), [(1, (-1, 1)), (2, (-1, 1, 1)), (2, (1, 1, 1))])
def test_a_scale_keeps_the_shape(rank: int, shape: tuple[int, ...], model: onnx.ModelProto) -> None:
    node = weight_quant(model, rank)
    size = 1 if shape[0] == 1 else rows_of(model, node.input[0])
    scales = np.full(size, 0.1, np.float32).reshape(shape)
    node.input[1] = add_constant(model, "scales", scales)
    node.input[2] = add_constant(model, "zero", np.zeros((), np.float32))
    assert "scales" in stored(model)
    with pytest.raises(GatewrightError, match=r"GW-207.*does not fit"):
        frontend.load(model)


def with_attribute(
    name: str, op: str, attribute: str, value: int, version: int, folder: Path
) -> onnx.ModelProto:
    """A model, one of whose nodes says something more; ONNX may have to be newer for that."""
    model = onnx.load(export(name, folder))
    node_of(model, op).attribute.append(helper.make_attribute(attribute, value))
    opset = next(o for o in model.opset_import if not o.domain)
    opset.version = max(opset.version, version)
    return model


@pytest.mark.parametrize(
    ("op", "attribute", "version"),
    [("Shape", "start", 15), ("Shape", "end", 15), ("DequantizeLinear", "block_size", 21)],
)
def test_an_attribute_of_qcdq_is_heeded_or_refused(
    op: str, attribute: str, version: int, tmp_path: Path
) -> None:
    model = with_attribute("qcdq", op, attribute, 1, version, tmp_path)
    with pytest.raises(GatewrightError, match=rf"GW-205.*'{attribute}'"):
        read_layers(model)


@pytest.mark.parametrize(
    ("op", "attribute"), [("Quant", "saturate"), ("QuantLSTMCell", "peepholes")]
)
def test_an_attribute_of_qonnx_is_heeded_or_refused(
    op: str, attribute: str, tmp_path: Path
) -> None:
    with pytest.raises(GatewrightError, match=rf"GW-205.*'{attribute}'"):
        frontend.load(with_attribute("classifier", op, attribute, 1, 0, tmp_path))


def test_every_attribute_that_is_heeded_exists(model: onnx.ModelProto) -> None:
    tables = (FOLDED, QONNX.ops[""], QCDQ.ops[""])
    schemas = [schema for schema in defs.get_all_schemas_with_history() if not schema.domain]
    for op, known in [pair for ops in tables for pair in ops.items()]:
        assert known <= {name for s in schemas if s.name == op for name in s.attributes}, op
    cell = node_of(model, "QuantLSTMCell")
    assert CELLS[cell.op_type].attributes == {a.name for a in cell.attribute}
