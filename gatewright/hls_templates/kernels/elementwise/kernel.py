"""A function of one value as a stage of its own: a look-up, a requantizer, a product and sum."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import ClassVar, Protocol

from gatewright.hls_templates import cpp
from gatewright.hls_templates.delays import START, after
from gatewright.hls_templates.kernels.base import Kernel
from gatewright.hls_templates.kernels.timing import Channel, Machine, one_at_a_time, pipelined
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.records import KernelRecord, Placement, Tap
from gatewright.hls_templates.rtl.functions import RtlFunction, row_bits
from gatewright.hls_templates.rtl.pipeline import PipelineWriter
from gatewright.hls_templates.rtl.sv import (
    CLOCK,
    Instance,
    Module,
    RtlStage,
    SvValue,
    reading,
    writing,
)
from gatewright.ir.graph import Node

PASSES = 16
"""Cycles that a beat may take: a head is rarely what a network waits for."""

STAGE_LATENCY = 2
"""Cycles around the function."""


class Applicable(RtlFunction, Protocol):
    """What can be applied to a value."""

    header: ClassVar[str]
    """What a design includes for it."""

    @property
    def ident(self) -> str:
        """The identifier of its parameter struct."""

    @property
    def call(self) -> str:
        """The C++ class with its parameters."""

    @property
    def operators(self) -> tuple[str, ...]:
        """The longest way through its C++, see ``delays``."""

    def params_cpp(self, rows: int, lanes: int) -> str:
        """Its constant arrays and its parameter struct, for rows of lanes."""

    def record(self, place: Placement) -> KernelRecord:
        """What ``3_kernels.json`` says of the kernel that applies it."""


@dataclass(frozen=True, eq=False)
class Elementwise(Kernel):
    """One function for all values of a stream.

    Attributes:
        applied: The function.
        tap: Name of its output tensor.
        sequence: Whether it runs at every time step.
    """

    header: ClassVar[str] = "elementwise.hpp"
    function: ClassVar[str] = "elementwise"

    applied: Applicable
    tap: str
    sequence: bool

    @property
    def headers(self) -> tuple[str, ...]:
        """Its own and the function's."""
        return (self.header, self.applied.header)

    @property
    def lanes(self) -> int:
        """Values a cycle."""
        return ceil(self.input.width / PASSES)

    @property
    def rows(self) -> int:
        """Rows of lanes that make a beat."""
        return ceil(self.input.width / self.lanes)

    @property
    def interval(self) -> int:
        """One beat at a time."""
        return self.rows + self.latency

    @property
    def latency(self) -> int:
        """Cycles from the last row of a beat to its result."""
        return STAGE_LATENCY + self.applied.latency

    def machine(self, reads: Sequence[Channel], writes: Sequence[Channel]) -> Machine:
        """One beat at a time."""
        return one_at_a_time(reads, writes[0], self.rows, self.latency)

    def hls_machine(
        self, reads: Sequence[Channel], writes: Sequence[Channel], clock_ns: float
    ) -> Machine:
        """A beat enters as soon as the rows of the one before have."""
        latency, _ = after(START, ("select", *self.applied.operators, "select"), clock_ns)
        return pipelined(reads, writes[0], self.rows, latency + 1)

    def rtl_module(self) -> Module:
        """Sizes, types and the function's latency."""
        params: dict[str, SvValue] = {
            "CHANNELS": self.input.width,
            "LANES": self.lanes,
            "ROWS": self.rows,
            "X_BITS": self.input.type.bits,
            "Y_BITS": self.output.type.bits,
            "FUNCTION_LATENCY": self.latency - STAGE_LATENCY,
        }
        return Module("gw_elementwise", params)

    def rtl(self, reads: Sequence[str], writes: Sequence[str]) -> RtlStage:
        """The stage and the pipeline of its function."""
        x, y = self.input.type, self.output.type
        writer = PipelineWriter(f"{self.ident}_pipeline", self.lanes, self.rows)
        writer.input("n", x, 0, "n_i", f"u*{x.bits}")
        writer.output("y_o", "y", writer.function(self.applied, "n", 0, "y", y), y)
        ports = reading("in", reads[0]) | writing("out", writes[0])
        return function_stage(self.ident, self.rtl_module(), writer, ports, x.bits, y.bits)

    def params_cpp(self) -> str:
        """The function's parameters and the stream's."""
        members = [
            *self.port_types,
            f"using function = {self.applied.call};",
            *cpp.storage([], [self.applied.ident]),
        ]
        constants: dict[str, int] = {
            "CHANNELS": self.input.width,
            "LANES": self.lanes,
            "ROWS": self.rows,
            "TAP": self.first_tap,
        }
        function = self.applied.params_cpp(self.rows, self.lanes)
        return function + "\n" + cpp.struct(self.ident, constants, members)

    def record(self, place: Placement) -> KernelRecord:
        """The function's."""
        return self.applied.record(place)

    def taps(self) -> tuple[Tap, ...]:
        """Its output."""
        y = self.output
        return (Tap(self.tap, y.width, self.sequence, windows=y.windows),)


def function_stage(
    ident: str,
    stage: Module,
    writer: PipelineWriter,
    streams: Mapping[str, str],
    in_bits: int,
    out_bits: int,
) -> RtlStage:
    """A stage with ``function_..._o`` and the pipeline beside it that is its function.

    Args:
        ident: Of the kernel.
        stage: Its module.
        writer: Of the pipeline, whose inputs come from ``n_i`` and whose result goes to ``y_o``.
        streams: Connections of the stage to its streams.
        in_bits: Of a lane of what enters the pipeline.
        out_bits: Of a lane of its result.
    """
    bits_in, bits_out = writer.lanes * in_bits, writer.lanes * out_bits
    module = writer.finish(f"Function of {ident}.", {"n_i": bits_in})
    wires = {"row": row_bits(writer.rows), "n": bits_in, "y": bits_out}
    ports = {**CLOCK, **streams}
    ports |= {
        "function_row_o": f"{ident}_row",
        "function_data_o": f"{ident}_n",
        "function_data_i": f"{ident}_y",
    }
    beside = {"row_i": f"{ident}_row", "n_i": f"{ident}_n", "y_o": f"{ident}_y"}
    return RtlStage(
        tuple(f"logic [{bits - 1}:0] {ident}_{name};" for name, bits in wires.items()),
        (
            Instance(stage, ident, ports),
            Instance(module, module.ident, CLOCK | beside),
        ),
        (module,),
    )


def place_function(
    mapper: Mapper, node: Node, output: str, function: Callable[[str], Applicable]
) -> None:
    """Place a function of the first input of a node.

    Args:
        mapper: Where.
        node: What is mapped.
        output: The tensor that the function gives.
        function: Makes it, given the identifier of its parameters.
    """
    common = mapper.common(node, node.inputs[:1], [output])
    kernel = Elementwise(
        *common, function(f"{common[0]}_function"), output, mapper.is_sequence(output)
    )
    mapper.append(kernel, [mapper.take(node.inputs[0])], [output])
