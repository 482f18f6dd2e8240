"""What no output needs is not built: whole kernels, and outputs of kernels that are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from brevitas.nn import QuantLinear, QuantLSTM
from graphs import BYTE, STEPS, check, dense, sequence_graph
from rtl_check import check_rtl
from test_streams import LIMIT, cell_graph, kinds, recurrent
from torch import Tensor, nn

import gatewright
from gatewright.hls_templates import Design, map_design
from gatewright.hls_templates.kernels.base import Port
from gatewright.hls_templates.kernels.fork.kernel import Fork
from gatewright.hls_templates.kernels.recurrent.kernel import Recurrent
from gatewright.ir import ops

pytestmark = pytest.mark.compiles


def roles(design: Design) -> list[tuple[str, ...]]:
    return [kernel.roles for kernel in design.kernels if isinstance(kernel, Recurrent)]


def test_a_chain_that_ends_nowhere(tmp_path: Path) -> None:
    graph = sequence_graph("chain")
    wanted = dense(graph, "x", 3, "wanted")
    last = graph.add(ops.SELECT_LAST, [wanted], ["last"], name="last")
    both = graph.add(ops.CONCAT, [dense(graph, "x", 2, "a"), "x"], ["both"], name="both")
    dense(graph, both, 4, "end")
    graph.outputs = [last]
    design = check(graph, tmp_path, LIMIT)
    assert kinds(design) == ["matvec", "select_last"]
    assert design.max_steps is None  # the buffers were those of the chain
    assert {tap.name for tap in design.taps()} == {"wanted.sum"}


@pytest.mark.parametrize("kind", ["lstm", "rnn_tanh"])
def test_final_states_of_both_directions(kind: str, tmp_path: Path) -> None:
    """The joined sequence, and c, which nobody reads."""
    graph = cell_graph(kind)
    forward, h, *_ = recurrent(kind, graph, False, False)
    backward, h_back, *_ = recurrent(kind, graph, True, False)
    graph.add(ops.CONCAT, [forward, backward], ["joined"], name="joined")
    graph.outputs = [graph.add(ops.CONCAT, [h, h_back], ["finals"], name="finals")]
    design = check(graph, tmp_path, LIMIT)
    assert kinds(design) == ["concat", "fork", "recurrent", "recurrent", "reverse"]
    assert roles(design) == [("H_N",), ("H_N",)]
    assert design.max_steps == STEPS  # x is still turned round


def test_a_direction_that_nobody_reads(tmp_path: Path) -> None:
    """Its layer goes, and with it the copy of x and the buffer that turns it round."""
    graph = cell_graph("forward")
    forward, *_ = recurrent("lstm", graph, False, False)
    recurrent("lstm", graph, True, False)
    graph.outputs = [forward]
    design = map_design(graph, LIMIT)
    assert (kinds(design), roles(design)) == (["recurrent"], [("OUT",)])
    assert (design.max_steps, design.flags) == (None, ())


def test_inputs_that_nothing_needs_are_taken(tmp_path: Path) -> None:
    """Their ports are the model's: whoever writes to them must not wait for ever."""
    graph = sequence_graph("drained")
    graph.add_input("start", BYTE, ("B", 6))
    graph.add_input("further", BYTE, ("B", "T", 2))
    graph.outputs = [dense(graph, "x", 3, "a")]
    design = check(graph, tmp_path, LIMIT)
    assert kinds(design) == ["drain", "drain", "matvec"]
    assert [port.tensor for port in design.inputs] == ["x", "start", "further"]
    assert design.max_steps is None


def test_a_stream_has_one_writer_and_one_reader() -> None:
    graph = cell_graph("ends")
    graph.outputs = recurrent("lstm", graph, True, False)
    design = map_design(graph, LIMIT)
    for stages in (design.stages[:-1], (*design.stages, design.stages[-1])):
        with pytest.raises(AssertionError, match="one writer and one reader"):
            replace(design, stages=stages)
    port = Port(3, BYTE)
    for copies in (0, 1):
        with pytest.raises(AssertionError, match="no copy"):
            Fork("f", "f", (port,), (port,) * copies, 0)


class Finals(nn.Module):
    """Both directions from given states, of which one final h, or both, are used."""

    def __init__(self, both: bool) -> None:
        super().__init__()
        self.both = both
        self.lstm = QuantLSTM(3, 4, bidirectional=True, batch_first=True, return_quant_tensor=False)
        self.unused = QuantLinear(8, 2, bias=True)
        self.fc = QuantLinear(8 if both else 4, 2, bias=True)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> Tensor:
        out, (h_n, _) = self.lstm(x, h, c)
        self.unused(out)
        y: Tensor = self.fc(torch.cat((h_n[-2], h_n[-1]), 1) if self.both else h_n[-2])
        return y


@pytest.mark.parametrize("both", [True, False])
def test_the_hardware_of_a_whole_model(both: bool, tmp_path: Path) -> None:
    """Every integer and the predicted cycles, also with ports that lead nowhere."""
    torch.manual_seed(3)
    model = Finals(both)
    example = torch.randn(4, 6, 3), torch.randn(2, 4, 4), torch.randn(2, 4, 4)
    with torch.no_grad():
        model(*example)
    build = gatewright.compile(model.eval(), example, output_dir=tmp_path / "b")
    used = sorted(kernel.kind for kernel in build.kernels.kernels)
    if both:
        assert used == ["concat", "fork", "matvec", "recurrent", "recurrent", "reverse"]
    else:
        assert used == ["drain", "drain", "matvec", "recurrent"]
    done = check_rtl(build, seed=7)
    assert done.sequences > 60 and done.kept > 10
    assert build.verify(levels=["traced", "integer", "csim", "rtl"]).mismatches == 0
    # A layer that is not built has no states to show, at any level alike.
    x = tuple(part.numpy() for part in example)
    shown = {f"lstm.layers.0.{n}/{state}" for n in ((0, 1) if both else (0,)) for state in "hc"}
    for level in ("traced", "integer", "csim"):
        assert set(build.simulate(x, level, states=True)[1]) == shown
    assert ("drain" in build.report().read_text()) == (not both)
