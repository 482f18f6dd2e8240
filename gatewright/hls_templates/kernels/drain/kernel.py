"""The end of an input that nothing needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.base import Kernel
from gatewright.hls_templates.kernels.timing import Channel, Machine, always
from gatewright.hls_templates.records import KernelRecord, Placement
from gatewright.hls_templates.rtl.sv import CLOCK, Instance, Module, RtlStage, reading


class DrainRecord(KernelRecord, tag="drain", frozen=True):
    """The end of an input that nothing reads."""


@dataclass(frozen=True, eq=False)
class Drain(Kernel):
    """Takes every beat: a port is the model's, also where no output depends on it."""

    header: ClassVar[str] = "drain.hpp"
    function: ClassVar[str] = "drain"

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """A beat a cycle."""
        return always(reads[0])

    def rtl_module(self) -> Module:
        """The beat."""
        return Module("gw_drain", {"BEAT_BITS": self.input.bits})

    def rtl(self, reads: Sequence[str], writes: Sequence[str]) -> RtlStage:
        """At its stream, with nothing behind it."""
        ports = CLOCK | reading("in", reads[0])
        return RtlStage((), (Instance(self.rtl_module(), self.ident, ports),))

    def params_cpp(self) -> str:
        """The beat."""
        return cpp.struct(self.ident, {}, [f"using beat_t = {self.input.beat};"])

    def record(self, place: Placement) -> DrainRecord:
        """Nothing to add."""
        return DrainRecord(**place)
