"""The tile schedule: its dependences, its length, and that it changes no integer."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from commit_choice import crossed, drawn
from graphs import BYTE, RNG, assert_equal, random_feeds, simulator
from msgspec import structs
from small_cells import HIDDEN, INPUTS, KINDS

from gatewright.hls_templates import Design, map_design
from gatewright.hls_templates.kernels.recurrent.folding import Folding
from gatewright.hls_templates.kernels.recurrent.kernel import Recurrent, RecurrentRecord
from gatewright.hls_templates.kernels.recurrent.schedule import (
    SlotList,
    TileShape,
    accumulators,
    dependence_distance,
    make_schedule,
    row_order,
    shortest,
)
from gatewright.hls_templates.kernels.recurrent.tiling import choose_tile
from gatewright.hls_templates.mapping.options import MappingOptions
from gatewright.ir import interpreter, ops
from gatewright.ir.graph import Graph
from gatewright.ir.lowering.cells import build_body
from gatewright.ir.lowering.rounding import RoundingLog

STEPS = 3


def depth_of(shape: TileShape, tail: int = 20) -> int:
    """As of the engine with every register."""
    return 5 + (shape.columns - 1).bit_length() + tail


def random_shapes(seed: int, count: int) -> list[tuple[TileShape, int]]:
    """Shapes and depths, of which many wait for h."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        inputs, hidden, depth = (int(v) for v in rng.integers(1, (25, 50, 90)))
        units, columns = (int(v) for v in rng.integers(1, (hidden + 1, max(inputs, hidden) + 1)))
        found.append((TileShape(inputs, hidden, 4, units, columns), depth))
    return found


def play(shape: TileShape, slots: SlotList, depth: int) -> None:
    """Issue the slots of a few steps as an engine would, every unit of h with its time."""
    ready = {(0, unit): 0 for unit in range(shape.hidden)}
    for step in range(STEPS):
        done: dict[int, set[tuple[int, bool]]] = {row: set() for row in range(shape.rows)}
        for i, tile in enumerate(slots):
            if tile is None:
                continue
            now, work = step * len(slots) + i, done[tile.row]
            assert tile.first == (not work)
            assert (tile.column, tile.hidden) not in work
            work.add((tile.column, tile.hidden))
            assert tile.last == (len(work) == shape.x_blocks + shape.h_blocks)
            if tile.hidden:
                columns = range(tile.column * shape.columns, (tile.column + 1) * shape.columns)
                assert all(ready[step, u] <= now for u in columns if u < shape.hidden)
            if tile.last:
                units = range(tile.row * shape.units, (tile.row + 1) * shape.units)
                ready |= {(step + 1, u): now + depth for u in units}
        assert all((step + 1, unit) in ready for unit in range(shape.hidden))


@pytest.mark.parametrize("seed", range(20))
def test_no_tile_comes_before_what_it_reads(seed: int) -> None:
    bubbles, skews = 0, 0
    for shape, depth in random_shapes(seed, 30):
        slots = make_schedule(shape, depth)
        play(shape, slots, depth)
        assert shape.fewest_cycles(depth) <= len(slots)
        assert depth <= dependence_distance(shape, slots)
        assert slots[0] is not None
        assert slots[-1] is None or slots[-1].hidden
        bubbles += None in slots
        skews += accumulators(slots) > 1
    assert bubbles and skews


def test_a_slot_too_few_is_seen() -> None:
    shape = TileShape(3, 12, 4, 3, 3)
    slots = make_schedule(shape, 20)
    with pytest.raises(AssertionError):
        play(shape, slots, 21)


@pytest.mark.parametrize("depth", [6, 10, 32])
def test_the_design_figures(depth: int) -> None:
    # H=128 and P=1024, h alone: one tile a cycle until half the tiles are in flight.
    assert len(make_schedule(TileShape(0, 128, 4, 16, 16), depth)) == 64


@pytest.mark.parametrize(
    ("shape", "depth", "cycles"),
    [
        # One tile reads all of h: nothing to do meanwhile.
        (TileShape(20, 20, 4, 20, 20), 30, 30),
        # Every row block reads what the last one wrote, one after the other.
        (TileShape(20, 20, 4, 4, 20), 30, 30 + 4),
        # One row block, in parts.
        (TileShape(20, 20, 4, 20, 4), 30, 30 + 4),
        # Half of the 25 tiles of h before the first row block that finishes, half after it.
        (TileShape(4, 20, 4, 4, 4), 30, 30 + 12),
        # Enough tiles.
        (TileShape(20, 20, 4, 4, 4), 30, 50),
    ],
)
def test_the_bound_is_reached(shape: TileShape, depth: int, cycles: int) -> None:
    assert shape.fewest_cycles(depth) == cycles
    assert len(make_schedule(shape, depth)) == cycles


def fits(shape: TileShape, depth: int, cycles: int) -> bool:
    """Whether any schedule of so many slots exists: every choice of deadlines is tried."""

    def finish(rows: tuple[int, ...], deadlines: tuple[int, ...]) -> bool:
        deadline = dict(zip(rows, deadlines, strict=True))
        jobs = [(0, d) for d in deadlines for _ in range(shape.x_blocks)]
        for column in range(shape.h_blocks):
            release = max(deadline[r] for r in shape.rows_of(column)) + depth - cycles
            jobs += [(max(release, 0), d) for d in deadlines]
        # Hall: as many slots in each interval as tiles that have no other.
        return all(
            sum(a <= r and d <= b for r, d in jobs) <= b - a + 1
            for a in {r for r, _ in jobs}
            for b in deadlines
        )

    def ascending(count: int, first: int) -> list[tuple[int, ...]]:
        if count == 0:
            return [()]
        return [(f, *more) for f in range(first, cycles) for more in ascending(count - 1, f + 1)]

    return any(
        finish(rows, deadlines)
        for rows in permutations(range(shape.rows))
        for deadlines in ascending(shape.rows, 0)
    )


@pytest.mark.parametrize("seed", range(12))
def test_no_shorter_one_exists(seed: int) -> None:
    rng = np.random.default_rng(seed)
    while True:
        inputs, hidden, units, columns = (int(v) for v in rng.integers(1, (4, 8, 6, 6)))
        shape = TileShape(inputs, hidden, 4, min(units, hidden), min(columns, max(inputs, hidden)))
        depth = int(rng.integers(1, 10))
        if shape.rows <= 3 and shape.tiles <= 12:
            break
    cycles = len(make_schedule(shape, depth))
    assert fits(shape, depth, cycles)
    assert not fits(shape, depth, cycles - 1)


def test_dependence_distance_by_hand() -> None:
    # Two row blocks of two units; each reads one block of x, then two blocks of h.
    shape = TileShape(inputs=2, hidden=4, gates=4, units=2, columns=2)
    schedule = row_order(shape)
    assert len(schedule) == 6
    # Units 2 and 3 are finished by tile 5 and read by tile 2 of the next step: 6 + 2 - 5.
    assert dependence_distance(shape, schedule) == 3


def test_row_by_row_where_that_costs_nothing() -> None:
    shape = TileShape(6, 20, 4, 4, 4)
    tiles = row_order(shape)
    easy = make_schedule(shape, 7)
    assert easy == tiles and accumulators(easy) == 1
    skewed = make_schedule(shape, 8)
    assert len(skewed) == shape.tiles and accumulators(skewed) == shape.rows
    alone = TileShape(6, 20, 4, 20, 10)
    waiting = make_schedule(alone, 25)
    assert waiting == row_order(alone) + (None,) * (len(waiting) - alone.tiles)
    assert len(waiting) == 26


@pytest.mark.parametrize("depth", [10, 30, 600, 1100])
def test_a_thousand_tiles_take_no_time(depth: int) -> None:
    shape = TileShape(128, 1024, 4, 36, 36)
    assert 900 < shape.tiles < 1000
    start = time.process_time()
    slots = make_schedule(shape, depth)
    assert time.process_time() - start < 0.2
    assert len(slots) == shape.fewest_cycles(depth)


@pytest.mark.parametrize("seed", range(20))
def test_a_chosen_tile_is_nearly_the_fastest_of_its_budget(seed: int) -> None:
    rng = np.random.default_rng(seed)
    inputs, hidden, budget, tail = (int(v) for v in rng.integers((1, 1, 4, 1), (20, 24, 900, 40)))
    chosen = choose_tile(inputs, hidden, 4, budget, partial(depth_of, tail=tail))
    assert chosen.multipliers <= budget
    fastest = min(
        shortest(shape, depth_of(shape, tail)).cycles
        for units in range(1, hidden + 1)
        for columns in range(1, max(inputs, hidden) + 1)
        if (shape := TileShape(inputs, hidden, 4, units, columns)).multipliers <= budget
    )
    assert fastest <= len(make_schedule(chosen, depth_of(chosen, tail))) <= 1.05 * fastest


def test_a_budget_below_the_gates_has_no_tile() -> None:
    assert choose_tile(6, 20, 4, 4, depth_of).multipliers == 4
    with pytest.raises(ValueError, match="3 multipliers"):
        choose_tile(6, 20, 4, 3, depth_of)


def test_multipliers_that_would_only_wait_are_not_taken() -> None:
    assert choose_tile(6, 20, 4, 100_000, depth_of).multipliers < 300
    assert choose_tile(64, 128, 4, 1024, depth_of).multipliers == 1024


def test_another_process_makes_the_same_schedule() -> None:
    code = (
        "from gatewright.hls_templates.kernels.recurrent.tiling import *;"
        "from gatewright.hls_templates.kernels.recurrent.schedule import *;"
        "s = choose_tile(9, 41, 4, 300, lambda s: s.columns + 25); print(s, make_schedule(s, 30))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])},
        ).stdout
        for seed in ("1", "2")
    ]
    assert "None" in runs[0] and runs[0] == runs[1]


def layer(kind: str) -> Graph:
    """A layer that gives every step, and its final state."""
    graph = Graph(kind)
    graph.add_input("x", BYTE, ("B", "T", INPUTS))
    graph.outputs = add_layer(graph, kind, "", reverse=False)
    return graph


def both_directions(kind: str) -> Graph:
    """Two layers that read the same sequence, one of them backwards."""
    graph = Graph(kind)
    graph.add_input("x", BYTE, ("B", "T", INPUTS))
    for suffix, reverse in (("", False), ("_reverse", True)):
        graph.outputs.append(add_layer(graph, kind, suffix, reverse=reverse)[0])
    return graph


def add_layer(graph: Graph, kind: str, suffix: str, *, reverse: bool) -> list[str]:
    """Add a layer that reads x; the names of its steps and of its final state."""
    spec = KINDS[kind]
    states = spec.form.states
    initial = []
    for state in states:
        type_ = spec.state_quantizer(state).type
        values = RNG.integers(type_.lo, type_.hi + 1, HIDDEN)
        row = graph.add_constant(f"{state}0_row{suffix}", values)
        initial.append(graph.add(ops.INITIAL_STATE, [row, "x"], [f"{state}0{suffix}"]))
    finals, steps = [f"{s}_n{suffix}" for s in states], [f"{s}{suffix}" for s in states]
    graph.add(
        ops.SCAN,
        [*initial, "x"],
        [*finals, *steps],
        name=f"layer{suffix}",
        body=build_body(spec, BYTE, RoundingLog("layer/")),
        states=len(states),
        reverse=reverse,
    )
    return [steps[0], *finals]


def scheduled(graph: Graph, shape: TileShape, slots: SlotList) -> Design:
    """The design with another schedule in its engine."""
    design = map_design(graph, MappingOptions())
    (stage,) = (s for s in design.stages if isinstance(s.kernel, Recurrent))
    assert isinstance(stage.kernel, Recurrent)
    kernel = replace(stage.kernel, hls=Folding(shape, 1, slots))
    stages = tuple(replace(s, kernel=kernel) if s is stage else s for s in design.stages)
    return replace(design, stages=stages)


def spread(slots: SlotList) -> SlotList:
    """The same order with a bubble behind each tile."""
    return tuple(slot for tile in slots if tile is not None for slot in (tile, None))


# U, K and the depth: skewed with bubbles, skewed without, row by row with bubbles and without, and
# columns that are a part of a word of h.
CUTS = [(2, 2, 20), (1, 3, 6), (5, 1, 15), (2, 4, 1), (4, 2, 10)]
NAMES = ("bubbles", "skewed", "row_by_row", "plain", "parts")
SCHEDULES = {
    **{name: (cut, False) for name, cut in zip(NAMES, CUTS, strict=True)},
    "bubbles_between": (CUTS[1], True),
}


@pytest.mark.compiles
@pytest.mark.parametrize(("kind", "name"), drawn(crossed(KINDS, [*SCHEDULES]), 5, "rotating"))
def test_no_schedule_changes_an_integer(kind: str, name: str, tmp_path: Path) -> None:
    (units, columns, depth), between = SCHEDULES[name]
    graph = layer(kind)
    gates = map_design(graph).kernels[0].shape.gates  # type: ignore[attr-defined]
    shape = TileShape(INPUTS, HIDDEN, gates, units, columns)
    slots = make_schedule(shape, depth)
    design = scheduled(graph, shape, spread(slots) if between else slots)
    feeds = random_feeds(graph)
    expected, taps = interpreter.run(graph, feeds)
    for native in (True, False):
        y, shown = simulator(design, tmp_path, native=native, taps=True).run(feeds)
        assert_equal(y, expected, native)
        assert_equal(shown, taps, native)


def test_the_cuts_are_of_all_sorts() -> None:
    shapes = [TileShape(INPUTS, HIDDEN, 4, units, columns) for units, columns, _ in CUTS]
    made = [make_schedule(s, cut[2]) for s, cut in zip(shapes, CUTS, strict=True)]
    assert [(None in slots, accumulators(slots) > 1) for slots in made] == [
        (True, True),
        (False, True),
        (True, False),
        (False, False),
        (True, True),
    ]


@pytest.mark.compiles
@pytest.mark.parametrize("move", ["weights", "first"])
def test_a_wrong_schedule_is_seen(move: str, tmp_path: Path) -> None:
    graph = layer("lstm")
    shape = TileShape(INPUTS, HIDDEN, 4, 2, 2)
    slots = make_schedule(shape, 20)
    place = next(i for i, tile in enumerate(slots) if tile is not None and not tile.first)
    tile = slots[place]
    assert tile is not None
    wrong = (
        structs.replace(tile, hidden=not tile.hidden)
        if move == "weights"
        else structs.replace(tile, first=True)
    )
    design = scheduled(graph, shape, (*slots[:place], wrong, *slots[place + 1 :]))
    feeds = random_feeds(graph)
    expected, _ = interpreter.run(graph, feeds)
    y, _ = simulator(design, tmp_path, native=True).run(feeds)
    assert not np.array_equal(y["h"], expected["h"])


def test_the_schedule_in_the_record() -> None:
    records = map_design(layer("lstm")).document(1, {}).kernels
    (record,) = (r for r in records if isinstance(r, RecurrentRecord))
    assert len(record.schedule) == record.cycles_per_step
    assert sum(slot is not None for slot in record.schedule) == record.tiles
    assert None in record.schedule
    assert record.depth <= record.dependence_distance


@pytest.mark.parametrize("kind", KINDS)
def test_directions_do_not_wait_for_each_other(kind: str) -> None:
    one = map_design(layer(kind))
    both = map_design(both_directions(kind))
    steps = 32
    # The second begins as soon as all of x is there, and what it gives is turned round again.
    assert both.cycles(steps) <= one.cycles(steps) + 2 * steps + 10
    assert len(one.kernels) < len(both.kernels)
