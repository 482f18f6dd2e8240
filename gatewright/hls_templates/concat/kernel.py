"""Features of several streams side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernel import Kernel
from gatewright.hls_templates.timing import Channel, Machine, lockstep


@dataclass(frozen=True, eq=False)
class Concat(Kernel):
    """One beat out of a beat of each input."""

    header: ClassVar[str] = "concat.hpp"
    function: ClassVar[str] = "concat"

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """A beat of every input at once."""
        return lockstep(reads, writes)

    def params_cpp(self) -> str:
        """The beat."""
        return cpp.struct(self.ident, {}, [f"using out_beat = {self.output.beat};"])

    def arguments(self, reads: tuple[str, ...], writes: tuple[str, ...]) -> tuple[str, ...]:
        """The output comes first, before any number of inputs."""
        return (*writes, *reads)

    def to_json(self) -> dict[str, Any]:
        """The widths."""
        return {"widths": [port.width for port in self.inputs]}
