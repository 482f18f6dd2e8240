"""What is refused of heads: its code, and what the message tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import brevitas.nn as qnn
import numpy as np
import onnx
import pytest
import torch
from head_models import H, Head, batch_norm, inputs, linear, make
from onnx import helper, numpy_helper
from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend import load, trace
from gatewright.ir.lowering import lower

FORWARDS: dict[str, Callable[[Any, Any], Any]] = {
    "dim=-1": lambda m, o: o.mean(dim=-1),
    "dim=0": lambda m, o: torch.amax(o, 0),
    "dim=None": lambda m, o: o.mean(),
    "keepdim=True": lambda m, o: o.max(1, keepdim=True).values,
    "dtype": lambda m, o: o.mean(1, dtype=torch.float32),
    "out.max(dim=1).values": lambda m, o: m.act(o.max(dim=1)),
    "recurrent layer's output": lambda m, o: o[:, -1].mean(1),
    "dim=1": lambda m, o: o.argmax(1),
    "argmax": lambda m, o: o.argmax(),
    "only be returned": lambda m, o: m.act(o[:, -1].argmax(-1)),
    "[1]": lambda m, o: o.max(dim=1)[1],
}


def calibrated(head: Head) -> Head:
    head.lstm.train()(torch.from_numpy(inputs(8)))
    for module in head.modules():
        if isinstance(module, qnn.QuantIdentity):
            module.train()(torch.randn(100))
    return head.eval()


def refused(code: str, function: Callable[[], Any]) -> GatewrightError:
    with pytest.raises(GatewrightError) as caught:
        function()
    assert caught.value.code == code, caught.value
    assert caught.value.remedy
    return caught.value


def traced(head: Head) -> onnx.ModelProto:
    return trace(calibrated(head), torch.from_numpy(inputs(2)))


@pytest.mark.parametrize("text", FORWARDS)
def test_forwards(text: str) -> None:
    head = Head(FORWARDS[text], act=qnn.QuantIdentity())
    assert text in str(refused("GW-108", lambda: traced(head)))


def test_batch_normalization() -> None:
    def last(m: Any, o: Any) -> Any:
        return m.norm(o[:, -1])

    batches = nn.BatchNorm1d(H, track_running_stats=False)
    error = refused("GW-109", lambda: traced(Head(last, norm=batches)))
    assert "track_running_stats" in error.cause
    error = refused("GW-106", lambda: traced(Head(lambda m, o: m.norm(o), norm=batch_norm(5))))
    assert "axis 1 of [2, 5, 6] for features" in error.cause
    negative = batch_norm(H)
    negative.running_var[3] = -1.0
    error = refused("GW-109", lambda: traced(Head(last, norm=negative)))
    assert "variance" in error.cause
    twice = Head(lambda m, o: m.b(m.a(o[:, -1])), a=batch_norm(H), b=batch_norm(H))
    error = refused("GW-301", lambda: lower(traced(twice)))
    assert (error.where, "QuantIdentity" in error.remedy) == ("b", True)


def test_classes_of_different_scales() -> None:
    normalized = Head(lambda m, o: m.norm(o[:, -1]).argmax(-1), norm=batch_norm(H))
    error = refused("GW-301", lambda: lower(traced(normalized)))
    assert (error.where, "QuantIdentity" in error.remedy) == ("argmax", True)


def test_a_mean_is_no_code() -> None:
    head = Head(lambda m, o: m.fc(o.mean(1)), fc=linear())
    error = refused("GW-301", lambda: traced(head))
    assert error.where == "fc"


def test_a_hard_tanh_that_clamps_first() -> None:
    head = Head(lambda m, o: m.act(o), act=qnn.QuantHardTanh(min_val=-1.0, max_val=1.0))
    head.act.act_quant.fused_activation_quant_proxy.activation_impl = nn.Hardtanh(-0.5, 0.5)
    error = refused("GW-107", lambda: traced(head))
    assert error.where == "act"


def test_a_hardsigmoid_in_place() -> None:
    act = nn.Hardsigmoid(inplace=True)
    head = Head(lambda m, o: m.q(m.act(o[:, -1])), act=act, q=qnn.QuantIdentity())
    error = refused("GW-109", lambda: traced(head))
    assert (error.where, "nn.Hardsigmoid()" in error.remedy) == ("act", True)


@pytest.mark.parametrize(
    "forward", [lambda m, o: m.norm(m.act(o[:, -1])), lambda m, o: m.act(o[:, -1])]
)
def test_a_hardsigmoid_that_no_quantizer_follows(forward: Any) -> None:
    head = Head(forward, act=nn.Hardsigmoid(), norm=batch_norm(H))
    error = refused("GW-301", lambda: lower(traced(head)))
    assert "QuantIdentity" in error.remedy


def attribute(model: onnx.ModelProto, op: str, name: str, value: Any) -> onnx.ModelProto:
    """The model with another attribute of its one node of this kind."""
    without(model, op, name)
    (node,) = (n for n in model.graph.node if n.op_type == op)
    node.attribute.append(helper.make_attribute(name, value))
    return model


def without(model: onnx.ModelProto, op: str, name: str) -> onnx.ModelProto:
    """The model with an attribute left out, so that it has its default."""
    (node,) = (n for n in model.graph.node if n.op_type == op)
    kept = [a for a in node.attribute if a.name != name]
    del node.attribute[:]
    node.attribute.extend(kept)
    return model


def constant(model: onnx.ModelProto, op: str, index: int, value: np.ndarray) -> onnx.ModelProto:
    """The model with another constant at an input of its one node of this kind."""
    (node,) = (n for n in model.graph.node if n.op_type == op)
    model.graph.initializer.append(numpy_helper.from_array(value, "edited"))
    node.input[index] = "edited"
    return model


EDITS: dict[str, tuple[str, str, Callable[[onnx.ModelProto], onnx.ModelProto]]] = {
    "axes": ("mean", "GW-205", lambda m: constant(m, "ReduceMean", 1, np.array([2]))),
    "keepdims": ("max", "GW-205", lambda m: attribute(m, "ReduceMax", "keepdims", 1)),
    "argmax axis": ("argmax_of_codes", "GW-205", lambda m: attribute(m, "ArgMax", "axis", 0)),
    "last index": (
        "argmax_of_codes",
        "GW-205",
        lambda m: attribute(m, "ArgMax", "select_last_index", 1),
    ),
    "slope": (
        "hardsigmoid_of_codes",
        "GW-205",
        lambda m: attribute(m, "HardSigmoid", "alpha", 0.2),
    ),
    "middle": (
        "hardsigmoid_of_a_sum",
        "GW-205",
        lambda m: attribute(m, "HardSigmoid", "beta", 0.4),
    ),
    "no slope": ("hardsigmoid_of_a_sum", "GW-205", lambda m: without(m, "HardSigmoid", "alpha")),
    "training": (
        "batch_norm_of_codes",
        "GW-205",
        lambda m: attribute(m, "BatchNormalization", "training_mode", 1),
    ),
    "sizes": (
        "batch_norm_of_codes",
        "GW-207",
        lambda m: constant(m, "BatchNormalization", 2, np.zeros(2, dtype=np.float32)),
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_files(name: str, export: Any) -> None:
    head, code, edit = EDITS[name]
    model = onnx.load(export(make(head), torch.from_numpy(inputs(2))))
    load(model)
    refused(code, lambda: load(edit(model)))


def test_a_hardsigmoid_of_other_numbers_is_named(export: Any) -> None:
    model = onnx.load(export(make("hardsigmoid_of_codes"), torch.from_numpy(inputs(2))))
    plain = load(model).SerializeToString()
    assert load(without(model, "HardSigmoid", "beta")).SerializeToString() == plain
    error = refused("GW-205", lambda: load(attribute(model, "HardSigmoid", "alpha", 0.2)))
    assert error.cause == "its alpha is 0.200000003; supported is 0.166666667."
