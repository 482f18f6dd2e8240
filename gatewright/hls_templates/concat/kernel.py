"""Features of several streams side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernel import Kernel


@dataclass(frozen=True, eq=False)
class Concat(Kernel):
    """One beat out of a beat of each input."""

    header: ClassVar[str] = "concat.hpp"
    function: ClassVar[str] = "concat"

    def cycles(self, steps: int) -> int:
        """One beat a cycle."""
        return steps

    def params_cpp(self) -> str:
        """The beat."""
        return cpp.struct(self.ident, {}, [f"using out_beat = {self.output.beat};"])

    def arguments(self, reads: tuple[str, ...], writes: tuple[str, ...]) -> tuple[str, ...]:
        """The output comes first, before any number of inputs."""
        return (*writes, *reads)

    def to_json(self) -> dict[str, Any]:
        """The widths."""
        return {"widths": [port.width for port in self.inputs]}
