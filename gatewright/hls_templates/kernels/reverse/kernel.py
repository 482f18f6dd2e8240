"""Reversal of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gatewright.files.records import Count
from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.base import Kernel
from gatewright.hls_templates.kernels.timing import Channel, Machine
from gatewright.hls_templates.records import KernelRecord, Placement
from gatewright.hls_templates.rtl.sv import Module


class ReverseRecord(KernelRecord, tag="reverse", kw_only=True, frozen=True):
    """A sequence from its end to its beginning.

    Attributes:
        max_steps: The longest that it buffers.
        flag: The port that tells of a longer one.
    """

    max_steps: Count
    flag: str


@dataclass(frozen=True, eq=False)
class Reverse(Kernel):
    """A sequence from its end to its beginning.

    Attributes:
        max_steps: Longest sequence its buffer holds.
        flag: Name of the port that tells of a longer one.
    """

    header: ClassVar[str] = "reverse.hpp"
    function: ClassVar[str] = "reverse"

    max_steps: int
    flag: str

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """Fill, then read back through the register of the RAM; the last read ends it."""
        read, write = reads[0], writes[0]
        count, filling, held, last = 0, True, False, False
        while True:
            if held and write.ready:
                write.push(last)
                held = False
            if filling:
                if read.valid:
                    read.pop()
                    count += 1
                    filling = not read.last
            elif not held:
                count -= 1
                held, last = True, count == 0
                filling = last
            yield

    def rtl_module(self) -> Module:
        """The beat and the buffer's size."""
        params = {"BEAT_BITS": self.input.bits, "MAX_STEPS": self.max_steps}
        return Module("gw_reverse", params)

    def params_cpp(self) -> str:
        """The buffer's size and the beat."""
        constants: dict[str, int] = {"MAX_STEPS": self.max_steps}
        return cpp.struct(self.ident, constants, [f"using beat_t = {self.input.beat};"])

    def flags(self) -> tuple[str, ...]:
        """That of its buffer."""
        return (self.flag,)

    def arguments(self, reads: tuple[str, ...], writes: tuple[str, ...]) -> tuple[str, ...]:
        """The flag comes last."""
        return (*reads, *writes, self.flag)

    def record(self, place: Placement) -> ReverseRecord:
        """The buffer."""
        return ReverseRecord(**place, max_steps=self.max_steps, flag=self.flag)
