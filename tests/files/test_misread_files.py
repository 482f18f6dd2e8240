"""Files whose names or shapes mean something else than where Brevitas writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import defs, helper, numpy_helper

pytest.importorskip("brevitas", reason="needs brevitas")
pytest.importorskip("onnxoptimizer", reason="needs onnxoptimizer")

from file_models import H, export
from hostile_files import Edit, add_constant, first, node_of, stored

from gatewright import frontend
from gatewright.errors import GatewrightError
from gatewright.frontend.onnx.ops import FOLDED
from gatewright.frontend.onnx.qcdq.ops import QCDQ
from gatewright.frontend.onnx.qcdq.read import read_layers
from gatewright.frontend.onnx.qonnx.readers import QONNX
from gatewright.ir.traced.vocabulary import CELLS

pytestmark = pytest.mark.slow


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


def test_a_gemm_takes_a_matrix(model: onnx.ModelProto) -> None:
    gather = node_of(model, "Gather")
    for node in model.graph.node:
        node.input[:] = [gather.input[0] if n == gather.output[0] else n for n in node.input]
    with pytest.raises(GatewrightError, match=r"GW-207.*no matrix"):
        frontend.load(model)


@pytest.mark.parametrize("slot", [1, 2, 3])
def test_a_quantizer_keeps_the_shape(slot: int, model: onnx.ModelProto) -> None:
    """Scale, zero point and bit width of an activation [B, F]."""
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    quants = [n for n in model.graph.node if n.op_type == "Quant"]
    node = next(n for n in reversed(quants) if n.input[0] not in constants)
    values = constants[node.input[slot]]
    node.input[slot] = add_constant(model, "same", values.reshape(1, 1))
    frontend.load(model)
    node.input[slot] = add_constant(model, "more", values.reshape(1, 1, 1))
    with pytest.raises(GatewrightError, match=r"GW-207.*does not fit"):
        frontend.load(model)


@pytest.mark.parametrize(
    ("shape", "fits"),
    [
        ((), False),
        ((H,), False),
        ((1, H), True),
        ((2, H), True),
        ((3, H), False),
        ((0, H), False),
        ((1, 1, H), False),
    ],
)
def test_a_constant_state_has_a_row_for_each_sequence(
    shape: tuple[int, ...], fits: bool, model: onnx.ModelProto
) -> None:
    """Of two sequences, or one row for both."""
    cell = node_of(model, "QuantLSTMCell")
    state = add_constant(model, "state", np.full(shape, 0.5, np.float32))
    options = {"signed": 1, "narrow": 0, "rounding_mode": "ROUND"}
    quant = helper.make_node("Quant", [state, *cell.input[15:18]], ["quantized"], **options)
    quant.domain = cell.domain
    model.graph.node.insert(list(model.graph.node).index(cell), quant)
    cell.input[1] = "quantized"
    if fits:
        frontend.load(model)
        return
    with pytest.raises(GatewrightError, match=r"GW-207.*a state of it has shape"):
        frontend.load(model)


def test_a_constant_state_beside_a_sequence_without_batches(tmp_path: Path) -> None:
    """An input of one axis has no second one, of sequences."""
    model = onnx.load(export("two_layers", tmp_path))
    cell = node_of(model, "QuantLSTMCell")
    cell.input[1] = add_constant(model, "state", np.full((1, 2), 0.5, np.float32))
    del model.graph.input[0].type.tensor_type.shape.dim[1:]
    with pytest.raises(GatewrightError, match="GW-106"):
        frontend.load(model)


def clip_of(bound: float) -> Edit:
    """The initial state is a constant between bounds."""

    def edit(model: onnx.ModelProto) -> None:
        names = [add_constant(model, "zeros", np.zeros((1, 1, 2), np.float32))]
        names += [add_constant(model, name, np.float32(bound)) for name in ("least", "most")]
        first(model, helper.make_node("Clip", names, ["clipped"]))
        node_of(model, "LSTM").input[5] = "clipped"

    return edit


def operand(op: str, slot: int, values: Any) -> Edit:
    def edit(model: onnx.ModelProto) -> None:
        node_of(model, op).input[slot] = add_constant(model, "operand", values)

    return edit


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (clip_of(0), None),
        (clip_of(float("nan")), "GW-205"),
        (clip_of(float("inf")), "GW-205"),
        (operand("DequantizeLinear", 2, np.float32(0.5)), "GW-207"),
        (operand("DequantizeLinear", 2, np.float32("nan")), "GW-207"),
        (operand("DequantizeLinear", 2, np.uint8(0)), "GW-207"),
        (operand("Squeeze", 1, np.float32([1.5])), "GW-207"),
        (operand("Squeeze", 1, np.float32(["nan"])), "GW-207"),
    ],
)
def test_constants_of_qcdq_that_are_no_integers(
    edit: Edit, code: str | None, tmp_path: Path
) -> None:
    model = onnx.load(export("qcdq", tmp_path))
    edit(model)
    if code is None:
        read_layers(model)
        return
    with pytest.raises(GatewrightError, match=code):
        read_layers(model)


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


FLAGS = [np.bool_(True), np.bool_(False)]
QUANT_TENSOR = [np.float32(0.5), np.float32(0), np.float32(8), *FLAGS]
"""Scale, zero point, bit width, signed, training."""


def test_what_is_beside_a_quant_tensor_is_no_output(model: onnx.ModelProto) -> None:
    before = frontend.load(model).SerializeToString()
    for i, values in enumerate(QUANT_TENSOR):
        model.graph.output.add(name=add_constant(model, f"beside_{i}", values))
    assert frontend.load(model).SerializeToString() == before


@pytest.mark.parametrize(
    "beside",
    [[np.float32(0.5)], [np.float32(0.5)] * 5, QUANT_TENSOR[:4], [*QUANT_TENSOR, np.float32(0.5)]],
    ids=["one", "floats", "four", "six"],
)
def test_another_constant_is_no_output(beside: list[Any], model: onnx.ModelProto) -> None:
    for i, values in enumerate(beside):
        model.graph.output.add(name=add_constant(model, f"beside_{i}", values))
    with pytest.raises(GatewrightError, match=r"GW-207.*beside_0.*constant"):
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
