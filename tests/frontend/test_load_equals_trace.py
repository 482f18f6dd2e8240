"""The file that Brevitas exports gives the graph that tracing gives."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import brevitas.nn as qnn
import numpy as np
import onnx
import pytest
import torch
from commit_choice import drawn
from frontend_models import (
    LSTMS,
    B,
    H,
    I,
    Net,
    SequenceNet,
    T,
    TimeMajorNet,
    calibrate,
    example,
    lstm,
)
from head_models import HEADS, inputs, make
from onnx import helper, numpy_helper

from gatewright.frontend import load, trace
from gatewright.ir.interpreter import run
from gatewright.ir.lowering import lower

pytestmark = pytest.mark.slow


def semantics(model: onnx.ModelProto) -> list[tuple[Any, ...]]:
    """Op types, attributes and constants, node by node; computed values by position."""
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    positions = {"x": (-1, 0)}
    nodes = []
    for at, node in enumerate(model.graph.node):
        positions |= {name: (at, i) for i, name in enumerate(node.output)}
        inputs = []
        for name in node.input:
            value = constants.get(name)
            if value is None:
                inputs.append(positions[name])
            else:
                inputs.append((str(value.dtype), value.shape, value.tobytes()))
        attrs = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        nodes.append((node.op_type, node.domain, inputs, attrs))
    return nodes


def compare(model: Any, x: Any, export: Any) -> None:
    traced = trace(model, x)
    loaded = load(export(model, x))
    assert semantics(loaded) == semantics(traced)
    assert [n.name for n in loaded.graph.node] == [n.name for n in traced.graph.node]
    assert loaded.SerializeToString() == traced.SerializeToString()


@pytest.mark.parametrize("name", LSTMS)
def test_bare_lstm(name: str, export: Any) -> None:
    compare(lstm(**LSTMS[name]), example(), export)


STACKS: dict[str, dict[str, Any]] = {
    "two layers": {"num_layers": 2},
    "quant tensors": {"num_layers": 2, "return_quant_tensor": True},
    "both directions": {"bidirectional": True},
    "shared weights": {"bidirectional": True, "shared_input_hidden_weights": True},
    "all": {"num_layers": 2, "bidirectional": True, "batch_first": True},
    "coupled gates": {"coupled_input_forget_gates": True},
}


@pytest.mark.parametrize("name", drawn(STACKS, 2, "rotating"))
def test_stacks(name: str, export: Any) -> None:
    compare(lstm(**STACKS[name]), example(), export)


class Passed(torch.nn.Module):
    """A layer that begins with states that are passed."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = qnn.QuantLSTM(I, H, batch_first=True)
        self.register_buffer("h", torch.randn(1, 1, H))
        self.register_buffer("c", torch.randn(1, 1, H))

    def forward(self, x: Any, h: Any, c: Any) -> Any:
        return self.rnn(x, h, c)


class Own(Passed):
    """A layer that begins with states of the model."""

    def forward(self, x: Any) -> Any:
        return self.rnn(x, self.h, self.c)


@pytest.mark.parametrize("model", [Passed, Own])
def test_initial_states(model: Any, export: Any) -> None:
    """Exported inputs have names of their own, so the integers are compared."""
    torch.manual_seed(1)
    states = [torch.randn(1, B, H), torch.randn(1, B, H)] if model is Passed else []
    module = model().train()
    for _ in range(3):
        module(example(), *states)
    arguments = (example(), *states)
    example_input = arguments if states else arguments[0]
    graphs = [trace(module.eval(), example_input), load(export(module, example_input))]
    outputs = []
    for graph in graphs:
        integer = lower(graph)
        assert [o.name for o in integer.outputs] == ["y", "h_n", "c_n"]
        feeds = integer.encode([a.numpy() for a in arguments])
        outputs.append(integer.decode(run(integer.graph, feeds)[0]))
    for traced, loaded, theirs in zip(*outputs, _flat(module(*arguments)), strict=True):
        assert np.array_equal(traced, loaded)
        assert np.array_equal(traced, theirs)


def _flat(result: Any) -> list[np.ndarray]:
    out, (h, c) = result
    return [tensor.detach().numpy() for tensor in (out, h, c)]


@pytest.mark.parametrize("model", [Net, SequenceNet, TimeMajorNet])
def test_networks(model: Any, export: Any) -> None:
    compare(calibrate(model()), example(), export)


class Nested(torch.nn.Module):
    """Modules in containers, one used twice, one with a name that no tool would like."""

    def __init__(self) -> None:
        super().__init__()
        self.body = torch.nn.ModuleDict({"rnn-1": qnn.QuantLSTM(I, 4, batch_first=True)})
        self.tail = torch.nn.Sequential(qnn.QuantLinear(4, 4), qnn.QuantReLU(), torch.nn.Identity())
        self.add_module("über act", qnn.QuantIdentity())

    def forward(self, x: Any) -> Any:
        act = getattr(self, "über act")
        return act(self.tail(act(self.body["rnn-1"](x)[0])))


def test_nested_and_reused_modules(export: Any) -> None:
    model = calibrate(Nested())
    compare(model, example(), export)
    names = [n.name for n in trace(model, example()).graph.node]
    assert {"body.rnn_1.layers.0.0", "tail.0", "tail.1", "m_ber_act", "m_ber_act_1"} <= set(names)


def test_paths_and_models_in_memory_load_alike(export: Any) -> None:
    path = export(calibrate(Net()), example())
    in_memory = onnx.load(path)
    before = in_memory.SerializeToString(deterministic=True)
    graphs = [load(str(path)), load(path), load(in_memory)]
    assert graphs[0] == graphs[1] == graphs[2]
    assert in_memory.SerializeToString(deterministic=True) == before


def test_annotations_are_stripped(export: Any) -> None:
    path = export(calibrate(Net()), example())
    model = onnx.load(path)
    expected = load(model)
    model.doc_string = model.graph.doc_string = "text"
    model.metadata_props.add(key="k", value="v")
    layout = model.graph.quantization_annotation.add(tensor_name=model.graph.node[0].output[0])
    layout.quant_parameter_tensor_names.add(key="tensor_layout", value="__import__('os')")
    model.graph.node[0].doc_string = "text"
    assert load(model) == expected


def test_names_in_a_file_are_sanitized(export: Any) -> None:
    model = onnx.load(export(calibrate(Net()), example()))
    for i, node in enumerate(model.graph.node):
        node.name = f'/ev"il; {i}/{"../" * 3}$(x)/Op'
    names = [n.name for n in load(model).graph.node]
    assert all(c.isascii() and (c.isalnum() or c in "._") for name in names for c in name)
    assert len({n.lower() for n in names}) == len(names)


def test_constants_identities_and_dropouts_fold(export: Any) -> None:
    path = export(calibrate(Net()), example())
    expected = load(path)
    model = onnx.load(path)
    graph = model.graph
    nodes = list(graph.node)
    first = nodes[0]
    scale = next(t for t in graph.initializer if t.name == first.input[1])
    graph.initializer.remove(scale)
    source, output = first.input[0], first.output[0]
    extra = [
        helper.make_node("Constant", [], [scale.name], value=scale),
        helper.make_node("Identity", [source], ["copy"]),
    ]
    first.input[0] = "copy"
    dropped = helper.make_node("Dropout", [output], ["dropped"])
    for node in nodes[1:]:
        for i, name in enumerate(node.input):
            if name == output:
                node.input[i] = "dropped"
    del graph.node[:]
    graph.node.extend([*extra, first, dropped, *nodes[1:]])
    assert load(model) == expected


def test_external_data_inside_the_folder_loads(export: Any, tmp_path: Any) -> None:
    path = export(calibrate(Net()), example())
    expected = load(path)
    onnx.save(
        onnx.load(path),
        tmp_path / "out.onnx",
        save_as_external_data=True,
        location="out.data",
        size_threshold=0,
    )
    assert load(tmp_path / "out.onnx") == expected


def test_loading_needs_no_torch(export: Any) -> None:
    path = export(lstm(), example())
    code = (
        "import sys; sys.modules.update(torch=None, brevitas=None)\n"
        "from gatewright.frontend import load\n"
        f"shape = load({str(path)!r}).graph.input[0].type.tensor_type.shape\n"
        "print([d.dim_value for d in shape.dim])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == str([B, T, I]), done.stderr


@pytest.mark.parametrize("name", drawn(HEADS, 3, "rotating"))
def test_heads(name: str, export: Any) -> None:
    model = make(name)
    first = bool(model.lstm.layers[0][0].cell.batch_first)
    compare(model, torch.from_numpy(inputs(2, first)), export)
