"""A design: kernels and the streams between them, from AXI4-Stream ports to AXI4-Stream ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

from gatewright.hls_templates.kernels.axis.kernel import AxisPort, Lengths
from gatewright.hls_templates.kernels.base import Kernel, Port
from gatewright.hls_templates.kernels.timing import Channel, simulate, sink, source
from gatewright.hls_templates.mapping.options import DEFAULT_CLOCK_NS
from gatewright.hls_templates.project.names import DEFAULT_NAME, Names
from gatewright.hls_templates.records import (
    SCHEMA,
    KernelRecord,
    KernelsDocument,
    Placement,
    QuantizerRecord,
    RtlRecord,
    StreamRecord,
    Tap,
)
from gatewright.hls_templates.rtl.sv import RtlStage

FEW_SEQUENCES = 4
"""After so many, mostly, each takes as long as the one before."""
STEADY_STEPS = 128
"""Time steps after which the pace of a design is taken for what it stays."""


@dataclass(frozen=True)
class Fifo:
    """A FIFO with one writer and one reader.

    Attributes:
        name: Its C++ identifier.
        port: Its beats.
        sequence: Whether there is a beat each time step, rather than one a sequence.
        depth: Beats it has to hold: 1, 2 (a beat a cycle can go through), or more of them.
    """

    name: str
    port: Port
    sequence: bool
    depth: int = 2

    @property
    def deep(self) -> bool:
        """Whether it has to hold beats, rather than only to pass them on."""
        return self.depth > 2

    def beats(self, steps: int) -> int:
        """Of a sequence of so many time steps."""
        return self.port.steps.count(steps) if self.sequence else 1

    def record(self) -> StreamRecord:
        """For ``3_kernels.json``."""
        low, high = self.port.type.lo, self.port.type.hi
        return StreamRecord(self.name, self.sequence, self.depth, self.port.width, low, high)

    def deeper(self, depth: int) -> Fifo:
        """The same with room for ``depth`` beats."""
        return replace(self, depth=depth)


def fifo_depth(stream: Fifo, interval: int) -> int:
    """Beats a stream holds: a second register pays only where a beat could come every cycle.

    Args:
        stream: The stream.
        interval: Cycles from beat to beat of the slower of its two ends.
    """
    if stream.deep:
        return stream.depth
    return 2 if stream.sequence and interval == 1 else 1


@dataclass(frozen=True, eq=False)
class Stage:
    """A kernel in its place.

    Attributes:
        kernel: What is done.
        reads: Names of its input streams.
        writes: Names of its output streams.
    """

    kernel: Kernel
    reads: tuple[str, ...]
    writes: tuple[str, ...]

    def call(self, names: Names) -> str:
        """The C++ call."""
        arguments = ", ".join(self.kernel.arguments(self.reads, self.writes))
        return f"{self.kernel.call(names)}({arguments})"

    def rtl(self) -> RtlStage:
        """The kernel between its streams in SystemVerilog."""
        return self.kernel.rtl(self.reads, self.writes)


@dataclass(frozen=True, eq=False)
class Design:
    """Stages in topological order between stream ports.

    Attributes:
        stages: The kernels.
        inputs: In the order of the integer graph's inputs.
        outputs: In the order of its outputs.
        streams: By name.
        max_steps: Longest sequence it can take, or None for any.
        fixed_steps: The only length of a sequence that its model takes, or None.
    """

    stages: tuple[Stage, ...]
    inputs: tuple[AxisPort, ...]
    outputs: tuple[AxisPort, ...]
    streams: Mapping[str, Fifo]
    max_steps: int | None
    fixed_steps: int | None = None

    def __post_init__(self) -> None:
        writes = [n for stage in self.stages for n in stage.writes]
        reads = [n for stage in self.stages for n in stage.reads]
        for ends in (
            writes + [port.stream for port in self.inputs],
            reads + [port.stream for port in self.outputs],
        ):
            assert sorted(ends) == sorted(self.streams), "a stream has one writer and one reader"

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """The kernels in order."""
        return tuple(stage.kernel for stage in self.stages)

    @property
    def lengths(self) -> Lengths:
        """Time steps that a sequence may have."""
        return Lengths(self.max_steps, self.fixed_steps)

    @property
    def matched(self) -> tuple[AxisPort, ...]:
        """Inputs that have to be given equally many steps, if no number tells how many."""
        ports = tuple(port for port in self.inputs if port.sequence)
        return ports if len(ports) > 1 and self.fixed_steps is None else ()

    def matches(self) -> dict[str, tuple[str, ...]]:
        """For each input what names the wires of each ``gw_axis_match`` that holds it."""
        found: dict[str, tuple[str, ...]] = {port.name: () for port in self.inputs}
        for port in self.matched[1:]:
            found[self.matched[0].name] += (f"{port.name}_a",)
            found[port.name] = (f"{port.name}_b",)
        return found

    def reaching(self, output: AxisPort) -> tuple[AxisPort, ...]:
        """The inputs on which an output depends."""
        needed = {output.stream}
        for stage in reversed(self.stages):
            if needed.intersection(stage.writes):
                needed.update(stage.reads)
        return tuple(port for port in self.inputs if port.stream in needed)

    @property
    def layers(self) -> tuple[Kernel, ...]:
        """The kernels that keep a state."""
        return tuple(kernel for kernel in self.kernels if kernel.keeps_state)

    @property
    def keeping(self) -> tuple[Kernel, ...]:
        """The kernels that keep anything from a sequence to the next."""
        return tuple(kernel for kernel in self.kernels if kernel.kept is not None)

    @property
    def flags(self) -> tuple[str, ...]:
        """Ports that tell of a sequence that is too long."""
        return tuple(flag for kernel in self.kernels for flag in kernel.flags())

    @property
    def framing(self) -> tuple[str, ...]:
        """Ports of C++ that tell of a sequence that ends inside a step."""
        return tuple(port.framing for port in self.inputs if port.framing)

    def cycles(self, steps: int, sequences: int = 1, hls_clock_ns: float | None = None) -> int:
        """Clock cycles of sequences of ``steps`` steps, back to back.

        From the one in which the first input word is taken to the one in which the last output word
        is taken, both included, where nobody outside makes the design wait.

        Args:
            steps: Time steps of a sequence.
            sequences: How many.
            hls_clock_ns: For the C++ rather than ``rtl/``, the clock period in nanoseconds.
        """
        return self._tick(steps, sequences, hls_clock_ns)[0]

    def interval(self, steps: int, hls_clock_ns: float | None = None) -> int:
        """Clock cycles from the first word of an answer to that of the next, back to back.

        Of sequences of ``steps`` steps, at the pace that remains, where nobody outside makes the
        design wait.

        Args:
            steps: Time steps of a sequence.
            hls_clock_ns: For the C++ rather than ``rtl/``, the clock period in nanoseconds.
        """
        sequences = FEW_SEQUENCES
        while True:
            _, begins = self._tick(steps, sequences, hls_clock_ns)
            *_, before, last = (b - a for a, b in pairwise(begins))
            if before == last:
                return last
            sequences *= 2

    def _tick(
        self, steps: int, sequences: int, hls_clock_ns: float | None = None
    ) -> tuple[int, list[int]]:
        """The last cycle of sequences back to back, and when the first output begins each."""
        channels = {s.name: Channel(s.depth) for s in self.streams.values()}
        ends: list[list[int]] = [[] for _ in self.outputs]
        machines = [
            source(channels[port.stream], port.beats(steps), sequences, port.folds)
            for port in self.inputs
        ]
        for stage in self.stages:
            reads, writes = ([channels[n] for n in side] for side in (stage.reads, stage.writes))
            if hls_clock_ns is None:
                machines.append(stage.kernel.machine(reads, writes))
            else:
                machines.append(stage.kernel.hls_machine(reads, writes, hls_clock_ns))
        begins: list[int] = []
        for port, end in zip(self.outputs, ends, strict=True):
            first = port is self.outputs[0]
            noted = begins if first else None
            machines.append(sink(channels[port.stream], end, port.folds, noted))
        work = sum(kernel.interval for kernel in self.kernels)
        return simulate(machines, list(channels.values()), ends, sequences, work), begins

    def hls_cycles(self, steps: int, clock_ns: float) -> int:
        """Clock cycles of a sequence in the C++; of a long one, at the pace that it has by then.

        Args:
            steps: Time steps of the sequence.
            clock_ns: The clock period, in nanoseconds.
        """
        if steps <= 2 * STEADY_STEPS:
            return self.cycles(steps, hls_clock_ns=clock_ns)
        half, whole = (self.cycles(n * STEADY_STEPS, hls_clock_ns=clock_ns) for n in (1, 2))
        return whole + ceil((steps - 2 * STEADY_STEPS) * (whole - half) / STEADY_STEPS)

    def with_fifos(self) -> Design:
        """The same, each stream as deep as its two ends make use of."""
        intervals = {name: 1 for name in self.streams}
        for kernel, names in [(s.kernel, (*s.reads, *s.writes)) for s in self.stages]:
            for name in names:
                intervals[name] = max(intervals[name], kernel.interval)
        for port in (*self.inputs, *self.outputs):
            intervals[port.stream] = max(intervals[port.stream], port.folds)
        streams = {n: s.deeper(fifo_depth(s, intervals[n])) for n, s in self.streams.items()}
        return replace(self, streams=streams)

    def taps(self) -> tuple[Tap, ...]:
        """Every tap, in the order of its number."""
        return tuple(tap for kernel in self.kernels for tap in kernel.taps())

    def document(
        self,
        steps: int,
        states: Mapping[str, QuantizerRecord],
        clock_ns: float = DEFAULT_CLOCK_NS,
        name: str = DEFAULT_NAME,
    ) -> KernelsDocument:
        """``3_kernels.json``.

        Args:
            steps: Time steps of the sequence whose cycles are predicted.
            clock_ns: The clock period of the C++, in nanoseconds.
            states: Quantizers of the states of recurrent layers, by the names of their taps.
            name: Of the build.
        """
        taps = self.taps()
        return KernelsDocument(
            schema=SCHEMA,
            name=name,
            steps=steps,
            predicted_cycles=self.cycles(steps),
            hls_predicted_cycles=self.hls_cycles(steps, clock_ns),
            max_steps=self.max_steps,
            inputs=tuple(port.record() for port in self.inputs),
            outputs=tuple(port.record() for port in self.outputs),
            taps=taps,
            # A layer that no output needs is not built: it has no states to show.
            states={tap.name: states[tap.name] for tap in taps if tap.name in states},
            rtl=RtlRecord(tuple(tap for kernel in self.kernels for tap in kernel.rtl_taps())),
            streams=tuple(stream.record() for stream in self.streams.values()),
            kernels=tuple(self._record(stage, steps, clock_ns) for stage in self.stages),
        )

    def _record(self, stage: Stage, steps: int, clock_ns: float) -> KernelRecord:
        kernel = stage.kernel
        place = Placement(
            name=kernel.ident,
            source=kernel.source,
            reads=stage.reads,
            writes=stage.writes,
            predicted_cycles=self._alone(stage, steps),
            hls_interval=kernel.hls_interval(clock_ns),
        )
        return kernel.record(place)

    def _alone(self, stage: Stage, steps: int) -> int:
        """Cycles from the first beat a kernel takes to the last it gives; 0 if it gives none."""
        if not stage.writes:
            return 0
        reads, writes = ([Channel(2) for _ in side] for side in (stage.reads, stage.writes))
        ends: list[list[int]] = [[] for _ in writes]
        machines = [stage.kernel.machine(reads, writes)]
        beats = [self.streams[name].beats(steps) for name in stage.reads]
        machines += [source(*end, 1) for end in zip(reads, beats, strict=True)]
        machines += [sink(write, end) for write, end in zip(writes, ends, strict=True)]
        whole = simulate(machines, [*reads, *writes], ends, 1, stage.kernel.interval)
        return whole - 2  # into and out of the channels
