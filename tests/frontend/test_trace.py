"""What the traced graph looks like."""

from __future__ import annotations

import inspect
import re

import brevitas.nn as qnn
import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from brevitas.export.onnx.qonnx.function import BrevitasQuantLSTMCellFn
from frontend_models import (
    LSTMS,
    B,
    FloorWeight,
    Fn,
    H,
    I,
    N,
    Net,
    SequenceNet,
    T,
    TimeMajorNet,
    arrays,
    calibrate,
    example,
    lstm,
)
from onnx import helper

from gatewright.frontend import trace
from gatewright.frontend.spec import QuantSpec, quantize_values
from gatewright.frontend.torch.brevitas_quant import to_numpy


def attributes(node: onnx.NodeProto) -> dict:
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def ops(model: onnx.ModelProto) -> list[str]:
    return [n.op_type for n in model.graph.node if "gate_params" not in n.name]


def dims(value: onnx.ValueInfoProto) -> list[int]:
    return [d.dim_value for d in value.type.tensor_type.shape.dim]


def test_contract() -> None:
    model = trace(calibrate(Net()), example())
    assert {(o.domain, o.version) for o in model.opset_import} == {
        ("", 20),
        ("qonnx.custom_op.general", 2),
    }
    assert (model.ir_version, model.producer_name) == (9, "gatewright")
    graph = model.graph
    assert graph.name == "gatewright_traced"
    assert [(i.name, dims(i)) for i in graph.input] == [("x", [B, T, I])]
    assert [(o.name, dims(o)) for o in graph.output] == [("y", [B, N])]
    known = {v.name for v in graph.value_info} | {"y"}
    assert {o for n in graph.node for o in n.output} <= known
    names = [n.name for n in graph.node]
    assert len({n.lower() for n in names}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_.]*", n) for n in names)
    onnx.checker.check_model(model)


def test_nodes_of_a_network() -> None:
    model = trace(calibrate(Net()), example())
    expected = "Quant Quant QuantLSTMCell Gather Quant Transpose MatMul Add Relu Quant "
    expected += "Quant Transpose MatMul Quant Add Quant"
    assert ops(model) == expected.split()
    names = {n.name for n in model.graph.node}
    assert {"inp", "lstm.layers.0.0", "lstm.layers.0.0.x_quant", "fc", "act", "head"} <= names
    assert {"fc.weight_quant", "head.bias_quant", "head.output_quant"} <= names


def test_cell_has_the_attributes_that_brevitas_writes() -> None:
    model = trace(lstm(), example())
    (cell,) = [n for n in model.graph.node if n.op_type == "QuantLSTMCell"]
    assert (len(cell.input), len(cell.output), cell.output[0]) == (48, 3, "y")
    written: dict[str, int] = {}

    class Graph:
        def op(self, name: str, *inputs: object, **attrs: object) -> None:
            written.update({k[:-2]: len(inputs) for k in attrs if k != "outputs"})

    arguments = len(inspect.signature(BrevitasQuantLSTMCellFn.symbolic).parameters) - 1
    BrevitasQuantLSTMCellFn.symbolic(Graph(), *range(arguments))
    assert set(attributes(cell)) == set(written)
    assert set(written.values()) == {48}
    assert "output_sigmoid_narrow_range" in written


@pytest.mark.parametrize("batch_first", [True, False])
def test_initial_state_follows_the_layout(batch_first: bool) -> None:
    shape = (2, 5, I) if batch_first else (5, 2, I)
    constants = arrays(trace(lstm(shape, batch_first=batch_first), example(shape)))
    assert constants["layers.0.0.h0"].shape == (2, H)
    assert not constants["layers.0.0.c0"].any()


@pytest.mark.parametrize("name", LSTMS)
def test_weights_are_what_brevitas_computes(name: str) -> None:
    module = lstm(**LSTMS[name])
    _check_weights(module, trace(module, example()))


def test_weights_that_are_not_rounded_are_quantized_beforehand() -> None:
    module = lstm(weight_quant=FloorWeight)
    _check_weights(module, trace(module, example()))


def _check_weights(module: torch.nn.Module, model: onnx.ModelProto) -> None:
    constants = arrays(model)
    nodes = {n.name: n for n in model.graph.node}
    for gate in ("input", "forget", "cell", "output"):
        params = getattr(module.layers[0][0], f"{gate}_gate_params")
        for part in ("input_weight", "hidden_weight"):
            node = nodes[f"layers.0.0.{gate}_gate_params.{part}"]
            values, scale, zero_point, bits = (constants[i] for i in node.input)
            attrs = attributes(node)
            assert attrs["rounding_mode"] == b"ROUND"
            spec = QuantSpec(
                scale, zero_point, int(bits), bool(attrs["signed"]), bool(attrs["narrow"])
            )
            expected = to_numpy(getattr(params, part)().value)
            np.testing.assert_array_equal(quantize_values(values, spec), expected)


def test_bias_scale_is_the_float32_product() -> None:
    constants = arrays(trace(lstm(**LSTMS["per_channel"]), example()))
    pre = "layers.0.0.cell_gate_params"
    product = constants["layers.0.0.output_scale"] * constants[f"{pre}.input_weight.scale"]
    assert constants[f"{pre}.bias_quant.scale"].shape == (H,)
    np.testing.assert_array_equal(constants[f"{pre}.bias_quant.scale"], product.reshape(-1))


def test_missing_and_float_biases() -> None:
    model = trace(lstm(**LSTMS["no_bias"]), example())
    assert not arrays(model)["layers.0.0.input_gate_params.bias"].any()
    module = lstm(**LSTMS["float_bias"])
    model = trace(module, example())
    bias = module.layers[0][0].input_gate_params.bias.detach().numpy()
    np.testing.assert_array_equal(arrays(model)["layers.0.0.input_gate_params.bias"], bias)
    assert not [n for n in model.graph.node if n.name.endswith("bias_quant")]


def test_the_same_model_gives_the_same_bytes() -> None:
    torch.manual_seed(0)
    trained = calibrate(Net())
    copy = Net()  # Brevitas cannot load into a model that has run already
    copy.load_state_dict(trained.state_dict())
    graphs = [trace(trained, example(seed=1)), trace(copy.eval(), example(seed=2))]
    assert graphs[0].SerializeToString() == graphs[1].SerializeToString()


def test_a_loaded_state_dict_counts_as_calibrated() -> None:
    torch.manual_seed(3)
    trained = calibrate(Net())
    fresh = Net()
    fresh.load_state_dict(trained.state_dict())
    assert trace(fresh.eval(), example()) == trace(trained, example())


def test_tracing_twice_and_running_between_changes_nothing() -> None:
    module = calibrate(Net())
    first = trace(module, example())
    module(example())
    assert trace(module, example()) == first


FORWARDS = {
    "index": lambda m, x: m.lstm(x)[0][:, -1],
    "ellipsis": lambda m, x: m.lstm(x)[0][..., -1, :],
    "number": lambda m, x: m.lstm(x)[0][:, T - 1],
    "dropout": lambda m, x: F.dropout(m.lstm(x)[0], 0.3, training=m.training)[:, -1],
    "contiguous": lambda m, x: m.lstm(x)[0].contiguous()[:, -1],
    "unused shape": lambda m, x: (x.shape[0], m.lstm(x)[0][:, -1])[1],
    "states too": lambda m, x: (m.lstm(x)[0][:, -1], m.lstm(x)[1])[:1],
}


@pytest.mark.parametrize("name", FORWARDS)
def test_ways_to_take_the_last_step(name: str) -> None:
    module = calibrate(Fn(FORWARDS[name]))
    model = trace(module, example())
    assert ops(model)[:3] == ["Quant", "QuantLSTMCell", "Gather"]
    gather = next(n for n in model.graph.node if n.op_type == "Gather")
    assert attributes(gather) == {"axis": 1}
    index = arrays(model)[gather.input[1]]
    written = T - 1 if name == "number" else -1
    assert (index.shape, int(index), index.dtype) == ((), written, np.int64)


def test_time_major_selects_axis_zero() -> None:
    model = trace(calibrate(TimeMajorNet()), example((T, B, I)))
    gather = next(n for n in model.graph.node if n.op_type == "Gather")
    assert attributes(gather) == {"axis": 0}
    assert dims(model.graph.output[0]) == [B, N]


@pytest.mark.parametrize(
    "flatten", [lambda x: torch.flatten(x, 1), lambda x: x.flatten(1), lambda x: x.flatten(1, -1)]
)
def test_flatten(flatten: object) -> None:
    model = trace(calibrate(Fn(lambda m, x: flatten(m.lstm(x)[0]))), example())  # type: ignore
    assert ops(model)[-1] == "Flatten"
    assert dims(model.graph.output[0]) == [B, T * H]
    model = trace(calibrate(SequenceNet()), example())
    assert dims(model.graph.output[0]) == [B, T * 5]


def _unpacked(m: Fn, x: torch.Tensor) -> object:
    out, (h, c) = m.lstm(x)
    return out, (h, c)


def test_states_that_are_not_returned_are_dropped() -> None:
    model = trace(calibrate(Fn(lambda m, x: m.lstm(x)[0])), example())
    assert ops(model) == ["Quant", "QuantLSTMCell"]
    assert [(o.name, dims(o)) for o in model.graph.output] == [("y", [B, T, H])]


@pytest.mark.parametrize("forward", [lambda m, x: m.lstm(x), _unpacked])
def test_states_that_are_returned_are_outputs(forward: object) -> None:
    model = trace(calibrate(Fn(forward)), example())
    assert ops(model) == ["Quant", "QuantLSTMCell", "Unsqueeze", "Unsqueeze"]
    outputs = [(o.name, dims(o)) for o in model.graph.output]
    assert outputs == [("y", [B, T, H]), ("h_n", [1, B, H]), ("c_n", [1, B, H])]


def _joined(m: Fn, x: torch.Tensor) -> object:
    out, (h, c) = m.rnn(x)
    return torch.cat([h[-2], h[-1]], 1), c, out


def test_states_of_a_stack_are_joined_and_stacked() -> None:
    rnn = qnn.QuantLSTM(I, H, num_layers=2, bidirectional=True, batch_first=True)
    model = trace(calibrate(Fn(_joined, rnn=rnn)), example())
    outputs = [(o.name, dims(o)) for o in model.graph.output]
    assert outputs == [("y", [B, 2 * H]), ("c_n", [4, B, H]), ("y_1", [B, T, 2 * H])]
    cells = [n for n in model.graph.node if n.op_type == "QuantLSTMCell"]
    names = [f"rnn.layers.{layer}.{direction}" for layer in (0, 1) for direction in (0, 1)]
    assert [n.name for n in cells] == names
    assert [attributes(n)["reverse_input"] for n in cells] == [0, 1, 0, 1]


def test_a_recurrent_layer_of_one_gate() -> None:
    for nonlinearity in ("tanh", "relu"):
        rnn = qnn.QuantRNN(I, H, batch_first=True, nonlinearity=nonlinearity)
        model = trace(calibrate(rnn), example())
        (cell,) = [n for n in model.graph.node if n.op_type == "QuantRNNCell"]
        assert (len(cell.input), len(cell.output)) == (11, 2)
        assert attributes(cell)["nonlinearity"] == nonlinearity.encode()
        outputs = [(o.name, dims(o)) for o in model.graph.output]
        assert outputs == [("y", [B, T, H]), ("h_n", [1, B, H])]


def test_module_names_that_need_care() -> None:
    module = torch.nn.Sequential()
    module.add_module("0", qnn.QuantIdentity())
    module.add_module("weiß; $(rm)", qnn.QuantReLU())
    module.add_module("Act", qnn.QuantIdentity())
    module.add_module("act", qnn.QuantIdentity())
    model = trace(calibrate(module), example())
    names = [n.name for n in model.graph.node]
    assert names == ["m0", "wei_____rm_.relu", "wei_____rm_", "Act", "act_1"]


def test_a_module_called_twice_gets_two_names() -> None:
    act = qnn.QuantIdentity()
    model = trace(calibrate(Fn(lambda m, x: m.act(m.act(m.lstm(x)[0])), act=act)), example())
    assert [n.name for n in model.graph.node][-2:] == ["act", "act_1"]


def test_an_optional_second_argument_keeps_its_default() -> None:
    class Optional(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = qnn.QuantLSTM(I, H)

        def forward(self, x: torch.Tensor, hx: None = None) -> torch.Tensor:
            return self.lstm(x, hx)[0]

    assert dims(trace(calibrate(Optional()), example()).graph.output[0]) == [B, T, H]
