"""Wire kernels to each other: streams, forks where several read one, FIFOs, reversers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from gatewright.errors import GatewrightError
from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.axis.kernel import AxisPort
from gatewright.hls_templates.kernels.base import Kernel, Port
from gatewright.hls_templates.kernels.drain.kernel import Drain
from gatewright.hls_templates.kernels.fork.kernel import Fork
from gatewright.hls_templates.kernels.reverse.kernel import Reverse
from gatewright.hls_templates.mapping.dataflow import Fifo, Stage
from gatewright.hls_templates.mapping.options import DEFAULT_MAX_STEPS, MappingOptions
from gatewright.ir import ops
from gatewright.ir.graph import Graph, Node
from gatewright.ir.steps import EVERY, StepCount
from gatewright.ir.types import IntArray

MAX_STREAM_BITS = 32
MAX_PORT_VALUE = 2**31 - 1
"""A stream inside may have unsigned words of 32 bits; a host has an int32 for each value."""

# What two branches that meet again may be apart beyond the steps of a sequence: pipelines.
SLACK = 4


class Mapper:
    """Stages so far, and the streams that wait for their readers.

    Args:
        graph: The integer graph that is mapped.
        options: Budgets.

    Attributes:
        stages: In the order that they were added.
        streams: By name, with the depth of their FIFOs.
        max_steps: Longest sequence that a FIFO or a reverser holds; None where none has to.
        nodes: What becomes kernels, in order: all that an output needs.
        readers: How many of these and of the output ports read each tensor.
    """

    def __init__(self, graph: Graph, options: MappingOptions) -> None:
        self.graph = graph
        self.options = options
        self.stages: list[Stage] = []
        self.streams: dict[str, Fifo] = {}
        self.max_steps: int | None = None
        self._taps = 0
        self._flags = 0
        self._waiting: dict[str, list[str]] = {}
        # An InitialState is a constant of the layer that it begins.
        self.nodes = [node for node in graph.needed() if node.op != ops.INITIAL_STATE]
        self._biases = _biases(graph, self.nodes)
        self.readers = _readers(graph, self.nodes, self._biases)

    def port(self, tensor: str) -> Port:
        """How a stream of a tensor looks.

        Raises:
            GatewrightError: GW-302 if its values are too wide.
        """
        width = self.graph[tensor].shape[-1]
        type_ = self.graph[tensor].type
        assert isinstance(width, int)
        if type_.bits > MAX_STREAM_BITS:
            raise GatewrightError(
                "GW-302",
                where=tensor,
                cause=f"its values need {type_.bits} bits, a stream has {MAX_STREAM_BITS}.",
                remedy="Use fewer bits in the weights of that layer or in the quantizer of its "
                "input; for a code, a quantizer with fewer bits or without zero point.",
            )
        shape = self.graph[tensor].shape
        steps = StepCount.of(shape[1]) if len(shape) == 3 else EVERY
        return Port(width, type_, steps)

    def is_sequence(self, tensor: str) -> bool:
        """Whether a tensor has a row for each time step."""
        return len(self.graph[tensor].shape) == 3

    def bias(self, product: str, width: int) -> tuple[str, IntArray]:
        """The tensor that a product becomes with the bias behind it, and that bias."""
        return self._biases.get(product, (product, np.zeros(width, dtype=np.int64)))

    def identity(self, name: str) -> str:
        """The identifier of the next stage."""
        # The number makes the identifier unique, also ignoring case, and never a keyword.
        return f"k{len(self.stages)}_{cpp.identifier(name)}"

    def common(
        self, node: Node, reads: Sequence[str], writes: Sequence[str]
    ) -> tuple[str, str, tuple[Port, ...], tuple[Port, ...], int]:
        """The first five fields of a kernel that reads and writes these tensors."""
        ins, outs = (tuple(self.port(t) for t in tensors) for tensors in (reads, writes))
        return self.identity(node.name), node.name, ins, outs, self._taps

    def source(self, position: int, tensor: str) -> AxisPort:
        """The stream port of an input."""
        (stream,) = self.open([tensor])
        if self.readers[tensor]:
            self._copy(tensor, stream)
        else:
            port = self.port(tensor)
            kernel = Drain(self.identity(f"drain_{tensor}"), tensor, (port,), (), self._taps)
            self.stages.append(Stage(kernel, (stream,), ()))
        return self.source_port(position, tensor, stream)

    def sink(self, position: int, tensor: str) -> AxisPort:
        """The stream port of an output."""
        return self.sink_port(position, tensor, self.take(tensor))

    def source_port(self, position: int, tensor: str, stream: str = "") -> AxisPort:
        """The port itself, in front of a stream."""
        return self._axis("s_axis", position, tensor, stream)

    def sink_port(self, position: int, tensor: str, stream: str = "") -> AxisPort:
        """That behind a stream."""
        return self._axis("m_axis", position, tensor, stream)

    def _axis(self, prefix: str, position: int, tensor: str, stream: str) -> AxisPort:
        name = prefix if position == 0 else f"{prefix}_{position}_{cpp.identifier(tensor)}"
        port = self.port(tensor)
        if port.type.hi > MAX_PORT_VALUE:
            raise GatewrightError(
                "GW-302",
                where=tensor,
                cause=f"its values reach {port.type.hi}, a host's integers {MAX_PORT_VALUE}.",
                remedy="Use fewer bits in the weights of that layer, or put a quantizer behind it.",
            )
        return AxisPort(name, tensor, port, self.is_sequence(tensor), stream)

    def take(self, tensor: str) -> str:
        """A stream of a tensor that nobody reads yet."""
        return self._waiting[tensor].pop(0)

    def open(self, tensors: Sequence[str]) -> tuple[str, ...]:
        """New streams of tensors."""
        names = []
        for tensor in tensors:
            name = f"beats_{len(self.streams)}"
            self.streams[name] = Fifo(name, self.port(tensor), self.is_sequence(tensor))
            names.append(name)
        return tuple(names)

    def append(
        self,
        kernel: Kernel,
        reads: Sequence[str],
        writes: Sequence[str],
        backwards: str | None = None,
    ) -> None:
        """Add a kernel that reads streams and writes tensors, one of them backwards in time."""
        if len(reads) > 1:
            self._deepen(reads)
        streams = self.open(writes)
        self.stages.append(Stage(kernel, tuple(reads), streams))
        self._taps += len(kernel.taps())
        for tensor, stream in zip(writes, streams, strict=True):
            turned = tensor == backwards
            self._copy(tensor, self.reverse(kernel.source, tensor, stream) if turned else stream)

    def _copy(self, tensor: str, stream: str) -> None:
        """Hand a stream to its readers, through a fork where there are several."""
        count = self.readers[tensor]
        assert count, f"nothing needs {tensor}"
        if count == 1:
            self._waiting[tensor] = [stream]
            return
        copies = self.open([tensor] * count)
        port = self.port(tensor)
        kernel = Fork(self.identity(f"fork_{tensor}"), tensor, (port,), (port,) * count, self._taps)
        self.stages.append(Stage(kernel, (stream,), copies))
        self._waiting[tensor] = list(copies)

    def _deepen(self, streams: Sequence[str]) -> None:
        """One branch may have to wait for all of another, if it has a beat a time step."""
        for name in streams:
            if self.streams[name].sequence:
                self.max_steps = self.options.max_steps or DEFAULT_MAX_STEPS
                beats = self.streams[name].port.steps.count(self.max_steps)
                self.streams[name] = self.streams[name].deeper(beats + SLACK)

    def _run_ahead(self, copy: str) -> None:
        """What turns a copy round takes all of it first: no other reader may hold it up."""
        for stage in self.stages:
            if isinstance(stage.kernel, Fork) and copy in stage.writes:
                self._deepen([name for name in stage.writes if name != copy])

    def reverse(self, name: str, tensor: str, stream: str) -> str:
        """The stream backwards."""
        self.max_steps = self.options.max_steps or DEFAULT_MAX_STEPS
        self._run_ahead(stream)
        port = self.port(tensor)
        flag = f"too_long_{self._flags}"
        self._flags += 1
        kernel = Reverse(
            self.identity(f"reverse_{name}"),
            name,
            (port,),
            (port,),
            self._taps,
            max(1, port.steps.count(self.max_steps)),
            flag,
        )
        (turned,) = self.open([tensor])
        self.stages.append(Stage(kernel, (stream,), (turned,)))
        return turned


def _biases(graph: Graph, nodes: Sequence[Node]) -> dict[str, tuple[str, IntArray]]:
    """For each product that only a bias reads: the sum, and the bias."""
    products = {node.outputs[0] for node in nodes if node.op in (ops.MATMUL, ops.MUL)}
    found: dict[str, tuple[str, IntArray]] = {}
    for node in nodes:
        if node.op != ops.ADD or all(graph[name].value is None for name in node.inputs):
            continue
        product = next(name for name in node.inputs if name in products)
        value = graph[next(name for name in node.inputs if name != product)].value
        assert value is not None
        found[product] = node.outputs[0], value
    return found


def _readers(
    graph: Graph, nodes: Sequence[Node], biases: dict[str, tuple[str, IntArray]]
) -> Counter[str]:
    """How many kernels and ports read each tensor."""
    counts: Counter[str] = Counter(graph.outputs)
    for node in nodes:
        counts.update(name for name in node.inputs if name not in biases)
    return counts
