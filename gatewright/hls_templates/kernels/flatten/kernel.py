"""Flattening over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gatewright.files.records import Count
from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.base import Kernel
from gatewright.hls_templates.kernels.timing import Channel, Machine, at_the_end
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import Mappings, OpMapping, no_tap
from gatewright.hls_templates.records import KernelRecord, Placement
from gatewright.hls_templates.rtl.sv import Module
from gatewright.ir import ops
from gatewright.ir.graph import Node


class FlattenRecord(KernelRecord, tag="flatten", kw_only=True, frozen=True):
    """All steps of a sequence as one beat.

    Attributes:
        steps: Of the sequence.
    """

    steps: Count


@dataclass(frozen=True, eq=False)
class FlattenKernel(Kernel):
    """All beats of a sequence of fixed length side by side."""

    header: ClassVar[str] = "flatten.hpp"
    function: ClassVar[str] = "flatten"

    steps: int

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """The last beat completes the others."""
        return at_the_end(reads[0], writes[0])

    def rtl_module(self) -> Module:
        """The beat and the sequence length."""
        return Module("gw_flatten", {"BEAT_BITS": self.input.bits, "STEPS": self.steps})

    def params_cpp(self) -> str:
        """Sizes and beats."""
        constants: dict[str, int] = {"STEPS": self.steps, "WIDTH": self.input.width}
        return cpp.struct(self.ident, constants, self.port_types)

    def record(self, place: Placement) -> FlattenRecord:
        """The sequence length."""
        return FlattenRecord(**place, steps=self.steps)


def _place(mapper: Mapper, node: Node) -> None:
    common = mapper.common(node, node.inputs, node.outputs)
    x = mapper.port(node.inputs[0])
    kernel = FlattenKernel(*common, x.steps.count(int(node.attrs["steps"])))
    mapper.append(kernel, [mapper.take(node.inputs[0])], node.outputs)


MAPPINGS: Mappings = {ops.FLATTEN: OpMapping(_place, no_tap, FlattenRecord)}
