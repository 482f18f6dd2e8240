"""Every kernel: the op's definition = C-sim on ap_int = C-sim on machine integers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commit_choice import drawn
from graphs import RNG, STEPS, WIDTH, check, dense, requantize, sequence_graph, variants

from gatewright.errors import GatewrightError
from gatewright.hls_templates import map_design
from gatewright.ir import ops
from gatewright.ir.graph import Graph
from gatewright.ir.ops.lookup import wrapped_table
from gatewright.ir.types import IntArray, IntType

pytestmark = pytest.mark.compiles


def evenly(slope: float, offsets: list[float]) -> IntArray:
    codes = np.arange(-127, 128)
    return np.ceil((codes - 0.5) / slope - np.array(offsets)[:, None]).astype(np.int64)


def affine(graph: Graph) -> str:
    return requantize(graph, dense(graph, "x", 3, "d"), evenly(0.00173, [0.0]), "q")


def affine_per_channel(graph: Graph) -> str:
    rows = np.concatenate([evenly(0.0017 * g, [o]) for g, o in ((1, 11.3), (1.3, -80), (2, 0.4))])
    return requantize(graph, dense(graph, "x", 3, "d", bias=False), rows, "q")


def ties(parity: int) -> Callable[[Graph], str]:
    def build(graph: Graph) -> str:
        codes = np.arange(-127, 128)
        rows = 256 * codes - 128 + ((codes & 1) ^ parity)  # n / 256, halves to one parity
        return requantize(graph, dense(graph, "x", 4, "d", bias=False), rows[None], "q")

    return build


def wide(offsets: int) -> Callable[[Graph], str]:
    """16-bit codes on sums of 28 bits."""

    def build(graph: Graph) -> str:
        codes = np.arange(-(2**15) + 1, 2**15)
        shifted = RNG.integers(-999, 999, (offsets, 1))
        rows = np.ceil((codes - 0.5) * 4099.7312901 + 0.3271).astype(np.int64) + shifted
        big = graph.add_constant("w", RNG.integers(-(2**19), 2**19, (WIDTH, 3)))
        sums = graph.add(ops.MATMUL, ["x", big], ["sums"], name="sums")
        return requantize(graph, sums, rows, "q")

    return build


def corrected(graph: Graph) -> str:
    """Some integers off a line."""
    rows = evenly(0.00173, [0.0]) + RNG.integers(-60, 61, 255)
    return requantize(graph, dense(graph, "x", 3, "d"), rows, "q")


def corrected_per_channel(graph: Graph) -> str:
    rows = evenly(0.0017, [11.3, -80, 0.4]) + RNG.integers(-60, 61, (3, 255))
    return requantize(graph, dense(graph, "x", 3, "d", bias=False), rows, "q")


def irregular(graph: Graph) -> str:
    rows = np.sort(RNG.integers(-60_000, 60_000, (6, 255)), axis=1)
    return requantize(graph, dense(graph, "x", 6, "d"), rows, "q")


def positive_thresholds(graph: Graph) -> str:
    """Of 17 to 32 bits, and sums of both signs."""
    rows = np.sort(RNG.integers(0, 100_000, (6, 15)), axis=1)
    return requantize(graph, dense(graph, "x", 6, "d", bias=False), rows, "q", low=0)


def clip(graph: Graph) -> str:
    return requantize(graph, "x", np.arange(-6, 8)[None], "q", low=-7)


def table(graph: Graph) -> str:
    narrow = requantize(graph, "x", np.arange(-6, 8)[None], "q", low=-7)
    return requantize(graph, narrow, np.array([[-5, -1, 0, 4, 6]]), "r", low=0)


def select(graph: Graph) -> str:
    return graph.add(ops.SELECT_LAST, ["x"], ["last"], name="last")


def some_steps(graph: Graph) -> str:
    bound = {"first": 1, "stride": 2, "count": 2, "single": 0, "steps": STEPS}
    return graph.add(ops.SELECT_STEPS, ["x"], ["some"], name="some", **bound)


def flatten(graph: Graph) -> str:
    flat = graph.add(ops.FLATTEN, ["x"], ["flat"], name="flat", steps=STEPS)
    return dense(graph, flat, 3, "d")


def look_up(graph: Graph) -> str:
    entries = RNG.integers(-40, 41, 256)
    t = graph.add_constant("t", wrapped_table(entries, graph["x"].type))
    return graph.add(ops.LOOKUP, ["x", t], ["y.out"], name="y")


def look_up_by_search(graph: Graph) -> str:
    wide = dense(graph, "x", 3, "d", bias=False)
    type_ = graph[wide].type
    entries = np.arange(type_.lo, type_.hi + 1) // 50_000
    t = graph.add_constant("t", wrapped_table(entries, type_))
    return graph.add(ops.LOOKUP, [wide, t], ["y.out"], name="y")


def total(graph: Graph) -> str:
    return graph.add(ops.REDUCE_SUM, ["x"], ["total"], name="total", steps=STEPS)


def largest(graph: Graph) -> str:
    return graph.add(ops.REDUCE_MAX, ["x"], ["largest"], name="largest")


def signs(graph: Graph) -> str:
    s = graph.add_constant("s", np.array([1, -1, 0, -1, 1]))
    last = graph.add(ops.SELECT_LAST, ["x"], ["last"], name="last")
    return graph.add(ops.MUL, [last, s], ["signed"], name="signs")


def gated(graph: Graph) -> str:
    narrow = requantize(graph, "x", np.arange(-6, 8)[None], "q", low=-7)
    product = graph.add(ops.MUL, ["x", narrow], ["product"], name="product")
    total = graph.add(ops.ADD, [product, "x"], ["total"], name="total")
    return graph.add(ops.SUB, [total, narrow], ["difference"], name="difference")


def class_of_sums(graph: Graph) -> str:
    factors = graph.add_constant("f", np.full(WIDTH, 3))
    terms = graph.add_constant("t", np.array([1, 0, 0, 1, -1]))
    narrow = requantize(graph, "x", np.arange(-2, 3)[None], "q", low=-3)
    keys = graph.add(ops.ADD, [graph.add(ops.MUL, [narrow, factors], ["product"]), terms], ["keys"])
    return graph.add(ops.ARGMAX, [keys], ["index"], name="index")


CASES: dict[str, tuple[Callable[[Graph], str], set[str]]] = {
    "affine": (affine, {"affine"}),
    "affine_per_channel": (affine_per_channel, {"affine"}),
    "ties_to_even": (ties(0), {"affine"}),
    "ties_to_odd": (ties(1), {"affine"}),
    "wide": (wide(1), {"wide"}),
    "wide_per_channel": (wide(3), {"wide"}),
    "corrected": (corrected, {"corrected"}),
    "corrected_per_channel": (corrected_per_channel, {"corrected"}),
    "irregular": (irregular, {"thresholds"}),
    "positive_thresholds": (positive_thresholds, {"thresholds"}),
    "clip": (clip, {"clip"}),
    "table": (table, {"clip", "table"}),
    "look_up": (look_up, {"table"}),
    "look_up_by_search": (look_up_by_search, {"thresholds"}),
    "sum_over_time": (total, set()),
    "max_over_time": (largest, set()),
    "signs": (signs, set()),
    "pairs": (gated, {"clip"}),
    "argmax": (class_of_sums, {"clip"}),
    "select_last": (select, set()),
    "select_steps": (some_steps, set()),
    "flatten": (flatten, set()),
}


@pytest.mark.parametrize("case", drawn(CASES, 2, "rotating"))
def test_definition_equals_both_builds(case: str, tmp_path: Path) -> None:
    build, wanted = CASES[case]
    graph = sequence_graph(case)
    graph.outputs = [build(graph)]
    design = check(graph, tmp_path)
    assert {variant for _, variant in variants(design)} - {None} == wanted
    assert (design.max_steps is None) == (case != "pairs")  # branches that meet wait in FIFOs


def test_a_value_too_wide_for_a_stream_is_refused() -> None:
    graph = Graph("wide")
    graph.add_input("x", IntType(-(2**30), 2**30), ("B", "T", WIDTH))
    graph.outputs = [dense(graph, "x", 2, "d")]
    with pytest.raises(GatewrightError, match="GW-302") as caught:
        map_design(graph)
    assert "d.sum" in caught.value.where
    assert "weights" in caught.value.remedy
    assert "quantizer of its input" in caught.value.remedy


def unsigned_sums() -> tuple[Graph, str]:
    """Sums that need all 32 bits of an unsigned word."""
    graph = Graph("unsigned")
    graph.add_input("x", IntType(0, 2**16 - 1), ("B", "T", 1))
    w = graph.add_constant("w", np.array([[2**16, 1, 2**15]]))
    return graph, graph.add(ops.MATMUL, ["x", w], ["sums"], name="d")


def test_unsigned_words_of_32_bits_stay_inside(tmp_path: Path) -> None:
    graph, sums = unsigned_sums()
    rows = np.array([[2**31 - 1, 2**31, 2**32 - 2**17], [1, 2, 3], [0, 2**31, 2**32]])
    graph.outputs = [requantize(graph, sums, rows, "q", low=0)]
    check(graph, tmp_path)
    graph, sums = unsigned_sums()
    graph.outputs = [sums]
    with pytest.raises(GatewrightError, match="GW-302") as caught:
        map_design(graph)
    assert caught.value.where == "sums"
    assert "quantizer behind it" in caught.value.remedy
