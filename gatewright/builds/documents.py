"""The documents of a build folder, each read once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onnx

from gatewright.builds.folder import CALIBRATION, CERTIFICATE, INTEGER, KERNELS, TRACED, located
from gatewright.builds.graphs import read_graph
from gatewright.builds.manifest import damaged
from gatewright.builds.opened import Opened
from gatewright.files.reading import MAX_JSON, read_json, whole
from gatewright.frontend import load
from gatewright.hls_templates.mapping.document import from_json
from gatewright.hls_templates.mapping.shown import strange_part
from gatewright.hls_templates.records import KernelsDocument
from gatewright.ir.certificate.certificate import Certificate
from gatewright.ir.certificate.certify import certify
from gatewright.ir.lowering import IntegerModel, lower
from gatewright.ir.onnx_io import from_onnx


@dataclass(frozen=True)
class Documents:
    """A build folder, opened to be read.

    Args:
        path: The folder.

    Attributes:
        opened: What was made of its files so far.

    Raises:
        GatewrightError: GW-402 if it is not a complete build; GW-404 if a compile was killed while
            it replaced this one, and it cannot be put back.
    """

    path: Path
    opened: Opened = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        path = located(self.path)
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "opened", Opened(path))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path,)  # what it has opened is opened again where it goes

    @property
    def traced(self) -> onnx.ModelProto:
        """``1_traced.onnx``, of the ops that ``compile`` writes and no others.

        qonnx takes the domain of a node for a module of Python, and imports it.
        """
        return self.opened.get(TRACED, (TRACED,), self._load_traced)

    def _load_traced(self) -> onnx.ModelProto:
        model = read_graph(self.path, TRACED)
        load(model)
        return model

    @property
    def integer(self) -> IntegerModel:
        """``2_integer.onnx``."""
        return self.opened.get(INTEGER, (INTEGER,), self._load_integer)

    def _load_integer(self) -> IntegerModel:
        with whole(self.path / INTEGER):
            return from_onnx(read_graph(self.path, INTEGER))

    @property
    def float_model(self) -> IntegerModel:
        """The integer model with the ranges that float32 may reach, which the kernels need not."""
        return self.opened.get("float_model", (TRACED,), self._widened)

    def _widened(self) -> IntegerModel:
        with whole(self.path / TRACED):
            # Not of 2_integer.onnx: this is what tells whether that is right.
            return certify(self.traced, lower(self.traced)).model

    @property
    def kernels(self) -> KernelsDocument:
        """``3_kernels.json``, of the ports, taps and states that the integer model has."""
        return self.opened.get(KERNELS, (KERNELS, INTEGER), self._load_kernels)

    def _load_kernels(self) -> KernelsDocument:
        value = read_json(self.path, KERNELS, MAX_JSON)
        with whole(self.path / KERNELS):
            kernels = from_json(value)
        integer = self.integer
        with whole(self.path / KERNELS):
            strange = strange_part(kernels, integer)
        if strange is not None:
            raise damaged(self.path / KERNELS, f"its {strange} are not those of {INTEGER}")
        return kernels

    @property
    def certificate(self) -> Certificate:
        """``certificate.json``."""
        return self.opened.get(CERTIFICATE, (CERTIFICATE,), self._load_certificate)

    def _load_certificate(self) -> Certificate:
        data = read_json(self.path, CERTIFICATE, MAX_JSON)
        with whole(self.path / CERTIFICATE):
            return Certificate.from_json(data)

    def listed(self, part: str) -> list[str]:
        """Files of ``hls/`` or ``rtl/`` that the manifest lists, relative to it.

        No other file is compiled or read by a simulation; the first time those are warned of, and
        so is what an earlier version left.
        """
        return self.opened.listed(part)

    @property
    def calibrated(self) -> bool:
        """Whether ``compile`` calibrated the model that it was given."""
        return self.opened.lists(CALIBRATION)
