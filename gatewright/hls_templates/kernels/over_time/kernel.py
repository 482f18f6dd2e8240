"""Sum and maximum over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gatewright.hls_templates import cpp
from gatewright.hls_templates.delays import addition
from gatewright.hls_templates.kernels.base import Kernel
from gatewright.hls_templates.kernels.timing import Channel, Machine, at_the_end
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import Mappings, OpMapping, output_tap
from gatewright.hls_templates.records import KernelRecord, Placement, Tap
from gatewright.hls_templates.rtl.sv import Module, SvValue
from gatewright.ir import ops
from gatewright.ir.graph import Node


class SumOverTimeRecord(KernelRecord, tag="sum_over_time", frozen=True):
    """The sum of each feature."""


class MaxOverTimeRecord(KernelRecord, tag="max_over_time", frozen=True):
    """The greatest value of each feature."""


@dataclass(frozen=True, eq=False)
class OverTime(Kernel):
    """The sum, or the largest, of each feature's values.

    Attributes:
        tap: Name of its output tensor.
        maximum: Whether it is the largest.
    """

    header: ClassVar[str] = "over_time.hpp"
    function: ClassVar[str] = "over_time"

    tap: str
    maximum: bool

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """The last beat completes the result."""
        return at_the_end(reads[0], writes[0])

    @property
    def hls_loop(self) -> tuple[str, ...]:
        """The result so far."""
        return ("compare" if self.maximum else addition(self.output.type.bits), "select")

    def rtl_module(self) -> Module:
        """Sizes and types."""
        x, y = self.input.type, self.output.type
        params: dict[str, SvValue] = {"WIDTH": self.input.width, "IN_BITS": x.bits}
        params |= {"OUT_BITS": y.bits, "SIGNED": x.signed, "MAXIMUM": self.maximum}
        return Module("gw_over_time", params)

    def params_cpp(self) -> str:
        """Sizes and beats."""
        constants: dict[str, int] = {
            "WIDTH": self.input.width,
            "TAP": self.first_tap,
            "MAXIMUM": self.maximum,
            "START": self.input.type.lo if self.maximum else 0,
        }
        members = [*self.port_types, f"using acc_t = {cpp.word(self.output.type)};"]
        return cpp.struct(self.ident, constants, members)

    def record(self, place: Placement) -> SumOverTimeRecord | MaxOverTimeRecord:
        """Which of the two."""
        return MaxOverTimeRecord(**place) if self.maximum else SumOverTimeRecord(**place)

    def taps(self) -> tuple[Tap, ...]:
        """The result."""
        return (Tap(self.tap, self.output.width, False),)


def _place(mapper: Mapper, node: Node) -> None:
    common = mapper.common(node, node.inputs, node.outputs)
    kernel = OverTime(*common, node.outputs[0], node.op == ops.REDUCE_MAX)
    mapper.append(kernel, [mapper.take(node.inputs[0])], node.outputs)


MAPPINGS: Mappings = {
    ops.REDUCE_MAX: OpMapping(_place, output_tap, MaxOverTimeRecord),
    ops.REDUCE_SUM: OpMapping(_place, output_tap, SumOverTimeRecord),
}
