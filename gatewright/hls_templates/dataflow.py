"""A design: kernels and the streams between them, from AXI4-Stream ports to AXI4-Stream ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gatewright.hls_templates.axis.kernel import AxisPort
from gatewright.hls_templates.kernel import Kernel, Port, Tap
from gatewright.hls_templates.reverse.kernel import Reverse


@dataclass(frozen=True)
class Stream:
    """A FIFO with one writer and one reader.

    Attributes:
        name: Its C++ identifier.
        port: Its beats.
        sequence: Whether there is a beat each time step, rather than one a sequence.
        depth: Beats it has to hold; 0 for the tool's default.
    """

    name: str
    port: Port
    sequence: bool
    depth: int = 0

    def deeper(self, depth: int) -> Stream:
        """The same with room for ``depth`` beats."""
        return replace(self, depth=depth)


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

    @property
    def call(self) -> str:
        """The C++ call."""
        return f"{self.kernel.call}({', '.join(self.kernel.arguments(self.reads, self.writes))})"


@dataclass(frozen=True, eq=False)
class Design:
    """Stages in topological order between stream ports.

    Attributes:
        stages: The kernels.
        inputs: In the order of the integer graph's inputs.
        outputs: In the order of its outputs.
        streams: By name.
        max_steps: Longest sequence it can take, or None for any.
    """

    stages: tuple[Stage, ...]
    inputs: tuple[AxisPort, ...]
    outputs: tuple[AxisPort, ...]
    streams: Mapping[str, Stream]
    max_steps: int | None

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """The kernels in order."""
        return tuple(stage.kernel for stage in self.stages)

    @property
    def flags(self) -> tuple[str, ...]:
        """Ports that tell of a sequence that is too long."""
        return tuple(kernel.flag for kernel in self.kernels if isinstance(kernel, Reverse))

    def cycles(self, steps: int) -> int:
        """Predicted cycles for one sequence.

        Stages overlap: each begins when its inputs do, and ends when its own work is done, but not
        before the last beat has come and gone through it. One that needs a whole sequence, or
        several streams, begins when those are there.
        """
        began: dict[str, int] = {}
        ended: dict[str, int] = {}
        for port in self.inputs:
            began[port.stream], ended[port.stream] = port.folds, port.beats(steps) * port.folds
        for stage in self.stages:
            first = self.streams[stage.reads[0]]
            work, latency = (
                stage.kernel.cycles(beats) for beats in (steps if first.sequence else 1, 1)
            )
            waits = stage.kernel.blocking or len(stage.reads) > 1
            arrived = max(ended[name] for name in stage.reads)
            start = arrived if waits else max(began[name] for name in stage.reads)
            end = max(start + work, arrived + latency)
            for name in stage.writes:
                at_the_end = first.sequence and not self.streams[name].sequence
                began[name], ended[name] = (end if at_the_end else start + latency), end
        return max(
            max(
                ended[port.stream] + port.folds, began[port.stream] + port.beats(steps) * port.folds
            )
            for port in self.outputs
        )

    def taps(self) -> tuple[Tap, ...]:
        """Every tap, in the order of its number."""
        return tuple(tap for kernel in self.kernels for tap in kernel.taps())

    def to_json(self, steps: int) -> dict[str, Any]:
        """``3_kernels.json``."""
        return {
            "inputs": [port.to_json() for port in self.inputs],
            "outputs": [port.to_json() for port in self.outputs],
            "predicted_cycles": self.cycles(steps),
            "steps": steps,
            "max_steps": self.max_steps,
            "streams": [
                {"name": s.name, "sequence": s.sequence, "depth": s.depth, **s.port.to_json()}
                for s in self.streams.values()
            ],
            "kernels": [self._stage_json(stage, steps) for stage in self.stages],
        }

    def _stage_json(self, stage: Stage, steps: int) -> dict[str, Any]:
        kernel = stage.kernel
        beats = steps if self.streams[stage.reads[0]].sequence else 1
        return {
            "name": kernel.ident,
            "source": kernel.source,
            "kind": kernel.kind,
            "reads": list(stage.reads),
            "writes": list(stage.writes),
            "predicted_cycles": kernel.cycles(beats),
            **kernel.to_json(),
        }
