"""What of a graph becomes a node, what stays outside, and that all still computes the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import onnx
import pytest
import torch
from brevitas.inject.enum import FloatToIntImplType
from onnx import helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.custom_op.registry import getCustomOp
from qonnx.util.cleanup import cleanup_model

import gatewright
from gatewright.errors import GatewrightError
from gatewright.frontend import trace
from gatewright.ir.traced import infer_shapes
from gatewright.ir.traced.vocabulary import LSTM_CELL
from gatewright.qonnx import ExtractRecurrent, inner_model, ports, recurrent_nodes

pytestmark = pytest.mark.slow

B, T, I, H = 2, 5, 3, 4  # noqa: E741


def calibrated(model: Any) -> Any:
    torch.manual_seed(0)
    model.train()
    with torch.no_grad():
        for _ in range(2):
            model(torch.randn(8, T, I))
    return model.eval()


def lstm(inputs: int = H, **options: Any) -> Any:
    return qnn.QuantLSTM(inputs, H, batch_first=True, **options)


class Network(torch.nn.Module):
    """Layers one behind the other; of a recurrent one, all steps go on."""

    def __init__(self, *layers: Any) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(layers)

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)[0] if isinstance(layer, qnn.QuantLSTM) else layer(x)
        return x


def dense(inputs: int, outputs: int) -> Any:
    return qnn.QuantLinear(inputs, outputs, bias=True)


X = np.random.default_rng(0).normal(0, 1, (B, T, I)).astype(np.float32)


def extract(model: Any, **options: Any) -> Any:
    """A module's graph with its nodes."""
    graph = ModelWrapper(trace(calibrated(model), torch.from_numpy(X)))
    return graph.transform(ExtractRecurrent(**options))


def same_as_traced(model: Any, graph: Any) -> None:
    """The graph with nodes computes what it computed with cells, and what torch does."""
    before = ModelWrapper(trace(model, torch.from_numpy(X)))
    name = graph.graph.input[0].name
    wanted = list(execute_onnx(before, {before.graph.input[0].name: X}).values())
    found = list(execute_onnx(graph, {name: X}).values())
    with torch.no_grad():
        told = model(torch.from_numpy(X))
    told = told if isinstance(told, tuple) else (told,)
    for got, right, torch_says in zip(found, wanted, told, strict=True):
        assert np.array_equal(got, right)
        assert np.allclose(got, torch_says.numpy(), rtol=0, atol=1e-5)  # dense layers are floats


def ops(graph: Any) -> list[str]:
    return [node.op_type for node in graph.graph.node if node.op_type != "Quant"]


def test_a_file_with_layers_around(tmp_path: Path) -> None:
    pytest.importorskip("onnxoptimizer", reason="needs onnxoptimizer")
    from brevitas.export import export_qonnx

    model = calibrated(Network(dense(I, H), lstm(), dense(H, 2)))
    path = str(tmp_path / "model.onnx")
    export_qonnx(model, torch.from_numpy(X), path, dynamo=False)
    for source in (ModelWrapper(path), cleanup_model(ModelWrapper(path))):
        graph = source.transform(ExtractRecurrent())
        (node,) = recurrent_nodes(graph)
        assert "QuantLSTMCell" not in ops(graph)
        assert not any("lstm" in t.name for t in graph.graph.initializer)
        values = execute_onnx(graph, {graph.graph.input[0].name: X}, True)
        wanted = model.layers[1](torch.from_numpy(values[node.input[0]]))[0]
        assert np.array_equal(values[node.output[0]], wanted.detach().numpy())
        assert graph.get_tensor_shape(node.output[0]) == [B, T, H]
        build = gatewright.compile(inner_model(node), output_dir=tmp_path / "build")
        again = build.simulate(values[node.input[0]])
        assert np.array_equal(again, values[node.output[0]])


def test_two_nodes_in_one_graph(tmp_path: Path) -> None:
    model = Network(lstm(I), dense(H, H), qnn.QuantReLU(), lstm(), dense(H, 2))
    graph = extract(model)
    first, second = recurrent_nodes(graph)
    assert (first.name, second.name) == ("QuantRecurrent_0", "QuantRecurrent_1")
    assert [getCustomOp(n).verify_node() for n in (first, second)] == [[], []]
    assert ports(second).inputs[0].lanes == H and ports(second).steps == T
    same_as_traced(model, graph)
    graph.save(str(tmp_path / "extracted.onnx"))
    same_as_traced(model, ModelWrapper(str(tmp_path / "extracted.onnx")))


def test_layers_with_nothing_between_are_one_chain() -> None:
    model = Network(lstm(I), qnn.QuantIdentity(), lstm(), torch.nn.Dropout(), lstm())
    graph = extract(model)
    assert ops(graph) == ["QuantRecurrent"]
    same_as_traced(model, graph)


class Both(torch.nn.Module):
    """All steps are needed, and the last one as well."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = lstm(I, bidirectional=True)

    def forward(self, x: Any) -> Any:
        out = self.lstm(x)[0]
        return out, out[:, -1]


def test_what_somebody_else_needs_stays_an_output() -> None:
    model = Both()
    graph = extract(model)
    assert ops(graph) == ["QuantRecurrent", "Gather"]
    assert ports(recurrent_nodes(graph)[0]).outputs[0].sequence
    same_as_traced(model, graph)


class Branches(torch.nn.Module):
    """Two layers of one direction read the same."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = lstm(I), lstm(I)

    def forward(self, x: Any) -> Any:
        return self.one(x)[0], self.other(x)[0]


def test_branches_are_nodes_of_their_own() -> None:
    model = Branches()
    graph = extract(model)
    assert ops(graph) == ["QuantRecurrent", "QuantRecurrent"]
    assert [len(node.output) for node in recurrent_nodes(graph)] == [1, 1]
    same_as_traced(model, graph)


def test_a_quantizer_that_others_need_stays_for_them() -> None:
    """It is inside the node as well, and no output of that."""
    traced = trace(calibrated(Network(lstm(I))), torch.from_numpy(X))
    quant = next(n for n in traced.graph.node if n.op_type == "Quant" and n.input[0] == "x")
    value = next(v for v in traced.graph.value_info if v.name == quant.output[0])
    traced.graph.output.append(value)
    traced.graph.value_info.remove(value)
    graph = ModelWrapper(traced).transform(ExtractRecurrent())
    (node,) = recurrent_nodes(graph)
    assert node.input[0] == "x" and len(node.output) == 1
    found, wanted = (execute_onnx(g, {"x": X}) for g in (graph, ModelWrapper(traced)))
    assert list(found) == list(wanted)
    assert all(np.array_equal(found[name], wanted[name]) for name in found)


def test_constants_that_two_chains_share_stay() -> None:
    """A weight's quantizer, and the Constant node of its scale, which that alone reads."""
    traced = trace(calibrated(Branches()), torch.from_numpy(X))
    one, other = (n for n in traced.graph.node if n.op_type == "QuantLSTMCell")
    for part in (0, 4):  # W and U of the input gate, which share their scale
        other.input[LSTM_CELL.first_weight + part] = one.input[LSTM_CELL.first_weight + part]
    wanted = execute_onnx(ModelWrapper(traced), {"x": X})
    quant = next(n for n in traced.graph.node if n.output[0] == one.input[3])
    scale = next(t for t in traced.graph.initializer if t.name == quant.input[1])
    maker = helper.make_node("Constant", [], ["made"], value=scale)
    quant.input[1] = "made"
    nodes = list(traced.graph.node)
    del traced.graph.node[:]
    traced.graph.node.extend([maker, *nodes])
    graph = ModelWrapper(traced).transform(ExtractRecurrent())
    assert ops(graph) == ["QuantRecurrent", "QuantRecurrent"]
    found = execute_onnx(graph, {"x": X})
    assert all(np.array_equal(found[name], wanted[name]) for name in wanted)


class Handed(torch.nn.Module):
    """The second layer reads other features, and begins with what the first one ends with."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.between, self.two = lstm(I), dense(H, H), lstm()

    def forward(self, x: Any) -> Any:
        out, (h, c) = self.one(x)
        return self.two(self.between(out), h, c)[0]


def test_states_go_from_node_to_node() -> None:
    model = Handed()
    graph = extract(model)
    first, second = recurrent_nodes(graph)
    assert len(first.output) == 3 and len(second.input) == 3
    assert [port.sequence for port in ports(second).inputs] == [True, False, False]
    same_as_traced(model, graph)


def test_a_graph_without_cells_is_left_as_it_is() -> None:
    model = extract(Network(lstm(I)))
    again = model.transform(ExtractRecurrent())
    assert again.model.SerializeToString() == model.model.SerializeToString()


def test_other_names_of_the_same() -> None:
    """qonnx takes ``onnx.brevitas`` for its own domain, and calls a Quant an IntQuant as well."""
    model = Network(lstm(I, num_layers=2), dense(H, 2))
    plain = extract(model)
    traced = trace(model, torch.from_numpy(X))
    for node in traced.graph.node:
        if node.domain:
            node.domain = "onnx.brevitas"
            node.op_type = node.op_type if node.op_type != "Quant" else "IntQuant"
    traced.opset_import.append(helper.make_opsetid("onnx.brevitas", 1))
    graph = ModelWrapper(traced).transform(ExtractRecurrent())
    (node,), (other,) = recurrent_nodes(graph), recurrent_nodes(plain)
    assert inner_model(node) == inner_model(other)
    same_as_traced(model, graph)


def test_lengths_that_are_left_open() -> None:
    traced = trace(calibrated(Network(lstm(I))), torch.from_numpy(X))
    for axis, name in enumerate("BT"):
        traced.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = name
    del traced.graph.value_info[:]
    traced.graph.output[0].type.tensor_type.ClearField("shape")
    (node,) = recurrent_nodes(ModelWrapper(traced).transform(ExtractRecurrent()))
    assert ports(node).steps == 0 and getCustomOp(node).verify_node() == []
    context = {node.input[0]: X}
    getCustomOp(node).execute_node(context, traced.graph)
    assert context[node.output[0]].shape == (B, T, H)


def test_the_quantizer_may_stay() -> None:
    model = Network(lstm(I))
    graph = extract(model, keep_quant=True)
    assert [n.op_type for n in graph.graph.node] == ["Quant", "QuantRecurrent"]
    assert graph.graph.node[1].input[0] == graph.graph.node[0].output[0]
    same_as_traced(model, graph)


def test_the_quantizers_of_both_directions_are_one() -> None:
    """Brevitas exports one for each; either goes, or one of them stays."""
    model = Network(lstm(I, bidirectional=True))
    traced = trace(calibrated(model), torch.from_numpy(X))
    quant = next(n for n in traced.graph.node if n.op_type == "Quant" and n.input[0] == "x")
    again = onnx.NodeProto()
    again.CopyFrom(quant)
    again.name, again.output[0] = "again", "again.out"
    nodes = list(traced.graph.node)
    next(n for n in reversed(nodes) if n.op_type == "QuantLSTMCell").input[0] = "again.out"
    del traced.graph.node[:]
    traced.graph.node.extend([again, *nodes])
    for keep, left in ((False, ["QuantRecurrent"]), (True, ["Quant", "QuantRecurrent"])):
        graph = ModelWrapper(traced).transform(ExtractRecurrent(keep_quant=keep))
        assert [n.op_type for n in graph.graph.node] == left
        same_as_traced(model, graph)


def test_a_quantizer_that_may_not_stay() -> None:
    """Rounding down, values of its own grid fall to the one below where a quotient is inexact."""
    model = Network(lstm(I, io_float_to_int_impl_type=FloatToIntImplType.FLOOR))
    same_as_traced(model, extract(model))
    with pytest.raises(GatewrightError, match="GW-107") as caught:
        extract(model, keep_quant=True)
    assert "FLOOR" in caught.value.cause


def test_an_input_that_no_quantizer_gives() -> None:
    traced = trace(calibrated(Network(lstm(I))), torch.from_numpy(X))
    cell = next(n for n in traced.graph.node if n.op_type == "QuantLSTMCell")
    cell.input[0] = traced.graph.input[0].name
    with pytest.raises(GatewrightError, match="GW-301"):
        ModelWrapper(traced).transform(ExtractRecurrent())


def test_a_shape_that_nobody_knows() -> None:
    traced = trace(calibrated(Network(lstm(I))), torch.from_numpy(X))
    traced.graph.input[0].type.tensor_type.ClearField("shape")
    del traced.graph.value_info[:]
    with pytest.raises(GatewrightError, match="GW-106"):
        ModelWrapper(traced).transform(ExtractRecurrent())


def test_a_state_that_comes_from_its_own_chain() -> None:
    """Computed outside of it, so that neither could be first."""
    traced = trace(calibrated(Network(lstm(I), lstm())), torch.from_numpy(X))
    one, two = (n for n in traced.graph.node if n.op_type == "QuantLSTMCell")
    mean = helper.make_node("ReduceMean", [one.output[0], "axes"], ["mean"], keepdims=0)
    traced.graph.initializer.append(onnx.numpy_helper.from_array(np.array([1]), "axes"))
    first = two.input[LSTM_CELL.first_quantizer :][:3]  # those of its output
    rounded = {"signed": 1, "narrow": 0, "rounding_mode": "ROUND"}
    quant = helper.make_node("Quant", ["mean", *first], ["h0"], domain=two.domain, **rounded)
    two.input[1] = "h0"
    nodes = list(traced.graph.node)
    at = nodes.index(two)
    del traced.graph.node[:]
    traced.graph.node.extend([*nodes[:at], mean, quant, *nodes[at:]])
    with pytest.raises(GatewrightError, match="GW-205") as caught:
        ModelWrapper(infer_shapes(traced)).transform(ExtractRecurrent())
    assert "state" in caught.value.cause


def test_what_the_kernels_cannot_is_refused_as_compile_does() -> None:
    traced = trace(calibrated(Network(lstm(I))), torch.from_numpy(X))
    wide = onnx.numpy_helper.from_array(np.array(40, dtype=np.float32))
    for tensor in traced.graph.initializer:
        if tensor.name.endswith("input_acc_bit_width"):
            tensor.raw_data = wide.raw_data
    with pytest.raises(GatewrightError, match="GW-107"):
        ModelWrapper(traced).transform(ExtractRecurrent())
