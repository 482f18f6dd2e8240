"""What reads a build asks for its name: levels, the linter, boards."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from level_tools import every_level, needs
from pair import MODEL, Pair

import gatewright
from gatewright.boards.catalogue import open_boards
from gatewright.boards.synth import choose_clock, make_plan
from gatewright.hls_templates.project.names import SOURCES
from gatewright.lint.lint import lint_report
from gatewright.synth import candidate

pytestmark = pytest.mark.compiles

X = np.linspace(-1, 1, 3 * 4 * 2, dtype=np.float32).reshape(3, 4, 2)


@pytest.mark.parametrize("level", every_level("csim", "rtl", "cxxrtl"))
@pytest.mark.parametrize("name", ["kws", "vad"])
def test_levels(name: str, level: str, pair: Pair) -> None:
    build = pair.builds[name]
    assert (build.simulate(X, level=level) == build.simulate(X, level="integer")).all()


def test_the_linter_sees_the_same(pair: Pair, tmp_path: Path) -> None:
    """The same pipelines, of the same kernels, as where the name is the usual one."""
    usual = gatewright.compile(MODEL, None, tmp_path / "usual")
    first, second = map(lint_report, (pair.builds["kws"], usual))
    assert len(first.pipelines) > 3 and not first.findings
    assert first == second
    assert {kernel.name for kernel in usual.kernels.kernels} < {p.kernel for p in first.pipelines}


def test_a_board_places_its_top(pair: Pair) -> None:
    made = candidate(pair.builds["kws"], 4)
    board = made.rtl["gatewright_board.sv"]
    assert re.findall(r"^  (\w+_top) ", board, re.MULTILINE) == ["kws_top"]
    assert {"kws_core.sv", "gw_fifo_v1.sv"} <= set(made.rtl[SOURCES].split())
    target = open_boards()["icebreaker"]
    pll, mhz = choose_clock(target, None)
    assert "rtl/kws_top.sv" in make_plan(target, made, pll, mhz, 1).files


@needs("cxxrtl")
@pytest.mark.slow
def test_a_vendor_s_part_is_counted(pair: Pair, tmp_path: Path) -> None:
    build = gatewright.compile(MODEL, None, tmp_path / "b", name="kws")
    report = build.synth("pynq-z2")
    assert report.usage["lut"].used > 0
