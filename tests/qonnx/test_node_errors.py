"""A node that was changed by hand, or is given what it cannot take, says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from node_models import Spec, arguments, make
from onnx import helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from gatewright.errors import GatewrightError
from gatewright.frontend import trace
from gatewright.qonnx import ExtractRecurrent, inner_model, ports, recurrent_nodes

SPEC = Spec("lstm", 1, False, "states", (4, 5, 6, 7), True, True, (3, 2, 4), 5)


@pytest.fixture(scope="module")
def extracted() -> bytes:
    graph = ModelWrapper(trace(make(SPEC), arguments(SPEC, 2, 0))).transform(ExtractRecurrent())
    return bytes(graph.model.SerializeToString())


@pytest.fixture
def graph(extracted: bytes) -> Any:
    return ModelWrapper(onnx.load_from_string(extracted))


def replace(node: onnx.NodeProto, name: str, value: Any) -> None:
    kept = [a for a in node.attribute if a.name != name]
    del node.attribute[:]
    node.attribute.extend(kept)
    if value is not None:
        node.attribute.append(helper.make_attribute(name, value))


CHANGED = {
    "input_dtype": "INT3",
    "output_dtype": "UINT5",
    "input_scale": 0.5,
    "output_scale": 0.25,
    "batch_first": 0,
    "last_step": 1,
}


@pytest.mark.parametrize("name", CHANGED)
def test_attributes_that_the_model_contradicts(graph: Any, name: str) -> None:
    (node,) = recurrent_nodes(graph)
    replace(node, name, CHANGED[name])
    (said,) = getCustomOp(node).verify_node()
    assert said.startswith(f"{name} is {CHANGED[name]}, the model inside says ")


MODELS = {
    "missing": (None, "'model' is missing"),
    "of another type": (numpy_helper.from_array(np.zeros(4, np.float32)), "no tensor of bytes"),
    "no tensor": ("model", "no tensor of bytes"),
    "cut": (numpy_helper.from_array(np.frombuffer(b"\x08\x09garbage", np.uint8)), "are no model"),
}


@pytest.mark.parametrize("case", MODELS)
def test_a_node_without_its_model(graph: Any, case: str) -> None:
    (node,) = recurrent_nodes(graph)
    value, says = MODELS[case]
    replace(node, "model", value)
    with pytest.raises(GatewrightError, match="GW-207") as caught:
        inner_model(node)
    assert says in caught.value.cause and caught.value.where == node.name


def test_a_node_that_lost_an_output(graph: Any) -> None:
    (node,) = recurrent_nodes(graph)
    del node.output[-1]
    with pytest.raises(GatewrightError, match="GW-207"):
        ports(node)


def feeds(graph: Any) -> dict[str, Any]:
    given = arguments(SPEC, 2, 1)
    return {v.name: g.numpy() for v, g in zip(graph.graph.input, given, strict=True)}


@pytest.mark.parametrize("fault", ["nan", "batch"])
def test_values_that_it_cannot_take(graph: Any, fault: str) -> None:
    (node,) = recurrent_nodes(graph)
    context = feeds(graph)
    x = context[node.input[0]]
    context[node.input[0]] = x * np.nan if fault == "nan" else x[:1]
    with pytest.raises(GatewrightError, match="GW-601"):
        getCustomOp(node).execute_node(context, graph.graph)


def test_a_sequence_and_a_batch_of_other_lengths(graph: Any) -> None:
    """The node takes them, whatever the graph around it was exported for."""
    (node,) = recurrent_nodes(graph)
    model = make(SPEC)
    x, *states = arguments(SPEC, 7, 3)
    x = x.repeat(1, 2, 1)
    context = dict(zip(node.input, (a.numpy() for a in (x, *states)), strict=True))
    getCustomOp(node).execute_node(context, graph.graph)
    for name, right in zip(node.output, model(x, *states), strict=True):
        assert np.array_equal(context[name], right.detach().numpy())
