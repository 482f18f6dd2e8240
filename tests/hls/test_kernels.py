"""Every kernel: the op's definition = C-sim on ap_int = C-sim on machine integers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gatewright.errors import GatewrightError
from gatewright.hls_templates import map_design, write_project
from gatewright.hls_templates.csim import Simulator
from gatewright.hls_templates.project import project_files
from gatewright.hls_templates.schedule import (
    TileShape,
    choose_tile,
    dependence_distance,
    row_order,
)
from gatewright.ir import interpreter
from gatewright.ir.graph import Graph
from gatewright.ir.types import IntArray, IntType

RNG = np.random.default_rng(11)
WIDTH, STEPS, BATCH = 5, 4, 200
BYTE = IntType(-128, 127)


def dense(graph: Graph, source: str, outputs: int, name: str, bias: bool = True) -> str:
    features = graph[source].shape[-1]
    weight = RNG.integers(-128, 128, (features, outputs))
    w = graph.add_constant(f"{name}.weight", weight)
    product = graph.add("MatMul", [source, w], [f"{name}.product"], name=name)
    if not bias:
        return product
    b = graph.add_constant(f"{name}.bias", RNG.integers(-(2**18), 2**18, outputs))
    return graph.add("Add", [product, b], [f"{name}.sum"], name=name)


def requantize(graph: Graph, source: str, rows: IntArray, name: str, low: int = -128) -> str:
    t = graph.add_constant(f"{name}.thresholds", rows)
    return graph.add("MultiThreshold", [source, t], [f"{name}.out"], name=name, out_bias=low)


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


def irregular(graph: Graph) -> str:
    rows = np.sort(RNG.integers(-60_000, 60_000, (6, 255)), axis=1)
    return requantize(graph, dense(graph, "x", 6, "d"), rows, "q")


def clip(graph: Graph) -> str:
    return requantize(graph, "x", np.arange(-6, 8)[None], "q", low=-7)


def table(graph: Graph) -> str:
    narrow = requantize(graph, "x", np.arange(-6, 8)[None], "q", low=-7)
    return requantize(graph, narrow, np.array([[-5, -1, 0, 4, 6]]), "r", low=0)


def select(graph: Graph) -> str:
    return graph.add("SelectLast", ["x"], ["last"], name="last")


def flatten(graph: Graph) -> str:
    flat = graph.add("Flatten", ["x"], ["flat"], name="flat", steps=STEPS)
    return dense(graph, flat, 3, "d")


CASES: dict[str, tuple[Callable[[Graph], str], set[str]]] = {
    "affine": (affine, {"affine"}),
    "affine_per_channel": (affine_per_channel, {"affine"}),
    "ties_to_even": (ties(0), {"affine"}),
    "ties_to_odd": (ties(1), {"affine"}),
    "irregular": (irregular, {"thresholds"}),
    "clip": (clip, {"clip"}),
    "table": (table, {"clip", "table"}),
    "select_last": (select, set()),
    "flatten": (flatten, set()),
}


@pytest.mark.parametrize("case", CASES)
def test_definition_equals_both_builds(case: str, tmp_path: Path) -> None:
    build, variants = CASES[case]
    graph = Graph(case)
    graph.add_input("x", BYTE, ("B", "T", WIDTH))
    graph.outputs = [build(graph)]
    x = RNG.integers(BYTE.lo, BYTE.hi + 1, (BATCH, STEPS, WIDTH))
    x[0], x[1] = BYTE.lo, BYTE.hi
    outputs, taps = interpreter.run(graph, {"x": x})
    expected = outputs[graph.outputs[0]]
    design = map_design(graph)
    used = {k.to_json()["variant"] for k in design.kernels if "variant" in k.to_json()}
    assert used == variants
    write_project(project_files(design, "part", 5.0), tmp_path)
    steps = STEPS if expected.ndim == 3 else 1
    for native in (True, False):
        simulator = Simulator(tmp_path, tmp_path, native=native, taps=design.taps())
        y, shown = simulator.run(x, steps, expected.shape[-1])
        assert np.array_equal(y.reshape(expected.shape), expected), native
        for tap, value in shown.items():
            assert np.array_equal(value.reshape(taps[tap].shape), taps[tap]), (native, tap)


@pytest.mark.parametrize("seed", range(20))
def test_a_schedule_does_each_product_once_and_in_time(seed: int) -> None:
    rng = np.random.default_rng(seed)
    inputs, hidden, budget = (int(v) for v in rng.integers(1, (40, 70, 900)))
    shape = choose_tile(inputs, hidden, 4, budget)
    assert shape.multipliers <= max(budget, 4)
    schedule = row_order(shape)
    work = [(t.row, t.column, t.hidden) for t in schedule]
    assert len(set(work)) == len(work) == shape.tiles
    for row in range(shape.rows):
        tiles = [t for t in schedule if t.row == row]
        assert [t.first for t in tiles] == [True] + [False] * (len(tiles) - 1)
        assert [t.last for t in tiles] == [False] * (len(tiles) - 1) + [True]
    assert dependence_distance(shape, schedule) >= 1


def test_dependence_distance_by_hand() -> None:
    # Two row blocks of two units; each reads one block of x, then two blocks of h.
    shape = TileShape(inputs=2, hidden=4, gates=4, units=2, columns=2)
    schedule = row_order(shape)
    assert len(schedule) == 6
    # Units 2 and 3 are finished by tile 5 and read by tile 2 of the next step: 6 + 2 - 5.
    assert dependence_distance(shape, schedule) == 3


def test_a_value_too_wide_for_a_stream_is_refused() -> None:
    graph = Graph("wide")
    graph.add_input("x", IntType(-(2**30), 2**30), ("B", "T", WIDTH))
    graph.outputs = [dense(graph, "x", 2, "d")]
    with pytest.raises(GatewrightError, match="GW-302") as caught:
        map_design(graph)
    assert "d.sum" in caught.value.where
    assert "weights" in caught.value.remedy
    assert "quantizer of its input" in caught.value.remedy
