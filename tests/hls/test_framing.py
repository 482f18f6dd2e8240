"""A sequence that ends inside the words of a step, in C-simulation: told, and the next is right."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from graphs import BYTE, dense, sequence_graph

from gatewright.hls_templates import map_design, write_project
from gatewright.hls_templates.project.hls import project_files
from gatewright.ir import interpreter
from gatewright.ir.graph import Graph
from gatewright.ir.types import IntArray
from gatewright.tools.compiler import ap_types, find_compiler

LANES = 64
# Sequences of words on standard input: how many, then their lanes. For each the flag, how many
# words came out and are left, then their values, and its place before those of the last one.
HARNESS = """
#include <iostream>

#include "gatewright_v1/gw_host.hpp"
#include "top.hpp"

int main() {
  gatewright_v1::stream<gatewright_params::s_axis_word> in;
  gatewright_v1::stream<gatewright_params::m_axis_word> out;
  for (int count = 0; std::cin >> count;) {
    for (int n = 0; n < count; ++n) {
      gatewright_params::s_axis_word w;
      for (int lane = 0; lane < 64; ++lane) {
        int value = 0;
        std::cin >> value;
        gatewright_v1::set_lane<8>(w.data, lane, value);
      }
      w.last = n == count - 1;
      w.user = false;
      in.write(w);
    }
    bool framing = false;
    gatewright_hls(in, out, framing);
    const int given = static_cast<int>(out.size());
    std::cout << framing << ' ' << given << ' ' << in.size();
    for (int n = 0; n < given; ++n) {
      const gatewright_params::m_axis_word w = out.read();
      if (w.last) std::cout << ' ' << n;
      for (int lane = 0; lane < 3; ++lane)
        std::cout << ' ' << static_cast<int>(gatewright_v1::get_lane<24, true>(w.data, lane));
    }
    std::cout << '\\n';
  }
  return 0;
}
"""


@pytest.fixture(scope="module")
def graph() -> Graph:
    graph = Graph("folds")
    graph.add_input("x", BYTE, ("B", "T", 70))
    graph.outputs = [dense(graph, "x", 3, "a")]
    return graph


@pytest.fixture(scope="module", params=["native", "ap"])
def program(
    request: pytest.FixtureRequest, graph: Graph, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    design = map_design(graph)
    assert (design.framing, design.outputs[0].lane_bits) == (("s_axis_framing",), 24)
    folder = tmp_path_factory.mktemp(request.param)
    write_project(project_files(design, "part", 5.0), folder)
    (folder / "main.cpp").write_text(HARNESS)
    command = [*find_compiler().command, "-std=c++14", "-w"]
    if request.param == "native":  # the sanitizer stops inside ap_int
        command += ["-DGW_NATIVE", "-D_GLIBCXX_ASSERTIONS"]
        command += ["-fsanitize=undefined", "-fno-sanitize-recover"]
    command += [f"-I{ap_types()}", "main.cpp", "top.cpp", "-o", "main"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "main"


def run(program: Path, sequences: Sequence[IntArray]) -> list[list[int]]:
    text = "\n".join(f"{len(s)} {' '.join(map(str, s.ravel()))}" for s in sequences)
    done = subprocess.run([program], input=text, capture_output=True, text=True, check=True)
    return [[int(v) for v in line.split()] for line in done.stdout.splitlines()]


@pytest.mark.compiles
def test_what_ends_inside_a_step_is_told_and_the_next_is_whole(graph: Graph, program: Path) -> None:
    rng = np.random.default_rng(60_000)
    cut, steps = rng.random(40) < 0.5, rng.integers(1, 6, 40)
    x = [rng.integers(-128, 128, (n, 70)) for n in steps]
    words = [np.pad(one, ((0, 0), (0, 2 * LANES - 70))).reshape(-1, LANES) for one in x]
    lines = run(program, [w[:-1] if c else w for w, c in zip(words, cut, strict=True)])
    for n, line in enumerate(lines):
        flag, given, left, *rest = line
        # As many steps as were begun, and an end, so that nobody behind waits for ever.
        assert (flag, given, left) == (cut[n], steps[n], 0)
        assert rest.pop(3 * (given - 1)) == given - 1
        whole = given - int(cut[n])
        expected = interpreter.run(graph, {"x": x[n][None]})[0][graph.outputs[0]][0, :whole]
        assert rest[: 3 * whole] == expected.ravel().tolist()


def test_a_port_of_one_word_a_step_has_no_flag() -> None:
    graph = sequence_graph("whole")
    graph.outputs = [dense(graph, "x", 3, "a")]
    files = project_files(map_design(graph), "part", 5.0)
    assert not [name for name in ("top.hpp", "top.cpp", "csim.cpp") if "_framing" in files[name]]
