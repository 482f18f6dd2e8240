"""Small integer graphs, and how the two C-simulations of one are held against its definition."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from small_cells import HIDDEN, KINDS

from gatewright.hls_templates import Design, map_design, write_project
from gatewright.hls_templates.csim import Simulator, csim_sources
from gatewright.hls_templates.kernels.lookup.kernel import LookupRecord
from gatewright.hls_templates.kernels.requantize.kernel import RequantizeRecord
from gatewright.hls_templates.mapping.options import MappingOptions
from gatewright.hls_templates.mapping.ports import Ports
from gatewright.hls_templates.project.hls import project_files
from gatewright.hls_templates.records import KernelRecord
from gatewright.ir import interpreter, ops
from gatewright.ir.graph import Graph
from gatewright.ir.lowering.cells import build_body
from gatewright.ir.lowering.rounding import RoundingLog
from gatewright.ir.types import IntArray, IntType

RNG = np.random.default_rng(11)
WIDTH, STEPS, BATCH = 5, 4, 200
BYTE = IntType(-128, 127)


def sequence_graph(name: str) -> Graph:
    """A graph with one input x [B, T, 5] of 8 bits."""
    graph = Graph(name)
    graph.add_input("x", BYTE, ("B", "T", WIDTH))
    return graph


def dense(graph: Graph, source: str, outputs: int, name: str, bias: bool = True) -> str:
    features = graph[source].shape[-1]
    weight = RNG.integers(-128, 128, (features, outputs))
    w = graph.add_constant(f"{name}.weight", weight)
    product = graph.add(ops.MATMUL, [source, w], [f"{name}.product"], name=name)
    if not bias:
        return product
    b = graph.add_constant(f"{name}.bias", RNG.integers(-(2**18), 2**18, outputs))
    return graph.add(ops.ADD, [product, b], [f"{name}.sum"], name=name)


def requantize(graph: Graph, source: str, rows: IntArray, name: str, low: int = -128) -> str:
    t = graph.add_constant(f"{name}.thresholds", rows)
    return graph.add(ops.MULTITHRESHOLD, [source, t], [f"{name}.out"], name=name, out_bias=low)


def recurrent(
    kind: str, graph: Graph, reverse: bool, given: bool, x: str = "x", name: str = ""
) -> list[str]:
    """A layer, backwards or not, from given states or from a constant row."""
    spec, name = KINDS[kind], name or f"layer_{int(reverse)}"
    body = build_body(spec, BYTE, RoundingLog("layer/"))
    states = spec.form.states
    initial = []
    for state in states:
        type_ = spec.state_quantizer(state).type
        if given:
            initial.append(graph.add_input(f"{state}0", type_, ("B", HIDDEN)))
        else:
            row = RNG.integers(type_.lo, type_.hi + 1, HIDDEN)
            constant = graph.add_constant(f"{name}.{state}0_row", row)
            initial.append(graph.add(ops.INITIAL_STATE, [constant, x], [f"{name}.{state}0"]))
    finals, steps = [f"{name}.{s}_n" for s in states], [f"{name}.{s}" for s in states]
    graph.add(
        ops.SCAN,
        [*initial, x],
        [*finals, *steps],
        name=name,
        body=body,
        states=len(states),
        reverse=reverse,
    )
    return [steps[0], *finals]


def random_feeds(graph: Graph, batch: int = BATCH, steps: int = STEPS) -> dict[str, IntArray]:
    """Random integers for every input; the first two sequences sit on the ends of the range."""
    feeds = {}
    for name in graph.inputs:
        type_, shape = graph[name].type, graph[name].shape
        sizes = [{"B": batch, "T": steps}.get(n, n) for n in shape]  # type: ignore[arg-type]
        values = RNG.integers(type_.lo, type_.hi + 1, sizes)
        values[0], values[1] = type_.lo, type_.hi
        feeds[name] = values
    return feeds


def ports(design: Design) -> Ports:
    """What the design shows to the host."""
    inputs, outputs = (
        tuple(port.record() for port in side) for side in (design.inputs, design.outputs)
    )
    return Ports(inputs, outputs, design.taps(), design.max_steps)


def variants(design: Design, steps: int = STEPS) -> set[tuple[str, str | None]]:
    """What each kernel is, and how it computes where there are several ways.

    Args:
        design: The kernels.
        steps: Of its sequences.
    """
    records = design.document(steps, {}).kernels
    return {(record.kind, _variant(record)) for record in records}


def _variant(record: KernelRecord) -> str | None:
    if isinstance(record, RequantizeRecord):
        return record.requantizer.variant
    return record.variant if isinstance(record, LookupRecord) else None


def simulator(design: Design, folder: Path, *, native: bool, taps: bool = False) -> Simulator:
    """The design, written to a folder and compiled."""
    write_project(project_files(design, "part", 5.0), folder)
    return Simulator(csim_sources(folder), ports(design), native=native, taps=taps)


def assert_equal(
    got: Mapping[str, IntArray], expected: Mapping[str, IntArray], native: bool
) -> None:
    for name, value in got.items():
        assert value.shape == expected[name].shape, (native, name)
        assert np.array_equal(value, expected[name]), (native, name)


def check(graph: Graph, folder: Path, options: MappingOptions | None = None) -> Design:
    """Hold every output and every tap of both C-simulations against the definition."""
    design = map_design(graph, options)
    feeds = random_feeds(graph)
    outputs, taps = interpreter.run(graph, feeds)
    for native in (True, False):
        y, shown = simulator(design, folder, native=native, taps=True).run(feeds)
        assert list(y) == graph.outputs
        assert_equal(y, outputs, native)
        assert_equal(shown, taps, native)
    return design
