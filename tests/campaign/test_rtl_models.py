"""Random models: RTL = integer level under stalls, resets, clears, kept and loaded state.

CI runs the first models; GATEWRIGHT_MODELS=100 runs as many as it says, GATEWRIGHT_FIRST moves on.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from random_models import Spec, make
from rtl_check import check_rtl

import gatewright

FIRST = int(os.environ.get("GATEWRIGHT_FIRST", "0"))
COUNT = int(os.environ.get("GATEWRIGHT_MODELS", "6"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_rtl_equals_the_integers(
    seed: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    spec = Spec.draw(seed)
    record_property("model", str(spec))
    example = torch.from_numpy(spec.inputs(spec.B))
    build = gatewright.compile(make(spec), example, tmp_path / "build")
    done = check_rtl(build, seed)
    assert done.sequences and done.kept and done.integers
    record_property("compared", str(done))
