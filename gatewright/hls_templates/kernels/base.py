"""What every kernel says about itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from msgspec import UnsetType

from gatewright.hls_templates import cpp
from gatewright.hls_templates.delays import interval
from gatewright.hls_templates.kernels.timing import Channel, Machine
from gatewright.hls_templates.project.names import LIBRARY, MACROS, Names
from gatewright.hls_templates.records import (
    KernelRecord,
    Placement,
    StateTap,
    StepsRecord,
    Tap,
)
from gatewright.hls_templates.rtl.sv import (
    CLOCK,
    Instance,
    Module,
    RtlStage,
    reading,
    writing,
)
from gatewright.ir.steps import EVERY, StepCount
from gatewright.ir.types import IntType


@dataclass(frozen=True)
class Port:
    """The beats a kernel reads or writes.

    Attributes:
        width: Values of a beat.
        type: Range of a value.
        steps: How many a sequence has, where there is one a time step.
    """

    width: int
    type: IntType
    steps: StepCount = EVERY

    @property
    def windows(self) -> StepsRecord | UnsetType:
        """What records say of that."""
        return StepsRecord.of(self.steps)

    @property
    def bits(self) -> int:
        """Bits of a beat."""
        return self.width * self.type.bits

    @property
    def beat(self) -> str:
        """The C++ type."""
        return f"{LIBRARY}::beat<{cpp.word(self.type)}, {self.width}>"


@dataclass(frozen=True)
class Kernel(ABC):
    """One kind of work of the dataflow, with its parameters.

    Attributes:
        ident: C++ identifier of its parameter struct.
        source: Path of the torch module it comes from.
        inputs: What it reads.
        outputs: What it writes.
        first_tap: Number of its first tap.
    """

    header: ClassVar[str]
    function: ClassVar[str]
    keeps_state: ClassVar[bool] = False
    """Whether it has a state that outlives a beat of its stream, and that it shows."""
    kept: ClassVar[str | None] = None
    """The struct of ``header`` that holds what its C++ keeps from a sequence to the next."""
    ident: str
    source: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    first_tap: int

    @property
    def headers(self) -> tuple[str, ...]:
        """What a design includes for it."""
        return (self.header,)

    @property
    def interval(self) -> int:
        """Cycles from one beat to the next, at best: how deep its streams have to be."""
        return 1

    @abstractmethod
    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """Its control, clock cycle by clock cycle; see ``timing``."""

    def hls_machine(
        self, reads: Sequence[Channel], writes: Sequence[Channel], clock_ns: float
    ) -> Machine:
        """The same of its C++, in the pipeline that an HLS tool is taken to make of it.

        Args:
            reads: What it reads.
            writes: What it writes.
            clock_ns: The clock period, in nanoseconds.
        """
        return self.machine(reads, writes)

    @property
    def hls_loop(self) -> tuple[str, ...]:
        """Operators from a pass of its C++ to the next, in order; see ``delays``."""
        return ()

    def hls_interval(self, clock_ns: float) -> int:
        """Cycles between passes of its C++ that its operators need.

        Args:
            clock_ns: The clock period, in nanoseconds.
        """
        return interval(self.hls_loop, clock_ns)

    @abstractmethod
    def rtl_module(self) -> Module:
        """Its SystemVerilog module, with its parameters applied."""

    def rtl(self, reads: Sequence[str], writes: Sequence[str]) -> RtlStage:
        """Its place in the core, between streams by name."""
        ports = CLOCK | reading("in", reads[0]) | writing("out", writes[0])
        return RtlStage((), (Instance(self.rtl_module(), self.ident, ports),))

    @abstractmethod
    def params_cpp(self) -> str:
        """Its constant arrays and its parameter struct."""

    @abstractmethod
    def record(self, place: Placement) -> KernelRecord:
        """What ``3_kernels.json`` says of it: its parameters, constant arrays left out."""

    def taps(self) -> tuple[Tap, ...]:
        """Taps in the order of their numbers."""
        return ()

    def rtl_taps(self) -> tuple[StateTap, ...]:
        """The tap ports of the core that show its states, and how to read them."""
        return ()

    def flags(self) -> tuple[str, ...]:
        """Ports that tell of a sequence that is too long for it."""
        return ()

    def arguments(self, reads: tuple[str, ...], writes: tuple[str, ...]) -> tuple[str, ...]:
        """The arguments of its C++ function, by the names of its streams.

        What it keeps comes first, where the host brings it.
        """
        first, *others = (*reads, *writes)
        if self.kept is None:
            return (first, *others)
        return (f"{MACROS}_KEPT_ARGUMENT({self.ident}) {first}", *others)

    @property
    def input(self) -> Port:
        """The first thing it reads."""
        return self.inputs[0]

    @property
    def output(self) -> Port:
        """The first thing it writes."""
        return self.outputs[0]

    @property
    def port_types(self) -> list[str]:
        """Member types for the two beats."""
        return [f"using in_beat = {self.input.beat};", f"using out_beat = {self.output.beat};"]

    def call(self, names: Names) -> str:
        """The C++ function, with its parameters applied."""
        return f"{LIBRARY}::{self.function}<{names.namespace}::{self.ident}>"
