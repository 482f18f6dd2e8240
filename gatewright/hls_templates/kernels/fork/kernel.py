"""Copies of a stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gatewright.files.records import Count
from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.base import Kernel
from gatewright.hls_templates.kernels.timing import Channel, Machine, lockstep
from gatewright.hls_templates.records import KernelRecord, Placement
from gatewright.hls_templates.rtl.sv import (
    CLOCK,
    SIDES,
    Instance,
    Module,
    RtlStage,
    beside,
    reading,
)


class ForkRecord(KernelRecord, tag="fork", kw_only=True, frozen=True):
    """A stream for several readers.

    Attributes:
        readers: How many.
    """

    readers: Count


@dataclass(frozen=True, eq=False)
class Fork(Kernel):
    """One reader's stream for each of several."""

    header: ClassVar[str] = "fork.hpp"
    function: ClassVar[str] = "fork"

    def __post_init__(self) -> None:
        assert len(self.outputs) > 1, "what one reads needs no copy"

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """A beat goes to all readers at once."""
        return lockstep(reads, writes)

    def rtl_module(self) -> Module:
        """The beat and the number of readers."""
        return Module("gw_fork", {"OUTPUTS": len(self.outputs), "BEAT_BITS": self.input.bits})

    def rtl(self, reads: Sequence[str], writes: Sequence[str]) -> RtlStage:
        """The readers side by side, the first lowest."""
        ports = CLOCK | reading("in", reads[0])
        for what, suffix in SIDES.items():
            ports[f"out_{what}_{suffix[1]}"] = beside(f"{name}_put_{what}" for name in writes)
        return RtlStage((), (Instance(self.rtl_module(), self.ident, ports),))

    def params_cpp(self) -> str:
        """The beat."""
        return cpp.struct(self.ident, {}, [f"using beat_t = {self.input.beat};"])

    def record(self, place: Placement) -> ForkRecord:
        """How many readers."""
        return ForkRecord(**place, readers=len(self.outputs))
