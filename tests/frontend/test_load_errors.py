"""Every ONNX file that is refused: its code and its place."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from brevitas.nn import QuantLSTM
from frontend_models import B, Fn, H, I, Net, T, TimeMajorNet, calibrate, example, lstm
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend import load
from gatewright.frontend.onnx.qonnx.readers import QONNX
from gatewright.frontend.onnx.qonnx.registry import OP_READERS, reads
from gatewright.ir.lowering import lower

Edit = Callable[[onnx.GraphProto], None]


def refused(code: str, source: Any) -> GatewrightError:
    with pytest.raises(GatewrightError) as caught:
        load(source)
    assert caught.value.code == code, caught.value
    return caught.value


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound file of ``Net``."""
    pytest.importorskip("onnxoptimizer", reason="needs onnxoptimizer")
    from brevitas.export import export_qonnx

    path = tmp_path_factory.mktemp("net") / "net.onnx"
    export_qonnx(calibrate(Net()), example(), str(path), dynamo=False)
    load(path)
    return path


def edited(path: Path, edit: Edit) -> onnx.ModelProto:
    model = onnx.load(path)
    edit(model.graph)
    return model


def node(graph: onnx.GraphProto, op: str, index: int = 0) -> onnx.NodeProto:
    return [n for n in graph.node if n.op_type == op][index]


def set_constant(graph: onnx.GraphProto, name: str, values: Any) -> str:
    """Give ``name`` new values, as a new initializer of its own."""
    fresh = f"{name}_new"
    graph.initializer.append(numpy_helper.from_array(np.asarray(values), fresh))
    return fresh


def test_paths_that_are_no_file(tmp_path: Path) -> None:
    assert "missing.onnx" in refused("GW-201", tmp_path / "missing.onnx").where
    assert "folder" in refused("GW-201", str(tmp_path)).cause
    refused("GW-201", "a\0b.onnx")


FILES = {
    "GW-202 random": np.random.default_rng(1).bytes(5000),
    "GW-202 text": b"import torch\n\nprint('no model')\n",
    "GW-202 pickle": b"PK\x03\x04" + bytes(100),
    "GW-202 html": b"<!DOCTYPE html><html></html>",
    "GW-202 zeros": bytes(1000),
    "GW-203 empty": b"",
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_no_model(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(FILES[name])
    assert refused(name[:6], path).where == str(path)


def test_random_bytes_never_crash(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    for seed in range(200):
        path.write_bytes(np.random.default_rng(seed).bytes(64))
        with pytest.raises(GatewrightError) as caught:
            load(path)
        assert caught.value.code in ("GW-202", "GW-203"), seed


def test_truncated_files(net: Path, tmp_path: Path) -> None:
    data = net.read_bytes()
    path = tmp_path / "cut.onnx"
    for size in [*range(3, 40), len(data) // 2, len(data) - 40]:
        path.write_bytes(data[:size])
        refused("GW-203", path)


def test_damaged_files_never_crash(net: Path, tmp_path: Path) -> None:
    data = net.read_bytes()
    path = tmp_path / "damaged.onnx"
    for seed in range(150):
        rng = np.random.default_rng(seed)
        damaged = bytearray(data)
        for at in rng.integers(0, len(data), 3):
            damaged[at] = int(rng.integers(256))
        path.write_bytes(bytes(damaged))
        try:
            load(path)
        except GatewrightError as error:
            assert error.code.startswith(("GW-1", "GW-2", "GW-3")), (seed, error)


def test_empty_graphs_and_dynamo_exports(tmp_path: Path, net: Path) -> None:
    empty = edited(net, lambda g: g.ClearField("node"))
    assert "dynamo=False" in refused("GW-204", empty).remedy
    from brevitas.export import export_qonnx

    for name, model in {"bare": lstm(), "net": calibrate(Net())}.items():
        path = tmp_path / f"{name}.onnx"
        export_qonnx(model, example(), str(path), dynamo=True)
        assert "dynamo=False" in refused("GW-204", path).remedy


def test_unsupported_ops(net: Path, export: Any) -> None:
    def rename(op: str, to: str, domain: str = "") -> Edit:
        def edit(graph: onnx.GraphProto) -> None:
            node(graph, op).op_type = to
            next(n for n in graph.node if n.op_type == to).domain = domain

        return edit

    error = refused("GW-205", edited(net, rename("Relu", "Softmax")))
    assert "Relu" in error.where
    assert "Softmax" in error.cause
    assert "evil::Relu" in refused("GW-205", edited(net, rename("Relu", "Relu", "evil"))).cause
    error = refused("GW-303", edited(net, rename("QuantLSTMCell", "LSTM")))
    assert "calibrat" in error.remedy
    twice = calibrate(Fn(lambda m, x: m.lstm(x)[0]))
    twice._fn = lambda m, x: m.lstm(x)[0] ** 2
    error = refused("GW-205", export(twice, example()))
    assert (error.where, "Pow" in error.cause) == ("/Pow", True)


UNSUPPORTED_FORMS: dict[str, Edit] = {
    "gather axis": lambda g: node(g, "Gather").attribute[0].__setattr__("i", 0),
    "gather index": lambda g: node(g, "Gather").input.__setitem__(
        1, set_constant(g, "i", np.int64(99))
    ),
    "gather rank": lambda g: node(g, "Gather").input.__setitem__(
        1, set_constant(g, "i", np.array([-1]))
    ),
    "gemm alpha": lambda g: [
        a.__setattr__("f", 0.5) for a in node(g, "Gemm").attribute if a.name == "alpha"
    ],
    "subgraph": lambda g: node(g, "Relu").attribute.append(
        helper.make_attribute("body", onnx.GraphProto(name="stray"))
    ),
    "weight computed": lambda g: node(g, "Gemm").input.__setitem__(1, node(g, "Gemm").input[0]),
}


@pytest.mark.parametrize("name", UNSUPPORTED_FORMS)
def test_unsupported_forms(name: str, net: Path) -> None:
    refused("GW-205", edited(net, UNSUPPORTED_FORMS[name]))


def test_versions_and_functions_that_are_not_known(net: Path) -> None:
    def changed(domain: str, version: int) -> onnx.ModelProto:
        model = onnx.load(net)
        next(o for o in model.opset_import if o.domain == domain).version = version
        return model

    for domain, version in (("", 999), ("", 6), ("", 0), ("qonnx.custom_op.general", 3)):
        error = refused("GW-205", changed(domain, version))
        assert str(version) in error.cause
    load(changed("", 13))
    model = onnx.load(net)
    model.opset_import.append(helper.make_opsetid("", 13))
    refused("GW-207", model)
    model = onnx.load(net)
    model.functions.append(onnx.FunctionProto(name="Relu"))
    refused("GW-205", model)


def external(tensor: TensorProto, location: str) -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    del tensor.external_data[:]
    tensor.external_data.add(key="location", value=location)


@pytest.mark.parametrize(
    "location",
    ["/etc/passwd", "../secret", "a/../../secret", "C:\\secret", "..\\secret", "", ".", "link"],
)
def test_external_data_outside_the_folder(location: str, net: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(bytes(1000))
    os.symlink(tmp_path / "secret", folder / "link")
    model = edited(net, lambda g: external(g.initializer[0], location))
    (folder / "m.onnx").write_bytes(model.SerializeToString())
    error = refused("GW-206", folder / "m.onnx")
    assert error.where == model.graph.initializer[0].name
    refused("GW-206", model)


def test_external_data_that_is_not_there(net: Path, tmp_path: Path) -> None:
    model = edited(net, lambda g: external(g.initializer[0], "weights.data"))
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    refused("GW-201", path)
    (tmp_path / "weights.data").write_bytes(bytes(4))
    assert "need 16" in refused("GW-207", path).cause
    model.graph.initializer[0].external_data.add(key="length", value="100")
    path.write_bytes(model.SerializeToString())
    refused("GW-203", path)


def swap(graph: onnx.GraphProto, i: int, j: int) -> None:
    nodes = list(graph.node)
    nodes[i], nodes[j] = nodes[j], nodes[i]
    del graph.node[:]
    graph.node.extend(nodes)


def cycle(graph: onnx.GraphProto) -> None:
    node(graph, "Relu").input[0] = graph.node[-1].output[0]


def drop_attribute(name: str, op: str = "QuantLSTMCell") -> Edit:
    def edit(graph: onnx.GraphProto) -> None:
        target = node(graph, op)
        kept = [a for a in target.attribute if a.name != name]
        assert len(kept) < len(target.attribute)
        del target.attribute[:]
        target.attribute.extend(kept)

    return edit


def resize_weight(graph: onnx.GraphProto) -> None:
    quant = next(n for n in graph.node if n.name.startswith("/lstm/layers.0.0/hidden_weight"))
    quant.input[0] = set_constant(graph, "w", np.ones((3, 4), dtype=np.float32))


MALFORMED: dict[str, Edit] = {
    "unsorted": lambda g: swap(g, 0, len(g.node) - 1),
    "cycle": cycle,
    "unknown input": lambda g: node(g, "Relu").input.__setitem__(0, "nothing"),
    "cell inputs": lambda g: node(g, "QuantLSTMCell").input.pop(),
    "cell input empty": lambda g: node(g, "QuantLSTMCell").input.__setitem__(11, ""),
    "quant inputs": lambda g: node(g, "Quant").input.pop(),
    "scale computed": lambda g: node(g, "Quant", 3).input.__setitem__(
        1, node(g, "Quant").output[0]
    ),
    "scale integer": lambda g: node(g, "Quant").input.__setitem__(
        1, set_constant(g, "s", np.int64(1))
    ),
    "no signed": drop_attribute("signed", "Quant"),
    "no batch_first": drop_attribute("batch_first"),
    "no odd narrow": drop_attribute("output_sigmoid_narrow_range"),
    "no rounding": drop_attribute("cell_state_rounding_mode"),
    "no output": lambda g: g.ClearField("output"),
    "output of nothing": lambda g: g.output[0].__setattr__("name", "nothing"),
    "output twice": lambda g: node(g, "Relu").output.__setitem__(0, node(g, "Gather").output[0]),
    "output is a constant": lambda g: node(g, "Relu").output.__setitem__(0, g.initializer[0].name),
    "weight shape": resize_weight,
    "tensor too short": lambda g: g.initializer[0].__setattr__("raw_data", b"abcd"),
    "initializer twice": lambda g: g.initializer.append(
        numpy_helper.from_array(np.float32(7), g.initializer[0].name)
    ),
    "input twice": lambda g: g.input.append(g.input[0]),
    "attribute twice": lambda g: node(g, "Quant").attribute.append(
        helper.make_attribute("signed", 0)
    ),
    "gather inputs": lambda g: node(g, "Gather").input.pop(),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_graphs(name: str, net: Path) -> None:
    refused("GW-207", edited(net, MALFORMED[name]))


def test_bad_numbers(net: Path) -> None:
    def constant(op: str, index: int, slot: int, values: Any) -> Edit:
        def edit(graph: onnx.GraphProto) -> None:
            target = node(graph, op, index)
            name = set_constant(graph, "bad", np.asarray(values, dtype=np.float32))
            target.input[slot] = name

        return edit

    weights = np.full((4, 3), np.nan)
    assert refused("GW-104", edited(net, constant("Quant", 2, 0, weights))).where == "bad_new"
    for scale in (0.0, -1.0, np.nan, np.inf):
        refused("GW-105", edited(net, constant("Quant", 0, 1, scale)))
        refused("GW-105", edited(net, constant("QuantLSTMCell", 0, 18, scale)))
    for bits in (1.0, 33.0, 7.5):
        refused("GW-107", edited(net, constant("Quant", 0, 3, bits)))
    refused("GW-107", edited(net, constant("Quant", 0, 2, 0.5)))
    refused("GW-107", edited(net, constant("Quant", 0, 2, 500.0)))
    refused("GW-107", edited(net, constant("Quant", 0, 1, [1.0, 2.0, 3.0])))
    error = refused("GW-205", edited(net, constant("QuantLSTMCell", 0, 1, np.ones((B, 4)))))
    assert "initial state" in error.cause


@pytest.mark.parametrize("kind", ["weight_quant", "bias_quant", "act"])
def test_the_least_float_is_a_scale(kind: str, net: Path) -> None:
    def shrink(graph: onnx.GraphProto) -> None:
        least = set_constant(graph, "least", np.float32(1e-45))
        cell = node(graph, "QuantLSTMCell")
        if kind == "act":
            cell.input[18:] = [least if i % 3 == 0 else n for i, n in enumerate(cell.input[18:])]
        for quant in (n for n in graph.node if n.op_type == "Quant" and kind in n.name):
            quant.input[1] = least

    model = lower(load(edited(net, shrink)))
    assert model.roundings
    assert all(s > 0 for r in model.roundings for s in r.scales)


def test_shapes_and_options(net: Path, export: Any) -> None:
    def shape(*dims: Any) -> Edit:
        def edit(graph: onnx.GraphProto) -> None:
            graph.input[0].CopyFrom(
                helper.make_tensor_value_info(graph.input[0].name, TensorProto.FLOAT, dims)
            )

        return edit

    for dims in ([B, T, I + 1], [T, I], [B, "T", I], [0, T, I]):
        refused("GW-106", edited(net, shape(*dims)))
    for dims in ([B, 2**62, I], [2**62, T, I], [2**31, 2**31, I], [1, 2**26, I]):
        assert "shorter" in refused("GW-106", edited(net, shape(*dims))).remedy

    def second(*dims: int) -> Edit:
        def edit(graph: onnx.GraphProto) -> None:
            info = helper.make_tensor_value_info("second", TensorProto.FLOAT, dims)
            graph.input.append(info)

        return edit

    for rank in ([1], [1, 1, B, H]):
        assert refused("GW-106", edited(net, second(*rank))).where == "argument second"


def set_option(name: str, value: int) -> Edit:
    def edit(graph: onnx.GraphProto) -> None:
        next(a for a in node(graph, "QuantLSTMCell").attribute if a.name == name).i = value

    return edit


def couple(graph: onnx.GraphProto) -> None:
    """A coupled forget gate, with the input gate's parameters in its place, as Brevitas writes."""
    set_option("cifg", 1)(graph)
    inputs = node(graph, "QuantLSTMCell").input
    for first in (3, 7, 11):
        inputs[first + 1] = inputs[first]


@pytest.mark.parametrize("name", ["reverse_input", "cifg"])
def test_options_of_a_cell_are_kept(name: str, net: Path) -> None:
    flag = couple if name == "cifg" else set_option(name, 1)
    assert options(load(net))[name] == 0
    assert options(load(edited(net, flag)))[name] == 1


@pytest.mark.parametrize("name", ["batch_first", "reverse_input", "cifg"])
@pytest.mark.parametrize("value", [-1, 2])
def test_options_of_a_cell_are_0_or_1(name: str, value: int, net: Path) -> None:
    assert name in refused("GW-207", edited(net, set_option(name, value))).cause


def test_a_coupled_forget_gate_has_no_weights_of_its_own(net: Path) -> None:
    assert "forget" in refused("GW-207", edited(net, set_option("cifg", 1))).cause


def options(model: onnx.ModelProto) -> dict[str, int]:
    return {a.name: a.i for a in node(model.graph, "QuantLSTMCell").attribute}


def test_a_second_output_has_to_be_quantized(net: Path) -> None:
    def add(op: str) -> Edit:
        def edit(graph: onnx.GraphProto) -> None:
            name = node(graph, op).output[0]
            graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))

        return edit

    both = load(edited(net, add("Gather")))
    assert [o.name for o in both.graph.output] == ["y", "y_1"]
    lower(both)
    with pytest.raises(GatewrightError, match="GW-301") as caught:
        lower(load(edited(net, add("Relu"))))
    assert caught.value.where == "output y_1"


class Stateful(nn.Module):
    """A layer that begins with states of its own, [1, B or 1, H]."""

    def __init__(self, sequences: int) -> None:
        super().__init__()
        self.rnn = QuantLSTM(I, H, batch_first=True)
        self.register_buffer("h", torch.randn(1, sequences, H))
        self.register_buffer("c", torch.randn(1, sequences, H))

    def forward(self, x: Any) -> Any:
        return self.rnn(x, self.h, self.c)[0]


def test_states_of_the_model(export: Any) -> None:
    one = load(export(calibrate(Stateful(1)), example()))
    h0 = next(t for t in one.graph.initializer if t.name == "rnn.layers.0.0.state")
    assert list(h0.dims) == [B, H]
    error = refused("GW-205", export(calibrate(Stateful(B)), example()))
    assert "differs from sequence to sequence" in error.cause


def test_tensors_that_are_not_quantized(net: Path) -> None:
    def skip(op: str, slot: int) -> Edit:
        def edit(graph: onnx.GraphProto) -> None:
            target = node(graph, op)
            quant = next(n for n in graph.node if target.input[slot] in n.output)
            target.input[slot] = quant.input[0]

        return edit

    refused("GW-301", edited(net, skip("Gemm", 1)))
    refused("GW-301", edited(net, skip("QuantLSTMCell", 4)))


def test_time_major_files_select_axis_zero(export: Any) -> None:
    path = export(calibrate(TimeMajorNet()), example((T, B, I)))
    model = edited(path, lambda g: node(g, "Gather").attribute.pop())
    load(model)  # axis 0 is the default
    wrong = edited(path, lambda g: node(g, "Gather").attribute[0].__setattr__("i", 1))
    refused("GW-205", wrong)


def test_an_op_is_read_once_and_the_vocabulary_is_what_is_read() -> None:
    assert {op for ops in QONNX.ops.values() for op in ops} == set(OP_READERS)
    for op, reader in OP_READERS.items():
        assert QONNX.ops[reader.domain][op] == reader.attributes
    before = dict(OP_READERS)
    with pytest.raises(ValueError, match="Gemm is read twice"):
        reads("Gemm")(OP_READERS["MatMul"].read)
    assert before == OP_READERS
