"""A sequence that ends inside the words of a step, in whole designs: nothing shifts, or is wrong.

The harness frames what its ports say. Ports that call each word of a port a step make it end
sequences anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from brevitas.nn import QuantLinear, QuantLSTM, QuantRNN
from level_tools import needs
from msgspec import structs
from rtl_check import reference
from torch import Tensor, nn

import gatewright
from gatewright import Build
from gatewright.builds.folder import RTL
from gatewright.errors import GatewrightError
from gatewright.hls_templates.cosim import Drive, Event, open_core
from gatewright.hls_templates.cosim.core import Core, Watched
from gatewright.hls_templates.mapping.ports import Ports
from gatewright.ir.types import IntArray

pytestmark = [pytest.mark.compiles, needs("rtl")]
WORD = 64
DRAWS = range(4)


class Last(nn.Module):
    """A recurrent layer, and a linear one on its last step."""

    def __init__(self, layer: nn.Module, hidden: int) -> None:
        super().__init__()
        self.layer, self.fc = layer, QuantLinear(hidden, 2, bias=True)

    def forward(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        y: Tensor = self.fc(self.layer(x, *(() if h is None else (h,)))[0][:, -1])
        return y


def opened(layer: nn.Module, hidden: int, example: tuple[Tensor, ...], folder: Path) -> Any:
    """The build of a layer, and its core with the port of two words a step cut into words."""
    model = Last(layer, hidden)
    with torch.no_grad():
        model(*example)
    build = gatewright.compile(model.eval(), example, output_dir=folder)
    ports = Ports.of(build.kernels)
    assert [end.words_per_step for end in ports.inputs].count(2) == 1
    inputs = tuple(
        structs.replace(end, values_per_step=WORD, words_per_step=1, sequence=True)
        if end.words_per_step == 2
        else end
        for end in ports.inputs
    )
    cut = replace(ports, inputs=inputs, rtl_taps=())
    return build, open_core(build.path / RTL, cut, "any")


@pytest.fixture(scope="module")
def of_words(tmp_path_factory: pytest.TempPathFactory) -> tuple[Build, Core]:
    """x in two words a step."""
    torch.manual_seed(1)
    layer = QuantLSTM(70, 3, batch_first=True, return_quant_tensor=False)
    return opened(layer, 3, (torch.randn(2, 4, 70),), tmp_path_factory.mktemp("x") / "b")


@pytest.fixture(scope="module")
def of_states(tmp_path_factory: pytest.TempPathFactory) -> tuple[Build, Core]:
    """The initial h in two words."""
    torch.manual_seed(2)
    layer = QuantRNN(3, 66, batch_first=True, return_quant_tensor=False)
    example = torch.randn(2, 4, 3), torch.randn(1, 2, 66)
    return opened(layer, 66, example, tmp_path_factory.mktemp("h") / "b")


def words(values: IntArray) -> IntArray:
    padded = np.zeros((len(values), 2 * WORD), np.int64)
    padded[:, : values.shape[1]] = values
    return padded.reshape(-1, WORD)


def equal(build: Build, watched: Watched, feeds: dict[str, list[IntArray]], n: int) -> None:
    one = {name: arrays[n] for name, arrays in feeds.items()}
    for name, expected in reference(build.integer.graph, one, None)[0].items():
        assert np.array_equal(watched.outputs[name][n], expected), n


def held(
    build: Build,
    core: Core,
    given: dict[str, list[IntArray]],
    cut: dict[str, list[IntArray]],
    whole: int,
    draw: int,
) -> None:
    """So many sequences come out right, none until a clear or reset, all right from there on."""
    stalls = {"seed": draw, "input_stall": 0.3 * (draw % 2), "output_stall": 0.3 * (draw // 2)}
    with pytest.raises(GatewrightError, match="ends inside the words of a step") as caught:
        core.run(cut, Drive(**stalls))
    assert caught.value.code == "GW-703"
    late = (Event(100_000, "clear"),)
    raised = core.run(cut, Drive(**stalls, events=late)).framing_cycle
    assert raised is not None
    # Time for all that came before to come out, and sequences that are lost meanwhile.
    moment = Event(raised + 600, "reset" if draw % 2 else "clear")
    watched = core.run(cut, Drive(**stalls, events=(moment,)))
    assert (watched.framing_cycle, watched.too_long_cycle) == (raised, None)
    done = watched.done.tolist()
    again = done.index(True, whole + 1)
    assert done == [True] * whole + [False] * (again - whole) + [True] * (len(done) - again)
    for n in (*range(whole), *range(again, len(done))):
        equal(build, watched, given, n)


def draw_all(build: Build, lengths: Sequence[int], rng: np.random.Generator) -> Any:
    graph = build.integer.graph
    return {
        name: [
            rng.integers(
                graph[name].type.lo,
                graph[name].type.hi + 1,
                (steps if len(graph[name].shape) == 3 else 1, graph[name].shape[-1]),
            )
            for steps in lengths
        ]
        for name in graph.inputs
    }


@pytest.mark.parametrize("draw", DRAWS)
def test_x_ends_inside_a_step(of_words: tuple[Build, Core], draw: int) -> None:
    build, core = of_words
    rng = np.random.default_rng(draw)
    broken = int(rng.integers(0, 6))
    given = draw_all(build, rng.integers(1, 6, 600), rng)
    (name,) = given
    cut = [words(x) for x in given[name]]
    cut[broken] = cut[broken][:-1]
    held(build, core, given, {name: cut}, broken, draw)


@pytest.mark.parametrize("draw", DRAWS)
def test_a_state_ends_inside_its_words(of_states: tuple[Build, Core], draw: int) -> None:
    """It has two words, as many as there are steps; of one or three it is dropped."""
    build, core = of_states
    rng = np.random.default_rng(draw)
    broken, lengths = int(rng.integers(0, 6)), np.full(600, 2)
    lengths[broken] = 1 if draw % 2 else 3
    given = draw_all(build, lengths, rng)
    x, h = build.integer.graph.inputs
    cut = [words(one) for one in given[h]]
    cut[broken] = words(np.repeat(given[h][broken], 2, 0))[: lengths[broken]]
    held(build, core, given, {x: given[x], h: cut}, broken, draw)
