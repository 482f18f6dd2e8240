"""The class of the largest value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.base import Kernel
from gatewright.hls_templates.kernels.timing import Channel, Machine, held
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import Mappings, OpMapping, output_tap
from gatewright.hls_templates.records import KernelRecord, Placement, Tap
from gatewright.hls_templates.rtl.sv import Module, SvValue
from gatewright.ir import ops
from gatewright.ir.graph import Node


class ArgMaxRecord(KernelRecord, tag="argmax", frozen=True):
    """An index of the greatest."""


@dataclass(frozen=True, eq=False)
class ArgMaxKernel(Kernel):
    """The index of the first of the largest values.

    Attributes:
        tap: Name of its output tensor.
        sequence: Whether it runs at every time step.
    """

    header: ClassVar[str] = "argmax.hpp"
    function: ClassVar[str] = "argmax"

    tap: str
    sequence: bool

    @property
    def interval(self) -> int:
        """One class a cycle."""
        return self.input.width

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """The classes one by one; with the last of them the answer."""
        return held(reads[0], writes[0], self.input.width - 1)

    def rtl_module(self) -> Module:
        """Sizes and types."""
        x = self.input.type
        params: dict[str, SvValue] = {"CLASSES": self.input.width, "BITS": x.bits}
        params |= {"SIGNED": x.signed, "INDEX_BITS": self.output.type.bits}
        return Module("gw_argmax", params)

    def params_cpp(self) -> str:
        """The number of classes and the beats."""
        constants: dict[str, int] = {"CLASSES": self.input.width, "TAP": self.first_tap}
        members = [*self.port_types, f"using index_t = {cpp.word(self.output.type)};"]
        return cpp.struct(self.ident, constants, members)

    def record(self, place: Placement) -> ArgMaxRecord:
        """Nothing to add."""
        return ArgMaxRecord(**place)

    def taps(self) -> tuple[Tap, ...]:
        """The index."""
        return (Tap(self.tap, 1, self.sequence, windows=self.output.windows),)


def _place(mapper: Mapper, node: Node) -> None:
    common, output = mapper.common(node, node.inputs, node.outputs), node.outputs[0]
    kernel = ArgMaxKernel(*common, output, mapper.is_sequence(output))
    mapper.append(kernel, [mapper.take(node.inputs[0])], node.outputs)


MAPPINGS: Mappings = {ops.ARGMAX: OpMapping(_place, output_tap, ArgMaxRecord)}
