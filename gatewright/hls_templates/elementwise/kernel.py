"""A function of one value as a stage of its own: a look-up, a requantizer, a product and sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernel import Kernel, Tap


class Function(Protocol):
    """What can be applied to a value."""

    kind: ClassVar[str]

    @property
    def call(self) -> str:
        """The C++ class with its parameters."""

    def params_cpp(self) -> str:
        """Its constant arrays and its parameter struct."""

    def to_json(self) -> dict[str, Any]:
        """What was chosen, for ``3_kernels.json``."""


@dataclass(frozen=True, eq=False)
class Elementwise(Kernel):
    """One function for all values of a stream.

    Attributes:
        applied: The function.
        tap: Name of its output tensor.
        sequence: Whether it runs at every time step.
    """

    header: ClassVar[str] = "elementwise.hpp"
    function: ClassVar[str] = "elementwise"

    applied: Function
    tap: str
    sequence: bool

    @property
    def kind(self) -> str:
        """The function's."""
        return self.applied.kind

    def cycles(self, steps: int) -> int:
        """One beat a cycle."""
        return steps

    def params_cpp(self) -> str:
        """The function's parameters and the stream's."""
        members = [*self.port_types, f"using function = {self.applied.call};"]
        constants: dict[str, object] = {"CHANNELS": self.input.width, "TAP": self.first_tap}
        return self.applied.params_cpp() + "\n" + cpp.struct(self.ident, constants, members)

    def to_json(self) -> dict[str, Any]:
        """The form of the function."""
        return self.applied.to_json()

    def taps(self) -> tuple[Tap, ...]:
        """Its output."""
        return (Tap(self.tap, self.output.width, self.sequence),)
