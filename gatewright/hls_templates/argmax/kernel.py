"""The class of the largest value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernel import Kernel, Tap


@dataclass(frozen=True, eq=False)
class ArgMax(Kernel):
    """The index of the first of the largest values.

    Attributes:
        tap: Name of its output tensor.
        sequence: Whether it runs at every time step.
    """

    header: ClassVar[str] = "argmax.hpp"
    function: ClassVar[str] = "argmax"

    tap: str
    sequence: bool

    def cycles(self, steps: int) -> int:
        """One beat a cycle."""
        return steps

    def params_cpp(self) -> str:
        """The number of classes and the beats."""
        constants: dict[str, object] = {"CLASSES": self.input.width, "TAP": self.first_tap}
        members = [*self.port_types, f"using index_t = {cpp.word(self.output.type)};"]
        return cpp.struct(self.ident, constants, members)

    def to_json(self) -> dict[str, Any]:
        """Nothing to add."""
        return {}

    def taps(self) -> tuple[Tap, ...]:
        """The index."""
        return (Tap(self.tap, 1, self.sequence),)
