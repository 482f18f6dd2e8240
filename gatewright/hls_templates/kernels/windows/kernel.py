"""Windows over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gatewright.files.records import Count
from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.base import Kernel
from gatewright.hls_templates.kernels.timing import Channel, Machine
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import Mappings, OpMapping, no_tap
from gatewright.hls_templates.records import KernelRecord, Placement
from gatewright.hls_templates.rtl.sv import Bits, Module, SvValue
from gatewright.ir import ops
from gatewright.ir.graph import Node


class WindowsRecord(KernelRecord, tag="windows", kw_only=True, frozen=True):
    """Some steps side by side.

    Attributes:
        kernel: How many.
        dilation: From one of them to the next.
        stride: From one window to the next.
        before: Steps that stand before a sequence.
        after: Steps that stand behind it.
    """

    kernel: Count
    dilation: Count
    stride: Count
    before: Count
    after: Count


@dataclass(frozen=True, eq=False)
class WindowsKernel(Kernel):
    """Steps of a sequence side by side.

    Attributes:
        kernel: Steps of a window.
        dilation: From one of them to the next.
        stride: From one window to the next.
        before: Steps that stand before a sequence.
        after: Steps that stand behind it.
        pad: The value of those.
    """

    header: ClassVar[str] = "windows.hpp"
    function: ClassVar[str] = "windows"
    kept: ClassVar[str] = "windows_state"

    kernel: int
    dilation: int
    stride: int
    before: int
    after: int
    pad: int

    @property
    def span(self) -> int:
        """Steps from the first to the last of a window, both included."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def late(self) -> int:
        """Beats that a window waits, until it is known whether another one follows."""
        return max(0, self.stride - 1 - self.after)

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """A beat a cycle, then those that stand behind the sequence."""
        read, write = reads[0], writes[0]
        while True:
            due, behind, ended = self.span + self.late - 1 - self.before, self.after + self.late, 0
            done = False
            while not done:
                while not ((ended or read.valid) and (due or write.ready)):
                    yield
                here = ended
                ended = ended or read.last
                over = bool(ended) and behind < self.stride
                done = over and (not due or not behind)
                if not here:
                    read.pop()
                if not due:
                    write.push(over)
                due = due - 1 if due else self.stride - 1
                behind -= bool(ended)
                yield

    @property
    def hls_loop(self) -> tuple[str, ...]:
        """Whether a window is whole."""
        return ("select", "add", "narrow_compare")

    def rtl_module(self) -> Module:
        """The beat, and where windows are."""
        type_, width = self.input.type, self.input.width
        lane = self.pad & ((1 << type_.bits) - 1)
        word = sum(lane << (i * type_.bits) for i in range(width))
        params: dict[str, SvValue] = {"BEAT_BITS": self.input.bits, "KERNEL": self.kernel}
        params |= {"DILATION": self.dilation, "STRIDE": self.stride}
        params |= {"BEFORE": self.before, "AFTER": self.after}
        params |= {"PAD": Bits(self.input.bits, word)}
        return Module("gw_windows", params)

    def params_cpp(self) -> str:
        """Sizes and beats."""
        constants: dict[str, int] = {
            "WIDTH": self.input.width,
            "KERNEL": self.kernel,
            "DILATION": self.dilation,
            "STRIDE": self.stride,
            "BEFORE": self.before,
            "AFTER": self.after,
            "SPAN": self.span,
            "LATE": self.late,
            "PAD": self.pad,
        }
        return cpp.struct(self.ident, constants, self.port_types)

    def record(self, place: Placement) -> WindowsRecord:
        """Where windows are."""
        return WindowsRecord(
            **place,
            kernel=self.kernel,
            dilation=self.dilation,
            stride=self.stride,
            before=self.before,
            after=self.after,
        )


def _place(mapper: Mapper, node: Node) -> None:
    common = mapper.common(node, node.inputs, node.outputs)
    names = ("kernel", "dilation", "stride", "before", "after", "pad")
    kernel = WindowsKernel(*common, *(int(node.attrs[name]) for name in names))
    assert kernel.input.type.bits == kernel.output.type.bits, "padding has room in a step's word"
    mapper.append(kernel, [mapper.take(node.inputs[0])], node.outputs)


MAPPINGS: Mappings = {ops.WINDOW: OpMapping(_place, no_tap, WindowsRecord)}
