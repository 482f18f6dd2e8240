"""Convolutions and pools over time: torch = traced = integer = standard = C-sim = RTL.

CI runs a fifth of the models, another one with each commit; ``--windows all`` runs them all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from brevitas.export import export_qonnx
from choices import choice
from commit_choice import drawn
from conv_models import CASES, Case, T, make
from level_tools import needs
from linted import check_linted

import gatewright
from gatewright.ir.ops.window import Window

pytestmark = pytest.mark.compiles

CHOSEN = drawn(CASES, 8, "windows")
EXPORTED = ("groups", "channels_first_input", "max_pool", "average_pool")
IN_RTL = CHOSEN if choice("windows") == "all" else CHOSEN[:1]


def built(case: Case, path: Path) -> tuple[Any, gatewright.Build]:
    model = make(case)
    return model, gatewright.compile(model, torch.from_numpy(case.inputs(2)), path / "build")


def simulate(build: gatewright.Build, x: np.ndarray, level: str) -> tuple[np.ndarray, ...]:
    y = build.simulate(x, level=level, raw=True)
    return y if isinstance(y, tuple) else (y,)


@pytest.mark.parametrize("name", CHOSEN)
def test_every_level_agrees(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    model, build = built(case, tmp_path)
    gatewright.check(build)
    report = build.verify(case.inputs(60, seed=1), model=model)
    assert report.mismatches == 0, report.divergence
    assert all(c.compared["output"] and c.compared["h"] for c in report.comparisons)
    assert all(not c.differing.total() for c in report.comparisons[2:])
    # The same integers of sequences of other lengths, down to the shortest.
    for steps in () if case.fixed else (case.least, case.least + 1, 2 * T):
        x = case.inputs(3, steps, seed=2)
        found = [simulate(build, x, level) for level in ("integer", "standard", "csim")]
        for others in found[1:]:
            for a, b in zip(found[0], others, strict=True):
                assert np.array_equal(a, b)
    if case.least > 1:
        with pytest.raises(gatewright.GatewrightError, match="GW-601"):
            build.simulate(case.inputs(2, case.least - 1), level="csim")


@needs("rtl")
@pytest.mark.parametrize("name", IN_RTL)
def test_rtl_and_its_cycles(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    _, build = built(case, tmp_path)
    check_linted(build)
    x = case.inputs(20, seed=1)
    y, stats = build.simulate(x, level="rtl", raw=True, return_stats=True)
    expected = simulate(build, x, "integer")
    for a, b in zip(y if isinstance(y, tuple) else (y,), expected, strict=True):
        assert np.array_equal(a, b)
    assert set(stats.cycles_per_sequence) == {build.kernels.predicted_cycles}
    steps = case.least if not case.fixed else T
    assert np.array_equal(
        simulate(build, case.inputs(3, steps), "rtl")[0],
        simulate(build, case.inputs(3, steps), "integer")[0],
    )


@pytest.mark.parametrize("name", EXPORTED)
def test_an_exported_file_gives_the_same(name: str, tmp_path: Path) -> None:
    """The integers of its module, also of the input [B, F, T]."""
    case = CASES[name]
    model, build = built(case, tmp_path)
    file = tmp_path / "model.onnx"
    export_qonnx(model, torch.from_numpy(case.inputs(2)), export_path=str(file), dynamo=False)
    loaded = gatewright.compile(file, output_dir=tmp_path / "loaded")
    x = case.inputs(20, seed=4)
    for a, b in zip(simulate(build, x, "integer"), simulate(loaded, x, "integer"), strict=True):
        assert np.array_equal(a, b)


def test_padding_is_the_code_of_zero(tmp_path: Path) -> None:
    """Where a quantizer has a zero point, that is what stands outside of a sequence."""
    _, build = built(CASES["zero_point"], tmp_path)
    (quantizer,) = (source.quantizer for source in build.integer.inputs)
    assert quantizer.zero_point != 0
    (node,) = (n for n in build.integer.graph.nodes if isinstance(n.op, Window))
    assert node.attrs["pad"] == 0, "the integer of 0.0, whose code is the zero point"
