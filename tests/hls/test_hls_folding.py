"""The folding of the C++: what its pipeline is taken for, and that no integer hangs on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from graphs import assert_equal, dense, random_feeds, sequence_graph, simulator
from small_cells import KINDS
from test_schedule import layer

from gatewright.hls_templates import map_design
from gatewright.hls_templates.delays import (
    DELAYS_NS,
    START,
    addition,
    after,
    comparison,
    product,
)
from gatewright.hls_templates.kernels.matvec.kernel import MatVec
from gatewright.hls_templates.kernels.recurrent.folding import loop_cycles, loop_depth
from gatewright.hls_templates.kernels.recurrent.kernel import Recurrent
from gatewright.hls_templates.kernels.recurrent.tiling import choose_tile
from gatewright.hls_templates.mapping.options import MappingOptions
from gatewright.hls_templates.project.hls import project_files
from gatewright.hls_templates.project.rtl import rtl_files
from gatewright.ir import interpreter


def engine(kind: str, options: MappingOptions | None = None) -> Recurrent:
    (kernel,) = (k for k in map_design(layer(kind), options).kernels if isinstance(k, Recurrent))
    return kernel


def test_operators_share_a_cycle_as_far_as_they_fit() -> None:
    # 7.3 ns of a cycle of 10 ns.
    assert after(START, ["multiply", "add"], 10) == (0, 4.2 + 2.2)
    assert after(START, ["multiply", "add", "compare"], 10) == (1, 2.5)
    assert after(START, ["add", "read", "logic"], 10) == (1, 2.4 + 1.0)
    cycle, used = after(START, ["wide_multiply"], 5)  # 3.65 ns of a cycle
    assert (cycle, round(used, 9)) == (1, round(6.9 - 3.65, 9))
    with pytest.raises(KeyError):
        after(START, ["divide"], 10)


def test_operators_of_sizes() -> None:
    assert (product(8, 9), product(10, 8)) == (("multiply",), ("wide_multiply",))
    assert product(26, 18) == ("wide_multiply", "wide_add")
    assert (addition(24), addition(25)) == ("add", "wide_add")
    assert (comparison(12), comparison(13)) == ("narrow_compare", "compare")


@pytest.mark.parametrize("kind", KINDS)
def test_the_depth_is_a_third_more_than_the_way_from_h_to_h(kind: str) -> None:
    kernel = engine(kind)
    deep = {
        ns: loop_depth(kernel.split, kernel.tail, kernel.hls.shape.columns, ns)
        for ns in (2.0, 5.0, 10.0, 1e6)
    }
    assert 2 <= deep[1e6] <= 10  # one cycle, those of block RAMs, and the margin
    assert deep[2.0] > deep[5.0] > deep[10.0] > deep[1e6]
    assert kernel.hls.depth == deep[10.0] <= kernel.hls.distance
    whole = sum(DELAYS_NS[o] for f in kernel.tail.functions.values() for o in f.operators)
    assert deep[10.0] <= 2 + 1.34 * (whole + 60) / 7.3 * 2


@pytest.mark.parametrize("seed", range(20))
def test_one_of_units_and_columns_divides_the_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    inputs, hidden, budget = (int(v) for v in rng.integers((1, 1, 4), (40, 70, 3000)))
    shape = choose_tile(inputs, hidden, 4, budget, lambda k: 20, banked=True)
    assert shape.multipliers <= budget
    assert not shape.units % shape.columns or not shape.columns % shape.units
    free = choose_tile(inputs, hidden, 4, budget, lambda k: 20)
    assert shape.fewest_cycles(20) <= 2 * free.fewest_cycles(20)


@pytest.mark.compiles
@pytest.mark.parametrize("kind", KINDS)
def test_another_depth_is_another_schedule_and_the_same_integers(kind: str, tmp_path: Path) -> None:
    graph = layer(kind)
    feeds = random_feeds(graph)
    expected, taps = interpreter.run(graph, feeds)
    usual = map_design(graph)
    for depth in (1, 7, 60):
        design = map_design(graph, MappingOptions(hls_depth=depth))
        (kernel,) = (k for k in design.kernels if isinstance(k, Recurrent))
        assert kernel.hls.depth == depth <= kernel.hls.distance
        assert rtl_files(design) == rtl_files(usual)
        assert project_files(design, "part", 10) != project_files(usual, "part", 10)
        y, shown = simulator(design, tmp_path, native=True, taps=True).run(feeds)
        assert_equal(y, expected, True)
        assert_equal(shown, taps, True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_distance_below_the_pipeline_is_an_interval_above_one(kind: str) -> None:
    usual, near = engine(kind), engine(kind, MappingOptions(hls_depth=1))
    assert usual.hls_interval(10.0) == 1
    longest, _ = loop_cycles(near.split, near.tail, near.hls.shape.columns, 10.0)
    assert near.hls_interval(10.0) == -(-longest // near.hls.distance) > 1
    assert near.hls_interval(2.0) > near.hls_interval(10.0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_sequence_goes_on_at_its_pace(kind: str) -> None:
    design = map_design(layer(kind))
    assert design.hls_cycles(300, 10.0) == design.cycles(300, hls_clock_ns=10.0)


def test_a_sum_on_the_loop_of_a_fast_clock_is_an_interval_above_one() -> None:
    graph = sequence_graph("fast")
    graph.outputs = [dense(graph, "x", 3, "d")]
    (kernel,) = (k for k in map_design(graph).kernels if isinstance(k, MatVec))
    assert [kernel.hls_interval(ns) for ns in (10.0, 5.0, 2.0)] == [1, 1, 3]
