"""Copies of a stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernel import Kernel
from gatewright.hls_templates.rtl.sv import (
    CLOCK,
    Module,
    RtlStage,
    beside,
    instance,
    reading,
    writing,
)
from gatewright.hls_templates.timing import Channel, Machine, lockstep


@dataclass(frozen=True, eq=False)
class Fork(Kernel):
    """One reader's stream for each of several."""

    header: ClassVar[str] = "fork.hpp"
    function: ClassVar[str] = "fork"

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """A beat goes to all readers at once."""
        return lockstep(reads, writes)

    def rtl_module(self) -> Module:
        """The beat and the number of readers."""
        return Module("gw_fork", {"OUTPUTS": len(self.outputs), "BEAT_BITS": self.input.bits})

    def rtl(self, reads: Sequence[str], writes: Sequence[str]) -> RtlStage:
        """The readers share what it gives; the first is the lowest bit of the handshakes."""
        shared = writes[0]
        ports = CLOCK | reading("in", reads[0]) | writing("out", shared)
        ports["out_valid_o"] = beside(f"{name}_put_valid" for name in writes)
        ports["out_ready_i"] = beside(f"{name}_put_ready" for name in writes)
        wires = tuple(
            f"assign {name}_put_{what} = {shared}_put_{what};"
            for name in writes[1:]
            for what in ("data", "last", "keep")
        )
        return RtlStage(wires, (instance(self.rtl_module(), self.ident, ports),))

    def params_cpp(self) -> str:
        """The beat."""
        return cpp.struct(self.ident, {}, [f"using beat_t = {self.input.beat};"])

    def to_json(self) -> dict[str, Any]:
        """How many readers."""
        return {"readers": len(self.outputs)}
