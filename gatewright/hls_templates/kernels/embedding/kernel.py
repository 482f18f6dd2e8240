"""Rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gatewright.files.records import Count
from gatewright.hls_templates import cpp
from gatewright.hls_templates.delays import START, after, comparison
from gatewright.hls_templates.kernels.base import Kernel
from gatewright.hls_templates.kernels.timing import Channel, Machine, held, pipelined
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import Mappings, OpMapping, output_tap
from gatewright.hls_templates.records import KernelRecord, Placement, Tap
from gatewright.hls_templates.rtl.functions import ROM_LATENCY
from gatewright.hls_templates.rtl.sv import Module, Rom, SvValue, pack
from gatewright.ir import ops
from gatewright.ir.graph import Node
from gatewright.ir.types import IntArray


class EmbeddingRecord(KernelRecord, tag="embedding", kw_only=True, frozen=True):
    """A row of a table for each integer.

    Attributes:
        rows: Of the table.
    """

    rows: Count


@dataclass(frozen=True, eq=False)
class EmbeddingKernel(Kernel):
    """The row of a table that each integer is the number of.

    Attributes:
        table: int64 [rows, values of a row].
        tap: Name of its output tensor.
    """

    header: ClassVar[str] = "embedding.hpp"
    function: ClassVar[str] = "embedding"

    table: IntArray
    tap: str

    @property
    def interval(self) -> int:
        """A row is read while its number is held."""
        return ROM_LATENCY + 1

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """The beat stays until its row is there."""
        return held(reads[0], writes[0], ROM_LATENCY)

    def hls_machine(
        self, reads: Sequence[Channel], writes: Sequence[Channel], clock_ns: float
    ) -> Machine:
        """A row a cycle."""
        operators = (comparison(self.input.type.bits), "select", "read")
        latency, _ = after(START, operators, clock_ns)
        return pipelined(reads, writes[0], 1, latency + 1)

    def rtl_module(self) -> Module:
        """Sizes, and the rows as words."""
        bits = self.output.bits
        params: dict[str, SvValue] = {"ROWS": len(self.table), "IN_BITS": self.input.type.bits}
        params |= {"BEAT_BITS": bits}
        rom = Rom(pack(self.table, self.output.type.bits), bits)
        return Module("gw_embedding", params, {"FILE": rom})

    def params_cpp(self) -> str:
        """The table, a row of which is a word, and the beats."""
        table = cpp.RomArray(f"{self.ident}_table", self.table, self.output.type, wide=(2,))
        constants: dict[str, int] = {
            "ROWS": len(self.table),
            "WIDTH": self.output.width,
            "ADDRESS_BITS": self.input.type.bits,
            "TAP": self.first_tap,
        }
        members = [
            *self.port_types,
            *cpp.accessor(f"{table.element} entry(unsigned row, int i)", f"{table.name}[row][i]"),
            *cpp.storage([table]),
        ]
        return table.declaration() + "\n" + cpp.struct(self.ident, constants, members)

    def record(self, place: Placement) -> EmbeddingRecord:
        """How many rows."""
        return EmbeddingRecord(**place, rows=len(self.table))

    def taps(self) -> tuple[Tap, ...]:
        """The rows."""
        return (Tap(self.tap, self.output.width, True, windows=self.output.windows),)


def _place(mapper: Mapper, node: Node) -> None:
    (x, name), (output,) = node.inputs, node.outputs
    table = mapper.graph[name].value
    assert table is not None
    # An input of fewer rows than the table has none of the others.
    rows = table[: mapper.graph[x].type.hi + 1]
    kernel = EmbeddingKernel(*mapper.common(node, [x], [output]), rows, output)
    mapper.append(kernel, [mapper.take(x)], [output])


MAPPINGS: Mappings = {ops.EMBEDDING: OpMapping(_place, output_tap, EmbeddingRecord)}
