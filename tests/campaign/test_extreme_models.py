"""Extreme models: every difference between torch, traced and integer is one that is listed.

CI runs some of the 500 models, drawn by seed; GATEWRIGHT_EXTREME=500 runs seeds 0 to 499, and
GATEWRIGHT_FIRST moves on.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import onnx
import pytest
import torch
from extreme_models import Draw, inputs, make

from gatewright import frontend
from gatewright.build import Build
from gatewright.inputs import check_arguments
from gatewright.ir.certificate import Certificate
from gatewright.ir.certify import FloatModel, certify
from gatewright.ir.lowering import IntegerModel, lower
from gatewright.ir.onnx_io import from_onnx, to_onnx
from gatewright.levels import Engine, integer_engine, traced_engine
from gatewright.verify import Report, verify

TOTAL, DRAWN = 500, 40
FIRST = int(os.environ.get("GATEWRIGHT_FIRST", "0"))
COUNT = int(os.environ.get("GATEWRIGHT_EXTREME", "0"))
SEEDS = (
    range(FIRST, FIRST + COUNT) if COUNT else sorted(random.Random(16).sample(range(TOTAL), DRAWN))
)


@dataclass(frozen=True)
class Bench:
    """What ``verify`` asks of a build, without the files of the kernels."""

    path: Path
    traced: onnx.ModelProto
    lowered: IntegerModel

    @cached_property
    def integer(self) -> IntegerModel:
        return from_onnx(to_onnx(self.lowered))

    @cached_property
    def _floats(self) -> FloatModel:
        return certify(self.traced, self.integer)

    @property
    def float_model(self) -> IntegerModel:
        return self._floats.model

    @cached_property
    def certificate(self) -> Certificate:
        return Certificate.from_json(json.loads(json.dumps(self._floats.certificate.to_json())))

    def check_input(self, x: Any) -> Any:
        return check_arguments(x, self.integer)

    def engine(self, level: str, *, taps: bool = False) -> Engine:
        if level == "traced":
            return traced_engine(self.traced, self.integer)
        return integer_engine(self.integer)


def check(seed: int, folder: Path) -> Report:
    """Build the model of a seed and compare its levels."""
    model = make(Draw(seed))
    x = inputs(model)
    example = tuple(torch.from_numpy(a[:, :1] if i else a[:1]) for i, a in enumerate(x))
    traced = frontend.trace(model, example)
    bench = Bench(folder, traced, lower(traced))
    return verify(cast(Build, bench), x, model, levels=("traced", "integer"))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_difference_is_listed(seed: int, tmp_path: Path) -> None:
    report = check(seed, tmp_path)
    assert report.mismatches == 0, report.divergence
    assert sum(c.compared.total() for c in report.comparisons) > 0
