"""RTL against the integers, the hard way.

Sequences of all lengths back to back, stalls on both
sides, resets and clears at random cycles, state that is kept or loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gatewright.build import Build
from gatewright.builds.folder import RTL
from gatewright.hls_templates.cosim import Drive, Event, open_core
from gatewright.hls_templates.cosim.core import Core, Watched
from gatewright.hls_templates.mapping.ports import Ports
from gatewright.ir import ops
from gatewright.ir.graph import Graph
from gatewright.ir.interpreter import run_scan
from gatewright.ir.types import IntArray

SEQUENCES = 24
LONGEST = 12
STALLS = ((0.0, 0.0), (0.9, 0.0), (0.0, 0.9), (0.5, 0.5))

Values = dict[str, IntArray]
States = dict[str, list[IntArray]]


@dataclass
class Checked:
    """How much a check has compared."""

    sequences: int = 0
    integers: int = 0
    abandoned: int = 0
    kept: int = 0


def check_rtl(build: Build, seed: int, simulator: Any = "any") -> Checked:
    """Hold the RTL of a build against the integer graph.

    Raises:
        AssertionError: Where an integer differs, or the cycles are not those predicted.
    """
    rng = np.random.default_rng(seed)
    ports = Ports.of(build.kernels)
    core = open_core(build.path / RTL, ports, simulator)
    done = Checked()
    check_cycles(build, core, rng)
    for n, (before, behind) in enumerate(STALLS):
        drive = Drive(seed=seed * 7 + n, input_stall=before, output_stall=behind)
        _check_run(build, core, rng, drive, done)
    longest = core.run(*_draw(build, rng)[:1], Drive(seed=seed)).cycles
    moments = np.sort(rng.integers(1, longest, size=4)).tolist()
    events = tuple(
        Event(cycle, "clear" if rng.random() < 0.5 else "reset", int(rng.integers(1, 4)))
        for cycle in moments
    )
    drive = Drive(seed=seed, input_stall=0.3, output_stall=0.3, events=events)
    _check_run(build, core, rng, drive, done)
    core.close()
    return done


def check_cycles(build: Build, core: Core, rng: np.random.Generator) -> None:
    """From idle and without stalls, a sequence takes the cycles that compile predicted."""
    feeds, _ = _draw(build, rng, [build.kernels.steps] * 2)
    watched = core.run(feeds, Drive(gap=64))
    predicted = build.kernels.predicted_cycles
    assert watched.latencies.tolist() == [predicted] * 2, (watched.latencies, predicted)


def _check_run(
    build: Build, core: Core, rng: np.random.Generator, drive: Drive, done: Checked
) -> None:
    feeds, keep = _draw(build, rng)
    watched = core.run(feeds, drive, keep=keep)
    graph = build.integer.graph
    states: States | None = None
    for n, kept in enumerate(keep):
        if n > 0 and (not watched.done[n - 1] or _reset_between(watched, drive, n)):
            states = None
        one = {name: sequences[n] for name, sequences in feeds.items()}
        y, taps, states = reference(graph, one, states if kept else None)
        if not watched.done[n]:
            done.abandoned += 1
            continue
        done.sequences += 1
        done.kept += bool(kept)
        for name, expected in y.items():
            got = watched.outputs[name][n]
            done.integers += _equal(name, n, expected, got if expected.ndim > 2 else got[0])
        for name, sequences in watched.taps.items():
            done.integers += _equal(name, n, taps[name], sequences[n])
    assert drive.events or watched.done.all()


def _reset_between(watched: Watched, drive: Drive, n: int) -> bool:
    return any(watched.last_out[n - 1] < e.cycle <= watched.first_in[n] for e in drive.events)


def _equal(name: str, n: int, expected: IntArray, got: IntArray) -> int:
    assert (expected[0] == got).all(), f"{name} of sequence {n} differs"
    return got.size


def _draw(
    build: Build, rng: np.random.Generator, lengths: list[int] | None = None
) -> tuple[dict[str, list[IntArray]], list[bool]]:
    """Random sequences over the whole range of every input, and which of them keep state."""
    graph, longest = build.integer.graph, build.kernels.max_steps or LONGEST
    if lengths is None:
        lengths = rng.integers(1, min(longest, LONGEST) + 1, size=SEQUENCES).tolist()
        if build.integer.fixed_steps:
            lengths = [build.integer.steps] * SEQUENCES
    feeds = {}
    for name in graph.inputs:
        tensor = graph[name]
        sizes = [steps if len(tensor.shape) == 3 else 1 for steps in lengths]
        feeds[name] = [
            rng.integers(tensor.type.lo, tensor.type.hi + 1, size=(size, tensor.shape[-1]))
            for size in sizes
        ]
    return feeds, (rng.random(len(lengths)) < 0.4).tolist()


def reference(graph: Graph, one: Values, states: States | None) -> tuple[Values, Values, States]:
    """The integer graph on one sequence, from the states that its layers have, or from the start.

    Returns:
        Outputs, h and c of every step by tap name, and the states that the layers are left with.
    """
    values: Values = dict(graph.constants())
    for name, value in one.items():
        values[name] = value[None] if len(graph[name].shape) == 3 else value
    taps: Values = {}
    left: States = {}
    for node in graph.nodes:
        inputs = [values[i] for i in node.inputs]
        if node.op == ops.SCAN:
            count = int(node.attrs["states"])
            if states is not None:
                inputs[:count] = states[node.name]
            results, inner = run_scan(node, inputs)
            left[node.name] = list(results[:count])
            assert node.body is not None
            for state, tensor in zip(("h", "c"), node.body.outputs[:count], strict=False):
                taps[f"{node.name}/{state}"] = inner[tensor]
        else:
            results = node.op.evaluate(inputs, node)
        values |= dict(zip(node.outputs, results, strict=True))
    return {name: values[name] for name in graph.outputs}, taps, left
