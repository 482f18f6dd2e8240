"""Copies of a stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernel import Kernel
from gatewright.hls_templates.timing import Channel, Machine, lockstep


@dataclass(frozen=True, eq=False)
class Fork(Kernel):
    """One reader's stream for each of several."""

    header: ClassVar[str] = "fork.hpp"
    function: ClassVar[str] = "fork"

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """A beat goes to all readers at once."""
        return lockstep(reads, writes)

    def params_cpp(self) -> str:
        """The beat."""
        return cpp.struct(self.ident, {}, [f"using beat_t = {self.input.beat};"])

    def to_json(self) -> dict[str, Any]:
        """How many readers."""
        return {"readers": len(self.outputs)}
