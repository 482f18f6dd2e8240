"""Reversal of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernel import Kernel


@dataclass(frozen=True, eq=False)
class Reverse(Kernel):
    """A sequence from its end to its beginning.

    Attributes:
        max_steps: Longest sequence its buffer holds.
        flag: Name of the port that tells of a longer one.
    """

    header: ClassVar[str] = "reverse.hpp"
    function: ClassVar[str] = "reverse"
    blocking: ClassVar[bool] = True

    max_steps: int
    flag: str

    def cycles(self, steps: int) -> int:
        """One beat a cycle, once the whole sequence is there."""
        return steps

    def params_cpp(self) -> str:
        """The buffer's size and the beat."""
        constants: dict[str, object] = {"MAX_STEPS": self.max_steps}
        return cpp.struct(self.ident, constants, [f"using beat_t = {self.input.beat};"])

    def arguments(self, reads: tuple[str, ...], writes: tuple[str, ...]) -> tuple[str, ...]:
        """The flag comes last."""
        return (*reads, *writes, self.flag)

    def to_json(self) -> dict[str, Any]:
        """The buffer."""
        return {"max_steps": self.max_steps, "flag": self.flag}
