"""Time-step selection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernel import Kernel


@dataclass(frozen=True, eq=False)
class SelectLast(Kernel):
    """The last beat of a sequence."""

    header: ClassVar[str] = "select_last.hpp"
    function: ClassVar[str] = "select_last"

    def cycles(self, steps: int) -> int:
        """One beat a cycle."""
        return steps

    def params_cpp(self) -> str:
        """The beat."""
        return cpp.struct(self.ident, {}, [f"using beat_t = {self.input.beat};"])

    def to_json(self) -> dict[str, Any]:
        """Nothing to add."""
        return {}
