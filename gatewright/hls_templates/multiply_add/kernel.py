"""Products with a constant of each channel, and sums with another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from gatewright.hls_templates import cpp
from gatewright.ir.types import IntArray, IntType


@dataclass(frozen=True, eq=False)
class MultiplyAdd:
    """``y[c] = x[c] * factors[c] + terms[c]``.

    Attributes:
        ident: C++ identifier of its parameters.
        domain: Range of the input.
        out: Range of the output.
        factors: int64 [C]: 1, -1 or 0 where a batch normalization was folded away.
        terms: int64 [C].
    """

    kind: ClassVar[str] = "multiply_add"

    ident: str
    domain: IntType
    out: IntType
    factors: IntArray
    terms: IntArray

    @property
    def call(self) -> str:
        """The C++ class with its parameters."""
        return f"gw::multiply_add<{self.ident}>"

    def params_cpp(self) -> str:
        """The constants."""
        members = [f"using in_t = {cpp.word(self.domain)};", f"using out_t = {cpp.word(self.out)};"]
        arrays = []
        for name, values in (("factor", self.factors), ("term", self.terms)):
            array = f"{self.ident}_{name}s"
            arrays.append(cpp.array(array, values))
            element = cpp.rom(IntType.of(values))
            members.append(f"static {element} {name}(int channel) {{ return {array}[channel]; }}")
        return "\n".join([*arrays, cpp.struct(self.ident, {}, members)])

    def to_json(self) -> dict[str, Any]:
        """Nothing to add."""
        return {}
