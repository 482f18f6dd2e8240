"""Reductions of a window: the largest or the sum of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gatewright.files.records import Count
from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.base import Kernel
from gatewright.hls_templates.kernels.timing import Channel, Machine, lockstep
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import Mappings, OpMapping, no_tap
from gatewright.hls_templates.records import KernelRecord, Placement
from gatewright.hls_templates.rtl.sv import Module, SvValue
from gatewright.ir import ops
from gatewright.ir.graph import Node


class GroupsRecord(KernelRecord, tag="groups", kw_only=True, frozen=True):
    """Groups of a beat's values, reduced value by value.

    Attributes:
        kernel: How many.
        maximum: Whether to the largest; else to the sum.
    """

    kernel: Count
    maximum: bool


@dataclass(frozen=True, eq=False)
class GroupsKernel(Kernel):
    """The largest, or the sum, of groups of values.

    Attributes:
        kernel: How many groups.
        maximum: Whether it is the largest.
    """

    header: ClassVar[str] = "groups.hpp"
    function: ClassVar[str] = "groups"

    kernel: int
    maximum: bool

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """Beat by beat."""
        return lockstep(reads, writes)

    def rtl_module(self) -> Module:
        """Sizes and types."""
        x, y = self.input.type, self.output.type
        params: dict[str, SvValue] = {"WIDTH": self.output.width, "KERNEL": self.kernel}
        params |= {"IN_BITS": x.bits, "OUT_BITS": y.bits}
        params |= {"SIGNED": x.signed, "MAXIMUM": self.maximum}
        return Module("gw_groups", params)

    def params_cpp(self) -> str:
        """Sizes and beats."""
        constants: dict[str, int] = {
            "WIDTH": self.output.width,
            "KERNEL": self.kernel,
            "MAXIMUM": self.maximum,
        }
        members = [*self.port_types, f"using acc_t = {cpp.word(self.output.type)};"]
        return cpp.struct(self.ident, constants, members)

    def record(self, place: Placement) -> GroupsRecord:
        """Which of the two."""
        return GroupsRecord(**place, kernel=self.kernel, maximum=self.maximum)


def _place(mapper: Mapper, node: Node) -> None:
    common = mapper.common(node, node.inputs, node.outputs)
    kernel = GroupsKernel(*common, int(node.attrs["kernel"]), node.op == ops.GROUP_MAX)
    mapper.append(kernel, [mapper.take(node.inputs[0])], node.outputs)


MAPPINGS: Mappings = {
    ops.GROUP_MAX: OpMapping(_place, no_tap, GroupsRecord),
    ops.GROUP_SUM: OpMapping(_place, no_tap, GroupsRecord),
}
