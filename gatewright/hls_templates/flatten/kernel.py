"""Flattening over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernel import Kernel


@dataclass(frozen=True, eq=False)
class Flatten(Kernel):
    """All beats of a sequence of fixed length side by side."""

    header: ClassVar[str] = "flatten.hpp"
    function: ClassVar[str] = "flatten"

    steps: int

    def cycles(self, steps: int) -> int:
        """One beat a cycle."""
        return self.steps

    def params_cpp(self) -> str:
        """Sizes and beats."""
        constants: dict[str, object] = {"STEPS": self.steps, "WIDTH": self.input.width}
        return cpp.struct(self.ident, constants, self.port_types)

    def to_json(self) -> dict[str, Any]:
        """The sequence length."""
        return {"steps": self.steps}
