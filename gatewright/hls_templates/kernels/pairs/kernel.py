"""Sums, differences and products of two streams, value by value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import ClassVar, Literal

from gatewright.hls_templates import cpp
from gatewright.hls_templates.delays import START, addition, after, product
from gatewright.hls_templates.kernels.base import Kernel
from gatewright.hls_templates.kernels.elementwise.kernel import (
    PASSES,
    STAGE_LATENCY,
    function_stage,
)
from gatewright.hls_templates.kernels.timing import Channel, Machine, one_at_a_time, pipelined
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import Mappings, OfTwo, OpMapping, output_tap
from gatewright.hls_templates.records import KernelRecord, Placement, Tap
from gatewright.hls_templates.rtl.cut import cycles
from gatewright.hls_templates.rtl.pipeline import BINARY, PipelineWriter
from gatewright.hls_templates.rtl.sv import Module, RtlStage, SvValue, reading, writing
from gatewright.ir import ops
from gatewright.ir.graph import Node, Op
from gatewright.ir.types import IntType

Operation = Literal["sum", "difference", "product"]
_NAMES: dict[Op, Operation] = {ops.ADD: "sum", ops.SUB: "difference", ops.MUL: "product"}


class PairsRecord(KernelRecord, tag="pairs", kw_only=True, frozen=True):
    """Two streams value by value.

    Attributes:
        operation: What is made of two values: ``sum``, ``difference`` or ``product``.
    """

    operation: Operation


@dataclass(frozen=True, eq=False)
class PairsKernel(Kernel):
    """One operation on all pairs of values of two streams.

    Attributes:
        op: ``Add``, ``Sub`` or ``Mul``.
        tap: Name of its output tensor.
        sequence: Whether it runs at every time step.
    """

    header: ClassVar[str] = "pairs.hpp"
    function: ClassVar[str] = "pairs"

    op: Op
    tap: str
    sequence: bool

    @property
    def lanes(self) -> int:
        """PairsKernel a cycle."""
        return ceil(self.output.width / PASSES)

    @property
    def rows(self) -> int:
        """Rows of lanes that make a beat."""
        return ceil(self.output.width / self.lanes)

    @property
    def interval(self) -> int:
        """One beat at a time."""
        return self.rows + self.latency

    @property
    def latency(self) -> int:
        """Cycles from the last row of a beat to its result."""
        a, b = (port.type.bits for port in self.inputs)
        return STAGE_LATENCY + cycles(BINARY[self.op].chain(a, b))

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """One beat of both at a time."""
        return one_at_a_time(reads, writes[0], self.rows, self.latency)

    @property
    def operators(self) -> tuple[str, ...]:
        """The longest way through its C++, see ``delays``."""
        if self.op == ops.MUL:
            return product(*(port.type.bits for port in self.inputs))
        return (addition(self.output.type.bits),)

    def hls_machine(
        self, reads: Sequence[Channel], writes: Sequence[Channel], clock_ns: float
    ) -> Machine:
        """Beats enter as soon as the rows of those before have."""
        latency, _ = after(START, ("select", *self.operators, "select"), clock_ns)
        return pipelined(reads, writes[0], self.rows, latency + 1)

    def rtl_module(self) -> Module:
        """Sizes, types and the latency of the operation."""
        a, b = self.inputs
        params: dict[str, SvValue] = {
            "CHANNELS": self.output.width,
            "LANES": self.lanes,
            "ROWS": self.rows,
            "A_BITS": a.type.bits,
            "B_BITS": b.type.bits,
            "Y_BITS": self.output.type.bits,
            "FUNCTION_LATENCY": self.latency - STAGE_LATENCY,
        }
        return Module("gw_pairs", params)

    def rtl(self, reads: Sequence[str], writes: Sequence[str]) -> RtlStage:
        """The stage and the pipeline of the operation."""
        (a, b), y = (port.type for port in self.inputs), self.output.type
        bits = a.bits + b.bits
        writer = PipelineWriter(f"{self.ident}_pipeline", self.lanes, self.rows)
        writer.input("a", a, 0, "n_i", f"u*{bits}")
        writer.input("b", b, 0, "n_i", f"u*{bits}+{a.bits}")
        writer.output("y_o", "y", writer.binary(self.op, (("a", a), ("b", b)), 0, "y", y), y)
        ports = reading("a", reads[0]) | reading("b", reads[1]) | writing("out", writes[0])
        return function_stage(self.ident, self.rtl_module(), writer, ports, bits, y.bits)

    def params_cpp(self) -> str:
        """Sizes, beats and the operation."""
        a, b = self.inputs
        wide = IntType.hull([a.type, b.type, self.output.type])
        members = [
            f"using a_beat = {a.beat};",
            f"using b_beat = {b.beat};",
            f"using out_beat = {self.output.beat};",
            f"using wide_t = {cpp.word(wide)};",
        ]
        constants: dict[str, int] = {
            "CHANNELS": self.output.width,
            "LANES": self.lanes,
            "ROWS": self.rows,
            "TAP": self.first_tap,
            "SUBTRACT": self.op == ops.SUB,
            "MULTIPLY": self.op == ops.MUL,
        }
        return cpp.struct(self.ident, constants, members)

    def record(self, place: Placement) -> PairsRecord:
        """The operation."""
        return PairsRecord(**place, operation=_NAMES[self.op])

    def taps(self) -> tuple[Tap, ...]:
        """Its output."""
        y = self.output
        return (Tap(self.tap, y.width, self.sequence, windows=y.windows),)


def _place(mapper: Mapper, node: Node) -> None:
    output = node.outputs[0]
    common = mapper.common(node, node.inputs, node.outputs)
    kernel = PairsKernel(*common, node.op, output, mapper.is_sequence(output))
    mapper.append(kernel, [mapper.take(name) for name in node.inputs], node.outputs)


MAPPINGS: Mappings = {OfTwo(op): OpMapping(_place, output_tap, PairsRecord) for op in _NAMES}
