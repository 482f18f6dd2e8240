"""The state that C-simulation keeps: pieces are the whole, and nobody else's state is met."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from graphs import BYTE, dense, ports, random_feeds, recurrent, requantize, simulator
from small_cells import INPUTS

from gatewright.hls_templates import map_design, write_project
from gatewright.hls_templates.csim import Simulator, csim_sources
from gatewright.hls_templates.project.hls import project_files
from gatewright.hls_templates.project.names import DEFAULT_NAMES
from gatewright.ir import interpreter, ops
from gatewright.ir.graph import Graph
from gatewright.ir.types import IntArray
from gatewright.tools.compiler import ap_types, find_compiler

pytestmark = pytest.mark.compiles

CUTS = (0, 1, 4, 5, 9)


def stack(kind: str, given: bool = False) -> Graph:
    """Two layers with a fork, a product and a requantizer between them; all their outputs."""
    graph = Graph(kind)
    graph.add_input("x", BYTE, ("B", "T", INPUTS))
    first = recurrent(kind, graph, False, given, name="first")
    product = dense(graph, first[0], INPUTS, "between")
    reach = graph[product].type
    rows = np.linspace(reach.lo // 4, reach.hi // 4, 255).astype(np.int64)[None]
    second = recurrent(
        "rnn_tanh", graph, False, False, requantize(graph, product, rows, "codes"), "second"
    )
    graph.outputs = [*first, *second]
    return graph


def pooled() -> Graph:
    """The sum of each step and the two before it, from piece to piece."""
    graph = Graph("pooled")
    graph.add_input("x", BYTE, ("B", "T", INPUTS))
    padding = {"before": 2, "after": 0, "pad": 0}
    graph.add(ops.WINDOW, ["x"], ["causal"], kernel=3, stride=1, dilation=1, **padding)
    graph.outputs = [graph.add(ops.GROUP_SUM, ["causal"], ["sums"], kernel=3)]
    return graph


def pieces(feeds: dict[str, IntArray]) -> list[dict[str, IntArray]]:
    """The one sequence cut along time; given states are there with every piece."""
    return [
        {name: v[:, a:b] if name == "x" else v for name, v in feeds.items()}
        for a, b in pairwise(CUTS)
    ]


def joined(parts: list[dict[str, IntArray]]) -> dict[str, IntArray]:
    """Answers along time; of what comes once a sequence the last."""
    return {
        name: np.concatenate([part[name] for part in parts], 1) if value.ndim == 3 else value
        for name, value in parts[-1].items()
    }


@pytest.mark.parametrize(
    ("kind", "given", "native"),
    [
        ("cifg", False, True),
        ("lstm", True, True),
        ("lstm", True, False),
        ("rnn_relu", False, False),
    ],
)
def test_pieces_are_the_whole(kind: str, given: bool, native: bool, tmp_path: Path) -> None:
    graph = stack(kind, given)
    design = map_design(graph)
    one, other = (random_feeds(graph, 3, CUTS[-1]) for _ in range(2))
    one, other = ({k: v[2:] for k, v in feeds.items()} for feeds in (one, other))
    first = simulator(design, tmp_path, native=native)
    second = Simulator(csim_sources(tmp_path), ports(design), native=native)
    got: tuple[list[dict[str, IntArray]], ...] = ([], [])
    for i, both in enumerate(zip(pieces(one), pieces(other), strict=True)):
        for answers, opened, piece in zip(got, (first, second), both, strict=True):
            answers.append(opened.run(piece, keep=i > 0)[0])
    for answers, feeds in zip(got, (one, other), strict=True):
        whole, _ = interpreter.run(graph, feeds)
        for name, value in joined(answers).items():
            assert np.array_equal(value, whole[name]), name
    fresh, _ = interpreter.run(graph, one)
    for keep in (False, True):  # without keep it begins anew; at the very first there is no state
        third = Simulator(csim_sources(tmp_path), ports(design), native=native)
        assert all(np.array_equal(v, fresh[k]) for k, v in third.run(one, keep=keep)[0].items())
    assert all(np.array_equal(v, fresh[k]) for k, v in first.run(one)[0].items())


MAIN = """
#include <cstdio>
#include <vector>
#include "top.hpp"
#include "gatewright_v1/gw_host.hpp"
namespace gw = gatewright_v1;
namespace params = gatewright_params;

int main() {
  const int x[] = {VALUES};
  const int cuts[] = {CUTS};
  for (int i = 0; i + 1 < COUNT; ++i) {
    gw::stream<params::s_axis_word> in;
    gw::stream<params::m_axis_word> out;
    gw::drive<params::s_axis_params>(x + cuts[i] * INPUTS, cuts[i + 1] - cuts[i], i > 0, in);
    TOP(in, out);
    std::vector<int> y((cuts[i + 1] - cuts[i]) * params::m_axis_params::WIDTH);
    if (!gw::collect<params::m_axis_params>(out, cuts[i + 1] - cuts[i], y.data())) return 1;
    for (int value : y) std::printf("%d ", value);
  }
}
"""


@pytest.mark.parametrize(
    ("make", "output"), [(lambda: stack("lstm"), "second.h"), (pooled, "sums")]
)
def test_the_kernel_s_own_state_is_kept_too(
    make: Callable[[], Graph], output: str, tmp_path: Path
) -> None:
    """As hardware has it, and the test bench: static in each kernel."""
    graph = make()
    graph.outputs = [output]
    design = map_design(graph)
    write_project(project_files(design, "part", 5.0), tmp_path)
    feeds = {name: value[2:] for name, value in random_feeds(graph, 3, CUTS[-1]).items()}
    main = MAIN.replace("VALUES", ", ".join(map(str, feeds["x"].ravel())))
    main = main.replace("CUTS", ", ".join(map(str, CUTS))).replace("COUNT", str(len(CUTS)))
    (tmp_path / "main.cpp").write_text(
        main.replace("INPUTS", str(INPUTS)).replace("TOP", DEFAULT_NAMES.kernel)
    )
    includes = [f"-I{folder}" for folder in (tmp_path, tmp_path / "gatewright", ap_types())]
    sources = [tmp_path / "main.cpp", tmp_path / "top.cpp"]
    command = [*find_compiler().command, "-std=c++14", "-w", *includes, *sources, "-o", "pieces"]
    subprocess.run(command, check=True, cwd=tmp_path)
    done = subprocess.run([tmp_path / "pieces"], check=True, capture_output=True, text=True)
    whole, _ = interpreter.run(graph, feeds)
    assert np.array_equal(np.array(done.stdout.split(), np.int64), whole[output].ravel())
