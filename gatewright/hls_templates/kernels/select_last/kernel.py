"""Time-step selection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.base import Kernel
from gatewright.hls_templates.kernels.timing import Channel, Machine, at_the_end
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import Mappings, OpMapping, no_tap
from gatewright.hls_templates.records import KernelRecord, Placement
from gatewright.hls_templates.rtl.sv import Module
from gatewright.ir import ops
from gatewright.ir.graph import Node


class SelectLastRecord(KernelRecord, tag="select_last", frozen=True):
    """The last step of a sequence."""


@dataclass(frozen=True, eq=False)
class SelectLastKernel(Kernel):
    """The last beat of a sequence."""

    header: ClassVar[str] = "select_last.hpp"
    function: ClassVar[str] = "select_last"

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """What comes before the last beat vanishes."""
        return at_the_end(reads[0], writes[0])

    def rtl_module(self) -> Module:
        """The beat."""
        return Module("gw_select_last", {"BEAT_BITS": self.input.bits})

    def params_cpp(self) -> str:
        """The beat."""
        return cpp.struct(self.ident, {}, [f"using beat_t = {self.input.beat};"])

    def record(self, place: Placement) -> SelectLastRecord:
        """Nothing to add."""
        return SelectLastRecord(**place)


def _place(mapper: Mapper, node: Node) -> None:
    kernel = SelectLastKernel(*mapper.common(node, node.inputs, node.outputs))
    mapper.append(kernel, [mapper.take(node.inputs[0])], node.outputs)


MAPPINGS: Mappings = {ops.SELECT_LAST: OpMapping(_place, no_tap, SelectLastRecord)}
