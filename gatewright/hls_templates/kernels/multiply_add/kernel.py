"""Products with a constant of each channel, and sums with another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gatewright.hls_templates import cpp
from gatewright.hls_templates.delays import addition, product
from gatewright.hls_templates.kernels.elementwise.kernel import place_function
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import Mappings, OpMapping, output_tap
from gatewright.hls_templates.project.names import LIBRARY
from gatewright.hls_templates.records import KernelRecord, Placement
from gatewright.hls_templates.rtl.cut import Stretch, always
from gatewright.hls_templates.rtl.functions import FunctionModule, by_row, row_bits
from gatewright.hls_templates.rtl.sv import Module, Rom, SvValue, signed_bits
from gatewright.ir import ops
from gatewright.ir.graph import Node
from gatewright.ir.types import IntArray, IntType

LATENCY = 5


class MultiplyAddRecord(KernelRecord, tag="multiply_add", frozen=True):
    """A product with constants and a sum."""


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

    header: ClassVar[str] = "elementwise.hpp"  # which includes multiply_add.hpp

    ident: str
    domain: IntType
    out: IntType
    factors: IntArray
    terms: IntArray

    @property
    def call(self) -> str:
        """The C++ class with its parameters."""
        return f"{LIBRARY}::multiply_add<{self.ident}>"

    @property
    def chain(self) -> tuple[Stretch, ...]:
        """Its registers stand always."""
        return always(LATENCY)

    @property
    def latency(self) -> int:
        """Cycles that it takes."""
        return LATENCY

    @property
    def operators(self) -> tuple[str, ...]:
        """The longest way through its C++, see ``delays``."""
        return (
            *product(self.domain.bits, IntType.of(self.factors).bits),
            addition(self.out.bits),
        )

    def rtl(self, lanes: int, rows: int, ident: str, cut: int | None = None) -> FunctionModule:
        """Its module, with a ROM of the constants of each row."""
        bits = [signed_bits(IntType.of(values)) for values in (self.factors, self.terms)]
        factors = by_row(self.factors, lanes, rows, bits[0])
        terms = by_row(self.terms, lanes, rows, bits[1])
        both = [f | t << lanes * bits[0] for f, t in zip(factors, terms, strict=True)]
        params: dict[str, SvValue] = {
            "LANES": lanes,
            "N_BITS": self.domain.bits,
            "N_SIGNED": self.domain.signed,
            "Y_BITS": self.out.bits,
            "FACTOR_BITS": bits[0],
            "TERM_BITS": bits[1],
            "ROWS": rows,
            "ROW_BITS": row_bits(rows),
        }
        module = Module("gw_multiply_add", params, {"FILE": Rom(both, lanes * sum(bits))})
        return FunctionModule(module, by_row=True, resets=True).cut(self.chain, cut)

    def params_cpp(self, rows: int, lanes: int) -> str:
        """The constants, as rows of lanes."""
        factors, terms = IntType.of(self.factors), IntType.of(self.terms)
        words = {
            "in_t": self.domain,
            "out_t": self.out,
            "sum_t": IntType.hull([self.domain * factors, terms, self.out]),
        }
        members = [f"using {name} = {cpp.word(type_)};" for name, type_ in words.items()]
        arrays = []
        for name, values in (("factor", self.factors), ("term", self.terms)):
            array = cpp.by_row(f"{self.ident}_{name}s", values, rows, lanes)
            arrays.append(array)
            declaration = f"{array.element} {name}(int row, int lane)"
            members += cpp.accessor(declaration, f"{array.name}[row][lane]")
        members += cpp.storage(arrays)
        declared = (array.declaration() for array in arrays)
        return "\n".join([*declared, cpp.struct(self.ident, {}, members)])

    def record(self, place: Placement) -> MultiplyAddRecord:
        """Nothing to add."""
        return MultiplyAddRecord(**place)


def _place(mapper: Mapper, node: Node) -> None:
    """A product with constants, together with the terms that follow it."""
    factors = mapper.graph[node.inputs[1]].value
    assert factors is not None
    output, terms = mapper.bias(node.outputs[0], len(factors))
    domain, out = (mapper.graph[name].type for name in (node.inputs[0], output))
    place_function(
        mapper, node, output, lambda ident: MultiplyAdd(ident, domain, out, factors, terms)
    )


MAPPINGS: Mappings = {ops.MUL: OpMapping(_place, output_tap, MultiplyAddRecord)}
