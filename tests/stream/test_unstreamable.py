"""What needs a whole sequence is refused before anything runs, at every level alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import pytest
import torch
from torch import Tensor, nn

import gatewright
from gatewright.build import Build
from gatewright.errors import GatewrightError
from gatewright.ir import ops
from gatewright.ir.graph import Graph, Op
from gatewright.ir.streamable import check_streamable
from gatewright.ir.types import IntType

STEPS = 5
WHERE = {
    "bidirectional": "lstm.layers.0.1",
    "flatten": "flatten",
    "mean": "mean",
    "max": "max",
    "number": "last_step",
}
"""The models that cannot, and what the error has to name."""


class Model(nn.Module):
    """A layer, and what is done with its steps."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        both = kind in ("bidirectional", "forward half")
        self.lstm = qnn.QuantLSTM(3, 4, batch_first=True, bidirectional=both)
        self.flatten = nn.Flatten()
        self.identity = qnn.QuantIdentity()
        self.fc = qnn.QuantLinear(4 * STEPS if kind == "flatten" else 4, 2, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        """Branches depend on the kind only."""
        y, (h, _) = self.lstm(x)
        match self.kind:
            case "bidirectional":
                return y
            case "forward half":
                return self.fc(h[0])
            case "flatten":
                return self.fc(self.flatten(y))
            case "number":
                return self.fc(y[:, STEPS - 1])
            case "mean":
                return self.fc(self.identity(y.mean(1)))
        return self.fc(torch.amax(y, dim=1))


def compiled(kind: str, folder: Path) -> tuple[Build, Tensor]:
    torch.manual_seed(1)
    model, x = Model(kind).train(), torch.randn(4, STEPS, 3)
    with torch.no_grad():
        for _ in range(3):
            model(x)
    return gatewright.compile(model.eval(), x, folder / "b"), x


@pytest.mark.parametrize("kind", WHERE)
def test_every_level_refuses_it(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build, _ = compiled(kind, tmp_path)

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("something is about to run")

    monkeypatch.setattr(Build, "engine", never)
    errors = []
    for level in gatewright.LEVELS:
        with pytest.raises(GatewrightError) as caught:
            build.stream(level)
        errors.append(caught.value)
    assert {str(error) for error in errors} == {str(errors[0])}
    assert errors[0].code == "GW-607"
    assert WHERE[kind] in errors[0].where, errors[0]
    assert "simulate" in errors[0].remedy


@pytest.mark.compiles
def test_what_no_output_needs_does_not_matter(tmp_path: Path) -> None:
    build, x = compiled("forward half", tmp_path)
    for level in ("traced", "integer", "standard", "csim"):
        with build.stream(level) as stream:
            stream(x[:1, :2])
            y = stream(x[:1, 2:], raw=True)
            assert (y == build.simulate(x[:1], "integer", raw=True)).all()
            assert {name.rpartition("/")[2] for name in stream.states} == {"h", "c"}
            assert len(stream.states) == 2


def layer(graph: Graph, name: str, initial: str) -> str:
    """A layer of one state that adds its input up; returns its final state."""
    body = Graph(name)
    wide = IntType(-(2**20), 2**20)
    body.add_input("h_prev", wide, ("B", 2))
    body.add_input("x", IntType(-1, 1), ("B", 2))
    thresholds = body.add_constant("t", torch.zeros(1, 1, dtype=torch.int64).numpy())
    total = body.add(ops.ADD, ["h_prev", "x"], ["sum"])
    body.outputs = [body.add(ops.MULTITHRESHOLD, [total, thresholds], ["h"], out_bias=0), "h"]
    graph.add(
        ops.SCAN, [initial, "x"], [f"{name}.h_n", f"{name}.h"], name=name, body=body, states=1
    )
    return f"{name}.h_n"


def test_a_layer_that_begins_where_another_ends() -> None:
    """Which is known when the sequence is over; a given state, or one made of it, is known."""
    graph = Graph("decoder")
    graph.add_input("x", IntType(-1, 1), ("B", "T", 2))
    graph.add_input("h0", IntType(-1, 1), ("B", 2))
    one = graph.add_constant("one", torch.ones(2, dtype=torch.int64).numpy())
    ended = layer(graph, "encoder", graph.add(ops.ADD, ["h0", one], ["given"]))
    graph.outputs = [ended]
    check_streamable(graph)
    graph.outputs = [layer(graph, "decoder", graph.add(ops.ADD, [ended, one], ["begin"]))]
    with pytest.raises(GatewrightError) as caught:
        check_streamable(graph)
    assert caught.value.code == "GW-607"
    assert caught.value.where == "decoder"


@pytest.mark.parametrize("op", ops.BY_NAME.values(), ids=repr)
def test_every_op_says_whether_it_needs_a_whole_sequence(op: Op) -> None:
    """None is said for it: one that does not would be read as one that takes pieces."""
    assert "whole" in vars(type(op))
    whole = (ops.FLATTEN, ops.REDUCE_MAX, ops.REDUCE_SUM, ops.SELECT_STEPS)
    assert (op.whole is not None) == (op in whole)
