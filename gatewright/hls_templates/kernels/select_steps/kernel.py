"""Selection of time steps by their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import msgspec

from gatewright.files.records import Count
from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.base import Kernel
from gatewright.hls_templates.kernels.timing import Channel, Machine
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import Mappings, OpMapping, no_tap
from gatewright.hls_templates.records import KernelRecord, Placement
from gatewright.hls_templates.rtl.sv import Module, SvValue
from gatewright.ir import ops
from gatewright.ir.graph import Node
from gatewright.ir.ops.sequence import taken_by
from gatewright.ir.steps import Taken


class SelectStepsRecord(KernelRecord, tag="select_steps", kw_only=True, frozen=True):
    """Some steps of a sequence.

    Attributes:
        first: The number of the first one.
        stride: From one of them to the next.
        count: How many.
    """

    first: Annotated[int, msgspec.Meta(ge=0, le=2**32)]
    stride: Count
    count: Count


@dataclass(frozen=True, eq=False)
class SelectStepsKernel(Kernel):
    """Some beats of a sequence.

    Attributes:
        taken: Which.
    """

    header: ClassVar[str] = "select_steps.hpp"
    function: ClassVar[str] = "select_steps"

    taken: Taken

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """A beat a cycle is taken; what is not kept vanishes."""
        read, write = reads[0], writes[0]
        while True:
            due, left, ended = self.taken.first, self.taken.count, False
            while not ended:
                kept = due == 0 and left > 0
                while not (read.valid and (write.ready or not kept)):
                    yield
                ended = read.last
                read.pop()
                if kept:
                    write.push(left == 1)
                    left -= 1
                due = due - 1 if due else self.taken.stride - 1
                yield

    @property
    def hls_loop(self) -> tuple[str, ...]:
        """Whether a beat is kept."""
        return ("select", "add", "narrow_compare")

    @property
    def _sizes(self) -> dict[str, int]:
        taken = self.taken
        return {"FIRST": taken.first, "STRIDE": taken.stride, "COUNT": taken.count}

    def rtl_module(self) -> Module:
        """The beat, and which are kept."""
        params: dict[str, SvValue] = {"BEAT_BITS": self.input.bits, **self._sizes}
        return Module("gw_select_steps", params)

    def params_cpp(self) -> str:
        """The same."""
        return cpp.struct(self.ident, self._sizes, [f"using beat_t = {self.input.beat};"])

    def record(self, place: Placement) -> SelectStepsRecord:
        """Which are kept."""
        taken = self.taken
        return SelectStepsRecord(**place, first=taken.first, stride=taken.stride, count=taken.count)


def _place(mapper: Mapper, node: Node) -> None:
    kernel = SelectStepsKernel(*mapper.common(node, node.inputs, node.outputs), taken_by(node))
    mapper.append(kernel, [mapper.take(node.inputs[0])], node.outputs)


MAPPINGS: Mappings = {ops.SELECT_STEPS: OpMapping(_place, no_tap, SelectStepsRecord)}
