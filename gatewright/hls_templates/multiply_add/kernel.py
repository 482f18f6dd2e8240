"""Products with a constant of each channel, and sums with another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernel import Kernel, Tap
from gatewright.ir.types import IntArray, IntType


@dataclass(frozen=True, eq=False)
class MultiplyAdd(Kernel):
    """``y[c] = x[c] * factors[c] + terms[c]``.

    Attributes:
        factors: int64 [C]: 1, -1 or 0 where a batch normalization was folded away.
        terms: int64 [C].
        tap: Name of its output tensor.
        sequence: Whether it runs at every time step.
    """

    header: ClassVar[str] = "multiply_add.hpp"
    function: ClassVar[str] = "multiply_add"

    factors: IntArray
    terms: IntArray
    tap: str
    sequence: bool

    def cycles(self, steps: int) -> int:
        """One beat a cycle."""
        return steps

    def params_cpp(self) -> str:
        """The constants."""
        out = cpp.word(self.output.type)
        constants: dict[str, object] = {"CHANNELS": self.input.width, "TAP": self.first_tap}
        members = [*self.port_types, f"using out_t = {out};"]
        arrays = []
        for name, values in (("factor", self.factors), ("term", self.terms)):
            array = f"{self.ident}_{name}s"
            arrays.append(cpp.array(array, values))
            element = cpp.rom(IntType.of(values))
            members.append(f"static {element} {name}(int channel) {{ return {array}[channel]; }}")
        return "\n".join([*arrays, cpp.struct(self.ident, constants, members)])

    def to_json(self) -> dict[str, Any]:
        """Nothing to add."""
        return {}

    def taps(self) -> tuple[Tap, ...]:
        """The results."""
        return (Tap(self.tap, self.output.width, self.sequence),)
