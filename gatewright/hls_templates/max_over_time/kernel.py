"""Maximum over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernel import Kernel, Tap


@dataclass(frozen=True, eq=False)
class MaxOverTime(Kernel):
    """The largest value of each feature.

    Attributes:
        tap: Name of its output tensor.
    """

    header: ClassVar[str] = "max_over_time.hpp"
    function: ClassVar[str] = "max_over_time"

    tap: str

    def cycles(self, steps: int) -> int:
        """One beat a cycle."""
        return steps

    def params_cpp(self) -> str:
        """Size and beat."""
        constants: dict[str, object] = {"WIDTH": self.input.width, "TAP": self.first_tap}
        return cpp.struct(self.ident, constants, [f"using beat_t = {self.input.beat};"])

    def to_json(self) -> dict[str, Any]:
        """Nothing to add."""
        return {}

    def taps(self) -> tuple[Tap, ...]:
        """The maximum."""
        return (Tap(self.tap, self.output.width, False),)
