"""Sum over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernel import Kernel, Tap


@dataclass(frozen=True, eq=False)
class SumOverTime(Kernel):
    """The sum of all beats of a sequence.

    Attributes:
        tap: Name of its output tensor.
    """

    header: ClassVar[str] = "sum_over_time.hpp"
    function: ClassVar[str] = "sum_over_time"

    tap: str

    def cycles(self, steps: int) -> int:
        """One beat a cycle."""
        return steps

    def params_cpp(self) -> str:
        """Sizes and beats."""
        constants: dict[str, object] = {"WIDTH": self.input.width, "TAP": self.first_tap}
        members = [*self.port_types, f"using acc_t = {cpp.word(self.output.type)};"]
        return cpp.struct(self.ident, constants, members)

    def to_json(self) -> dict[str, Any]:
        """Nothing to add."""
        return {}

    def taps(self) -> tuple[Tap, ...]:
        """The sum."""
        return (Tap(self.tap, self.output.width, False),)
