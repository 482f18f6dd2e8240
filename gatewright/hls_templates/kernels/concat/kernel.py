"""Features of several streams side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from gatewright.files.records import Count
from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.base import Kernel
from gatewright.hls_templates.kernels.timing import Channel, Machine, lockstep
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import Mappings, OpMapping, no_tap
from gatewright.hls_templates.records import KernelRecord, Placement
from gatewright.hls_templates.rtl.sv import (
    CLOCK,
    SIDES,
    Bits,
    Instance,
    Module,
    RtlStage,
    SvValue,
    beside,
    writing,
)
from gatewright.ir import ops
from gatewright.ir.graph import Node


class ConcatRecord(KernelRecord, tag="concat", kw_only=True, frozen=True):
    """Several streams side by side.

    Attributes:
        widths: Values of a beat of each.
    """

    widths: tuple[Count, ...]


@dataclass(frozen=True, eq=False)
class ConcatKernel(Kernel):
    """One beat out of a beat of each input."""

    header: ClassVar[str] = "concat.hpp"
    function: ClassVar[str] = "concat"

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """A beat of every input at once."""
        return lockstep(reads, writes)

    def rtl_module(self) -> Module:
        """Sizes and types of all inputs."""
        count = len(self.inputs)
        signed = sum(port.type.signed << n for n, port in enumerate(self.inputs))
        params: dict[str, SvValue] = {
            "INPUTS": count,
            "WIDTHS": _numbers(port.width for port in self.inputs),
            "BITS": _numbers(port.type.bits for port in self.inputs),
            "SIGNED": Bits(count, signed),
            "IN_BEAT_BITS": sum(port.bits for port in self.inputs),
            "OUT_WIDTH": self.output.width,
            "OUT_BITS": self.output.type.bits,
        }
        return Module("gw_concat", params)

    def rtl(self, reads: Sequence[str], writes: Sequence[str]) -> RtlStage:
        """The first input is the lowest bit of the handshakes."""
        ports = CLOCK | writing("out", writes[0])
        for what, suffix in SIDES.items():
            ports[f"in_{what}_{suffix[0]}"] = beside(f"{name}_{what}" for name in reads)
        return RtlStage((), (Instance(self.rtl_module(), self.ident, ports),))

    def params_cpp(self) -> str:
        """The beat."""
        return cpp.struct(self.ident, {}, [f"using out_beat = {self.output.beat};"])

    def arguments(self, reads: tuple[str, ...], writes: tuple[str, ...]) -> tuple[str, ...]:
        """The output comes first, before any number of inputs."""
        return (*writes, *reads)

    def record(self, place: Placement) -> ConcatRecord:
        """The widths."""
        return ConcatRecord(**place, widths=tuple(port.width for port in self.inputs))


def _numbers(values: Iterable[int]) -> Bits:
    """Numbers of 32 bits side by side, the first lowest."""
    numbers = list(values)
    return Bits(32 * len(numbers), sum(number << 32 * n for n, number in enumerate(numbers)))


def _place(mapper: Mapper, node: Node) -> None:
    common = mapper.common(node, node.inputs, node.outputs)
    mapper.append(ConcatKernel(*common), [mapper.take(name) for name in node.inputs], node.outputs)


MAPPINGS: Mappings = {ops.CONCAT: OpMapping(_place, no_tap, ConcatRecord)}
