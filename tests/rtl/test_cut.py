"""Where registers stand: every clock gets as few as it needs, and no integer depends on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from shared_model import Shared

import gatewright
from gatewright.boards.families.ecp5 import DELAYS, ECP5
from gatewright.builds.fold import folded
from gatewright.builds.manifest import read_manifest
from gatewright.cli.commands import main
from gatewright.errors import GatewrightError
from gatewright.hls_templates.kernels.recurrent.kernel import RecurrentRecord
from gatewright.hls_templates.project.rtl import rtl_files
from gatewright.hls_templates.rtl.cut import UNCUT, EveryRegister, FamilyDelays, Paced, Stretch

CLOCKS = (400.0, 200.0, 140.0, 90.0, 60.0, 30.0, 1.0)
ONE = FamilyDelays(1.0, {"add": (2.0, 0.0), "clamp": (0.0, 0.5), "wire": (0.0, 0.0)})
CHAIN = (Stretch("add", 8, 0), Stretch("clamp", 4, 1), Stretch("add", 8, 2))
"""2 ns each."""


def test_a_cycle_is_filled() -> None:
    passed = Paced(5.0, ONE).through((0, 1.0), CHAIN)
    assert (passed.begins, passed.ready, passed.cut) == (0, (1, 3.0), 0b010)
    assert Paced(7.0, ONE).through((0, 1.0), CHAIN).ready == (0, 7.0)
    assert Paced(7.0, ONE).through((3, 1.5), CHAIN).ready == (4, 3.0)


def test_what_does_not_fit_the_rest_of_a_cycle_begins_with_the_next() -> None:
    passed = Paced(5.0, ONE).through((2, 4.0), CHAIN[:1])
    assert (passed.begins, passed.ready, passed.cut) == (3, (3, 3.0), 0)


def test_an_operator_longer_than_the_clock_has_a_cycle_to_itself() -> None:
    passed = Paced(2.0, ONE).through((0, 1.0), CHAIN)
    assert (passed.begins, passed.ready, passed.cut) == (0, (2, 3.0), 0b011)


def test_a_register_that_always_stands_ends_a_cycle() -> None:
    chain = (CHAIN[0], replace(CHAIN[1], place=None), CHAIN[2])
    assert Paced(7.0, ONE).through((0, 1.0), chain).ready == (1, 3.0)
    assert UNCUT.through((0, 0.0), chain).ready == (3, 0.0)


def test_an_operator_that_no_table_has_is_refused() -> None:
    with pytest.raises(KeyError):
        Paced(9.0, ONE).through((0, 1.0), [Stretch("product", 16, 0)])


def test_every_register_stands_where_nobody_asks_or_knows() -> None:
    assert ECP5.cuts(None) == (UNCUT,)
    assert replace(ECP5, delays=None).cuts(100.0) == (UNCUT,)
    ways = ECP5.cuts(100.0)
    assert (ways[0], ways[-1]) == (EveryRegister(extra=True), Paced(10.0, DELAYS))


def test_a_layer_that_gains_nothing_keeps_its_registers(shared: Shared) -> None:
    """With four multipliers the tiles decide how long a step is, not the way of an h."""
    few = [folded(shared.build, 4, ways) for ways in ((ECP5.uncut,), ECP5.cuts(30.0))]
    assert rtl_files(few[0]) == rtl_files(few[1])
    many = [folded(shared.build, 256, ways) for ways in ((ECP5.uncut,), ECP5.cuts(30.0))]
    assert rtl_files(many[0]) != rtl_files(many[1])


def cycles_a_step(build: gatewright.Build) -> int:
    (engine,) = (k for k in build.kernels.kernels if isinstance(k, RecurrentRecord))
    return engine.cycles_per_step


def sources(build: gatewright.Build) -> dict[str, bytes]:
    """The C++."""
    return {path.name: path.read_bytes() for path in (build.path / "hls").rglob("*.cpp")}


@pytest.mark.compiles
def test_a_slower_clock_takes_fewer_cycles_and_the_same_integers(
    shared: Shared, tmp_path: Path
) -> None:
    builds = [
        gatewright.compile(shared.model, shared.example, tmp_path / f"at_{mhz:g}", clock=mhz)
        for mhz in CLOCKS
    ]
    cycles = [cycles_a_step(build) for build in (shared.build, *builds)]
    assert cycles == sorted(cycles, reverse=True)
    assert cycles[-1] < cycles[0] / 2
    for build in (builds[2], builds[-1]):
        assert sources(build) == sources(shared.build)
        gatewright.check(build)
        y, stats = build.simulate(shared.x, "rtl", raw=True, return_stats=True)
        assert (stats.cycles_per_sequence == build.kernels.predicted_cycles).all()
        assert np.array_equal(y, shared.build.simulate(shared.x, "integer", raw=True))


@pytest.mark.compiles
@pytest.mark.parametrize("clock", [0, -1, 1000, "fast", float("nan")])
def test_a_clock_that_is_none_is_refused(clock: Any, shared: Shared, tmp_path: Path) -> None:
    with pytest.raises(GatewrightError) as caught:
        gatewright.compile(shared.model, shared.example, tmp_path / "build", clock=clock)
    assert caught.value.code == "GW-405"
    assert not (tmp_path / "build").exists()


@pytest.mark.compiles
def test_the_command_line_cuts_too(tmp_path: Path) -> None:
    folder = tmp_path / "build"
    arguments = ["compile", "examples/digits", "-o", str(folder), "--clock", "50"]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert read_manifest(folder)["clock"] == 50.0
    plain = CliRunner().invoke(main, [*arguments[:3], str(tmp_path / "plain")])
    assert plain.exit_code == 0
    assert cycles_a_step(gatewright.Build(folder)) < cycles_a_step(
        gatewright.Build(tmp_path / "plain")
    )
