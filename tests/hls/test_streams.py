"""Streams that part, meet again and turn: fork, concat, reverse."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from commit_choice import crossed, drawn
from graphs import (
    BYTE,
    STEPS,
    WIDTH,
    check,
    dense,
    ports,
    random_feeds,
    recurrent,
    requantize,
    sequence_graph,
    simulator,
)
from small_cells import INPUTS, KINDS

from gatewright import hls_templates
from gatewright.errors import GatewrightError
from gatewright.hls_templates import Design, map_design
from gatewright.hls_templates.csim import Simulator, csim_sources
from gatewright.hls_templates.kernels.axis.kernel import AxisPort
from gatewright.hls_templates.kernels.base import Port
from gatewright.hls_templates.kernels.reverse.kernel import Reverse
from gatewright.hls_templates.mapping.dataflow import Fifo, Stage
from gatewright.hls_templates.mapping.options import MappingOptions
from gatewright.ir import ops
from gatewright.ir.graph import Graph
from gatewright.tools.compiler import ap_types, find_compiler

pytestmark = pytest.mark.compiles

LIMIT = MappingOptions(max_steps=STEPS)


def kinds(design: Design) -> list[str]:
    return sorted(kernel.function for kernel in design.kernels)


def fork_three_ways(graph: Graph) -> list[str]:
    last = graph.add(ops.SELECT_LAST, ["x"], ["last"], name="last")
    return [dense(graph, "x", 3, "a"), last, dense(graph, last, 2, "b"), "x"]


def concat_of_steps(graph: Graph) -> list[str]:
    narrow = requantize(graph, "x", np.arange(-6, 8)[None], "narrow", low=-7)
    wide = dense(graph, "x", 3, "wide")
    return [graph.add(ops.CONCAT, [wide, "x", narrow], ["all"], name="all")]


def concat_of_last_steps(graph: Graph) -> list[str]:
    a, b = dense(graph, "x", 1, "a"), dense(graph, "x", 4, "b", bias=False)
    lasts = [graph.add(ops.SELECT_LAST, [n], [f"{n}.last"], name=f"{n}.last") for n in (b, a)]
    return [dense(graph, graph.add(ops.CONCAT, lasts, ["both"], name="both"), 2, "c")]


# The outputs, how many there are of each kernel of this page, and whether a sequence is buffered.
CASES: dict[str, tuple[Callable[[Graph], list[str]], dict[str, int], bool]] = {
    "fork": (fork_three_ways, {"fork": 2}, False),
    "concat": (concat_of_steps, {"fork": 1, "concat": 1}, True),
    "concat_last": (concat_of_last_steps, {"fork": 1, "concat": 1}, False),
}


@pytest.mark.parametrize("case", CASES)
def test_definition_equals_both_builds(case: str, tmp_path: Path) -> None:
    build, expected, buffered = CASES[case]
    graph = sequence_graph(case)
    graph.outputs = build(graph)
    design = check(graph, tmp_path, LIMIT)
    used = kinds(design)
    for kind in ("fork", "concat", "reverse"):
        assert used.count(kind) == expected.get(kind, 0)
    assert design.max_steps == (STEPS if buffered else None)
    refuses(design, graph, tmp_path) if buffered else takes(design, graph, tmp_path)


def refuses(design: Design, graph: Graph, folder: Path) -> None:
    """One step more than the buffers hold is refused, not answered."""
    compiled = simulator(design, folder, native=True)
    compiled.run(random_feeds(graph, steps=STEPS))
    with pytest.raises(GatewrightError, match="GW-601") as caught:
        compiled.run(random_feeds(graph, steps=STEPS + 1))
    assert f"at most {STEPS}" in caught.value.cause
    assert f"max_steps={STEPS + 1}" in caught.value.remedy


def takes(design: Design, graph: Graph, folder: Path) -> None:
    """Where nothing is buffered, any length will do."""
    simulator(design, folder, native=True).run(random_feeds(graph, steps=50 * STEPS))


def cell_graph(name: str) -> Graph:
    graph = Graph(name)
    graph.add_input("x", BYTE, ("B", "T", INPUTS))
    return graph


@pytest.mark.parametrize(
    ("kind", "state"), drawn(crossed(KINDS, ["constant", "given"]), 2, "rotating")
)
def test_a_layer_backwards(kind: str, state: str, tmp_path: Path) -> None:
    given = state == "given"
    graph = cell_graph(kind)
    graph.outputs = recurrent(kind, graph, True, given)
    design = check(graph, tmp_path, LIMIT)
    assert kinds(design) == ["recurrent", "reverse", "reverse"]
    refuses(design, graph, tmp_path)


def test_both_directions(tmp_path: Path) -> None:
    graph = cell_graph("both")
    forward, *finals = recurrent("lstm", graph, False, False)
    backward, *_ = recurrent("lstm", graph, True, False)
    both = graph.add(ops.CONCAT, [forward, backward], ["both"], name="both")
    graph.outputs = [both, *finals]
    design = check(graph, tmp_path, LIMIT)
    wanted = ["concat", "fork", "recurrent", "recurrent", "reverse", "reverse"]
    assert kinds(design) == wanted
    assert len(set(design.flags)) == 2


def test_the_kernels_themselves_tell_of_a_long_sequence(tmp_path: Path) -> None:
    graph = cell_graph("long")
    graph.outputs = recurrent("rnn_tanh", graph, True, False)
    design = map_design(graph, LIMIT)
    simulator(design, tmp_path, native=True)
    careless = replace(ports(design), max_steps=None)
    compiled = Simulator(csim_sources(tmp_path), careless, native=True)
    with pytest.raises(GatewrightError, match="GW-503") as caught:
        compiled.run(random_feeds(graph, steps=STEPS + 1))
    assert "too long" in caught.value.cause


def test_reverse_alone(tmp_path: Path) -> None:
    port = Port(WIDTH, BYTE)
    kernel = Reverse("k0_reverse", "reverse", (port,), (port,), 0, STEPS, "too_long_0")
    design = Design(
        (Stage(kernel, ("beats_0",), ("beats_1",)),),
        (AxisPort("s_axis", "x", port, True, "beats_0"),),
        (AxisPort("m_axis", "y", port, True, "beats_1"),),
        {name: Fifo(name, port, True) for name in ("beats_0", "beats_1")},
        STEPS,
    )
    for native in (True, False):
        compiled = simulator(design, tmp_path, native=native)
        for steps in range(1, STEPS + 1):
            feeds = random_feeds(sequence_graph("x"), steps=steps)
            outputs, _ = compiled.run(feeds)
            assert np.array_equal(outputs["y"], feeds["x"][:, ::-1]), (native, steps)


HARNESS = """
#include <cstdio>

#include "reverse.hpp"

struct P {
  static const int MAX_STEPS = 4;
  using beat_t = gw::beat<int, 2>;
};

// For each length on the command line: how many beats came back, which of them was the last,
// whether the flag was up, and the beats.
int main(int argc, char** argv) {
  gw::stream<P::beat_t> in, out;
  for (int n = 1; n < argc; ++n) {
    int steps = 0;
    std::sscanf(argv[n], "%d", &steps);
    for (int t = 0; t < steps; ++t) in.write({{100 * n + t, -t}, t == steps - 1});
    bool too_long = false;
    gw::reverse<P>(in, out, too_long);
    const int count = static_cast<int>(out.size());
    int last = 0, lasts = 0;
    std::printf("%d", count);
    P::beat_t beats[64];
    for (int t = 0; t < count; ++t) {
      beats[t] = out.read();
      if (beats[t].last) last = t + 1, ++lasts;
    }
    std::printf(" %d %d %d %d", last, lasts, static_cast<int>(too_long),
                static_cast<int>(in.size()));
    for (int t = 0; t < count; ++t) std::printf(" %d %d", beats[t].data[0], beats[t].data[1]);
    std::printf("\\n");
  }
  return 0;
}
"""


@pytest.mark.parametrize("lengths", [(1, 4, 2), (5, 4), (4, 9, 3, 1), (40, 40, 4)])
def test_a_long_sequence_raises_the_flag_and_leaves_the_next_whole(
    lengths: tuple[int, ...], tmp_path: Path
) -> None:
    (tmp_path / "harness.cpp").write_text(HARNESS)
    library = Path(hls_templates.__file__).parent
    includes = [f"-I{library / name}" for name in ("kernels/reverse", "lib")] + [f"-I{ap_types()}"]
    sanitize = ["-D_GLIBCXX_ASSERTIONS", "-fsanitize=undefined", "-fno-sanitize-recover"]
    command = [*find_compiler().command, "-std=c++14", "-Wall", "-Wno-unknown-pragmas", *sanitize]
    binary = tmp_path / "harness"
    command += [*includes, str(tmp_path / "harness.cpp"), "-o", str(binary)]
    subprocess.run(command, check=True)
    done = subprocess.run(
        [str(binary), *map(str, lengths)], check=True, capture_output=True, text=True
    )
    lines = [[int(v) for v in line.split()] for line in done.stdout.splitlines()]
    assert len(lines) == len(lengths)
    for n, (steps, line) in enumerate(zip(lengths, lines, strict=True), start=1):
        count, last, lasts, flag, left, *values = line
        # As many beats as came in, so that nobody behind it waits for ever.
        assert (count, last, lasts, left) == (steps, steps, 1, 0)
        assert flag == (steps > 4)
        if not flag:
            expected = [v for t in reversed(range(steps)) for v in (100 * n + t, -t)]
            assert values == expected
