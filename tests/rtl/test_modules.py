"""Every kernel in SystemVerilog against the integers, beat by beat, and against its machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from inspect import isabstract

import numpy as np
import pytest
from bench import LIBRARY, Beats, Bench, Words
from cases import LONGEST, Case, Sequences
from choices import choice
from commit_choice import crossed, drawn
from compute_kernels import ELEMENTWISE, MATVECS, PAIRS, TABLES
from recurrent_kernels import LAYERS
from stream_kernels import STREAMS, WINDOWS

from gatewright.hls_templates.kernels.axis.kernel import AxisPort
from gatewright.hls_templates.kernels.base import Kernel
from gatewright.hls_templates.kernels.drain.kernel import Drain
from gatewright.hls_templates.kernels.elementwise.kernel import Applicable, Elementwise
from gatewright.hls_templates.kernels.recurrent.kernel import Recurrent
from gatewright.hls_templates.kernels.recurrent.schedule import accumulators
from gatewright.hls_templates.kernels.timing import Channel, Machine, simulate, sink, source

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

OFFERED, GIVEN, WANTED, TAKEN = 0, 8, 16, 24  # see harness.cpp
# A model for each.
GROUPS: dict[str, tuple[Case, ...]] = {
    "streams": STREAMS,
    "matvec": tuple(make() for make in MATVECS),
    "elementwise": tuple(make() for make in (*ELEMENTWISE, *TABLES)),
    "pairs": tuple(make() for make in PAIRS),
    "recurrent": tuple(layer.case() for layer in LAYERS),
}
CASES = {case.device.name: case for group in GROUPS.values() for case in group}
GROUP_OF = {case.device.name: name for name, group in GROUPS.items() for case in group}
KERNELS = [name for name, case in CASES.items() if isinstance(case.kernel, Kernel)]
AXIS = [name for name, case in CASES.items() if isinstance(case.kernel, AxisPort)]

WINDOWED = {case.device.name for case in WINDOWS}

# Beats at the input of each kernel that moves beats. One that computes takes many cycles a beat:
# its cases share them, and with ``--beats all`` each has as many.
MILLION = 10**6
EACH = choice("beats") == "all"

BenchOf = Callable[[str], Bench]


def beats_of(name: str) -> int:
    group = GROUP_OF[name]
    return (
        MILLION
        if EACH or (group == "streams" and name not in WINDOWED)
        else -(-MILLION // len(GROUPS[group]))
    )


@pytest.fixture(scope="module")
def bench_of(tmp_path_factory: pytest.TempPathFactory) -> BenchOf:
    """The model that a case is in."""
    made: dict[str, Bench] = {}

    def bench(name: str) -> Bench:
        group = GROUP_OF[name]
        if group not in made:
            devices = [case.device for case in GROUPS[group]]
            made[group] = Bench(devices, tmp_path_factory.mktemp(group))
        return made[group]

    return bench


@pytest.fixture
def bench(name: str, bench_of: BenchOf) -> Bench:
    return bench_of(name)


def subclasses(of: type) -> set[type]:
    return {of}.union(*(subclasses(one) for one in of.__subclasses__()))


def fields_of(one: type) -> set[str]:
    """Of a class and of those that it is made of."""
    return {name for base in one.__mro__ for name in getattr(base, "__annotations__", {})}


def test_every_kernel_and_every_function_of_a_value_has_a_case() -> None:
    modules = [
        import_module(f"gatewright.hls_templates.kernels.{path.parent.name}.kernel")
        for path in LIBRARY.glob("kernels/*/kernel.py")
    ]
    assert len(modules) > 10
    ours = (one for one in subclasses(Kernel) if one.__module__.startswith("gatewright."))
    library = {one for one in ours if not isabstract(one)}
    tested = {type(case.kernel) for case in CASES.values()}
    # What a Drain takes is compared with nothing.
    assert library - {Drain} == tested - {AxisPort}
    members = {name for name in dir(Applicable) if not name.startswith("_")}
    functions = {
        one
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type)
        and one.__module__ == module.__name__
        and members <= {*dir(one), *fields_of(one)}
        and not issubclass(one, Kernel)
        and not getattr(one, "_is_protocol", False)
    }
    applied = {type(c.kernel.applied) for c in CASES.values() if isinstance(c.kernel, Elementwise)}
    assert functions == applied


def test_every_form_of_the_accumulators_has_a_case() -> None:
    """One a lane or one a row block, where there are several; and a single row block."""
    engines = [c.kernel for c in CASES.values() if isinstance(c.kernel, Recurrent)]
    found = {(accumulators(engine.slots) > 1, engine.shape.rows > 1) for engine in engines}
    assert found == {(False, False), (False, True), (True, True)}


def equal(got: Beats, expected: Beats, what: str) -> None:
    for field in ("data", "last", "keep"):
        a, b = getattr(got, field), getattr(expected, field)
        assert a.shape == b.shape, what
        wrong = np.argwhere(a != b)
        assert not len(wrong), f"{what}: {field} of beat {wrong[0][0]}"


def held(bench: Bench, case: Case, beats: int, stall: int, seed: int) -> None:
    given = case.sequences(np.random.default_rng(seed), beats)
    expected = case.expected(given)
    counts = [len(e.last) for e in expected]
    run = bench.run(case.device.name, case.inputs(given), counts, stall=stall, seed=seed)
    assert run.cycles > 0, f"not all beats came (seed {seed})"
    assert not any(run.flags)
    for n, (got, wanted) in enumerate(zip(run.outputs, expected, strict=True)):
        equal(got, wanted, f"output {n} (seed {seed}, stalls up to {stall} %)")


@pytest.mark.parametrize("name", drawn(CASES, 4, "rotating"))
def test_a_million_beats_under_random_stalls(name: str, bench: Bench) -> None:
    seed = 20_000 + list(CASES).index(name)
    print("seed", seed)
    held(bench, CASES[name], beats_of(name), stall=90, seed=seed)


@pytest.mark.parametrize("name", CASES)
def test_reset_at_any_time_drops_what_is_there(name: str, bench: Bench) -> None:
    case = CASES[name]
    seed = 30_000 + list(CASES).index(name)
    print("seed", seed)
    rng = np.random.default_rng(seed)
    for n in range(30):
        given = case.sequences(rng, 100)
        counts = [len(e.last) for e in case.expected(given)]
        cut = int(rng.integers(1, 60 if GROUP_OF[name] == "streams" else 300))
        run = bench.run(name, case.inputs(given), counts, stall=50, seed=seed + n, limit=cut)
        assert run.cycles == -1
        held(bench, case, 20, stall=50, seed=seed + n)


def offers(write: Channel, trace: Words, n: int, lasts: Sequence[bool]) -> Machine:
    """Input n of a run, replayed: what was taken must be what there was room for."""
    given = 0
    for cycle, bits in enumerate(trace.tolist()):
        took = bool(bits >> (OFFERED + n) & 1) and write.ready
        assert took == bits >> (GIVEN + n) & 1, f"input {n}, cycle {cycle}"
        if took:
            write.push(lasts[given])
            given += 1
        yield
    while True:
        yield


def takes(read: Channel, trace: Words, n: int, ends: list[int]) -> Machine:
    """Output n of a run, replayed."""
    for cycle, bits in enumerate(trace.tolist()):
        took = bool(bits >> (WANTED + n) & 1) and read.valid
        assert took == bits >> (TAKEN + n) & 1, f"output {n}, cycle {cycle}"
        if took:
            read.pop()
        yield
    ends.append(len(trace))
    while True:
        yield


@pytest.mark.parametrize(("name", "stall"), drawn(crossed(KERNELS, [0, 30, 90]), 6, "rotating"))
def test_the_machine_is_the_rtl_cycle_by_cycle(name: str, stall: int, bench: Bench) -> None:
    case, seed = CASES[name], 40_000 + stall
    cycles = 5000 if GROUP_OF[name] == "streams" else 40_000
    assert isinstance(case.kernel, Kernel)
    # Pieces of a stream are not what cycles are predicted of.
    given = case.sequences(np.random.default_rng(seed), 5000, keep=name not in WINDOWED)
    counts = [len(e.last) for e in case.expected(given)]
    inputs = case.inputs(given)
    trace = bench.run(name, inputs, counts, stall=stall, seed=seed, traced=cycles).trace
    assert np.count_nonzero(trace >> TAKEN) > 100
    reads = [Channel(case.device.depths[0]) for _ in case.device.inputs]
    writes = [Channel(case.device.depths[1]) for _ in case.device.outputs]
    ends: list[list[int]] = [[] for _ in writes]
    machines = [case.kernel.machine(reads, writes)]
    for n, read in enumerate(reads):
        machines.append(offers(read, trace, n, inputs[n].last.tolist()))
    for n, write in enumerate(writes):
        machines.append(takes(write, trace, n, ends[n]))
    assert simulate(machines, [*reads, *writes], ends, 1) == cycles


@pytest.mark.parametrize("name", AXIS)
@pytest.mark.parametrize(("steps", "sequences"), [(1, 1), (3, 1), (3, 5)])
def test_the_ports_take_the_cycles_predicted(
    name: str, steps: int, sequences: int, bench: Bench
) -> None:
    case = CASES[name]
    assert isinstance(case.kernel, AxisPort)
    folds = int(str(case.device.parameters["FOLDS"]))
    words = case.length is not None  # its inputs are words, not beats
    lengths = np.full(sequences, steps * (folds if words else 1))
    given = case.sequences(np.random.default_rng(1), int(lengths.sum()))
    values = [v[: lengths.sum()] for v in given.values]
    given = type(given)(values, lengths, np.ones(sequences, dtype=np.bool_))
    counts = [len(e.last) for e in case.expected(given)]
    channel, ends = Channel(2), [[]]
    machines = [
        source(channel, steps, sequences, folds if words else 1),
        sink(channel, ends[0], 1 if words else folds),
    ]
    predicted = simulate(machines, [channel], ends, sequences)
    assert bench.run(name, case.inputs(given), counts).cycles == predicted


@pytest.mark.parametrize("name", ["read", "read_folds"])
@pytest.mark.parametrize("excess", [1, 30])
def test_a_sequence_that_is_too_long_raises_the_flag_and_has_no_end(
    name: str, excess: int, bench: Bench
) -> None:
    case = CASES[name]
    folds = int(str(case.device.parameters["FOLDS"]))
    rng = np.random.default_rng(excess)
    lengths = np.array([LONGEST, LONGEST + excess, 1]) * folds
    port = case.ports[0]
    shape = int(lengths.sum()), port.width
    values = rng.integers(port.type.lo, port.type.hi + 1, shape, dtype=np.int64)
    given = type(case.sequences(rng, 1))([values], lengths, np.zeros(3, dtype=np.bool_))
    expected = case.expected(given)[0]
    for stall in (0, 60):
        # The run that gives no more than these beats is what is expected: none of the rest.
        run = bench.run(name, case.inputs(given), [2 * LONGEST], stall=stall, seed=excess)
        assert run.flags == [1, 0]
        got = run.outputs[0]
        assert np.array_equal(got.data, expected.data[: 2 * LONGEST])
        assert list(np.flatnonzero(got.last)) == [LONGEST - 1]
    held(bench, case, 100, stall=50, seed=excess)  # a reset, and all is well


@pytest.mark.parametrize("name", ["read_folds", "read_pairs"])
@pytest.mark.parametrize("draw", range(10))
def test_a_sequence_that_ends_inside_a_step_raises_the_flag_and_shifts_nothing(
    name: str, draw: int, bench: Bench
) -> None:
    """What was whole before comes out; of the rest nothing does, wherever it ends."""
    case, rng = CASES[name], np.random.default_rng(50_000 + draw)
    folds = int(str(case.device.parameters["FOLDS"]))
    whole = rng.integers(1, LONGEST, rng.integers(0, 4))
    steps = int(rng.integers(0, LONGEST))  # whole ones of the sequence that ends in the next
    broken = steps * folds + int(rng.integers(1, folds))
    lengths = np.array([*whole * folds, broken, *rng.integers(1, 3 * LONGEST, 3)])
    port = case.ports[0]
    shape = int(lengths.sum()), port.width
    values = rng.integers(port.type.lo, port.type.hi + 1, shape, dtype=np.int64)
    keep = rng.random(len(lengths)) < 0.5
    given = Sequences([values], lengths, keep)
    before = np.array([*whole, steps]) * folds
    count = int(before.sum()) // folds
    expected = case.expected(Sequences([values[: before.sum()]], before, keep[: len(before)]))[0]
    expected.last[count - steps :] = False
    for stall in (0, 60):
        run = bench.run(name, case.inputs(given), [count], stall=stall, seed=draw)
        assert run.flags == [0, 1]
        equal(run.outputs[0], expected, f"draw {draw}, stalls up to {stall} %")
    held(bench, case, 100, stall=50, seed=draw)  # a reset, and all is well
