"""What ``verify`` asks of a build, without the files of the kernels, which take longest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import torch
from torch import nn

from gatewright import frontend
from gatewright.build import Build
from gatewright.ir.certificate.certificate import Certificate
from gatewright.ir.certificate.certify import FloatModel, certify
from gatewright.ir.lowering import IntegerModel, lower
from gatewright.ir.onnx_io import from_onnx, to_onnx
from gatewright.levels.inputs import check_arguments
from gatewright.levels.integer import integer_engine
from gatewright.levels.run import Engine
from gatewright.levels.traced import traced_engine
from gatewright.verify.result import Report
from gatewright.verify.verify import verify


@dataclass(frozen=True)
class Bench:
    """A model, traced and lowered.

    Attributes:
        path: Where ``verify`` leaves its report.
        traced: The traced graph.
        lowered: The integer model.
        calibrated: Whether ``calibrate`` made it.
    """

    path: Path
    traced: onnx.ModelProto
    lowered: IntegerModel
    calibrated: bool = False

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


def bench(model: nn.Module, arguments: tuple[np.ndarray, ...], folder: Path) -> Bench:
    """A model traced on the first of some sequences; states [N, B, H] follow those."""
    example = tuple(torch.from_numpy(a[:, :1] if i else a[:1]) for i, a in enumerate(arguments))
    traced = frontend.trace(model, example)
    return Bench(folder, traced, lower(traced))


def compare(model: nn.Module, arguments: tuple[np.ndarray, ...], folder: Path) -> Report:
    """``verify`` on torch, traced and integer."""
    build = cast(Build, bench(model, arguments, folder))
    return verify(build, arguments, model, levels=("traced", "integer"))
