"""Map an integer graph onto kernels that stream to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gatewright.errors import GatewrightError
from gatewright.hls_templates import cpp
from gatewright.hls_templates.argmax.kernel import ArgMax
from gatewright.hls_templates.axis.kernel import AxisPort
from gatewright.hls_templates.concat.kernel import Concat
from gatewright.hls_templates.dataflow import Design, Stage, Stream
from gatewright.hls_templates.elementwise.kernel import Elementwise, Function
from gatewright.hls_templates.flatten.kernel import Flatten
from gatewright.hls_templates.fork.kernel import Fork
from gatewright.hls_templates.kernel import Kernel, Port
from gatewright.hls_templates.lookup.kernel import make_lookup
from gatewright.hls_templates.matvec.kernel import MatVec, choose_fold
from gatewright.hls_templates.multiply_add.kernel import MultiplyAdd
from gatewright.hls_templates.over_time.kernel import OverTime
from gatewright.hls_templates.recurrent.kernel import Recurrent
from gatewright.hls_templates.recurrent.rtl import tail_timing
from gatewright.hls_templates.recurrent.tail import generate_tail, split_step
from gatewright.hls_templates.requantize.kernel import make_requantizer
from gatewright.hls_templates.reverse.kernel import Reverse
from gatewright.hls_templates.schedule import choose_tile, make_schedule
from gatewright.hls_templates.select_last.kernel import SelectLast
from gatewright.ir.graph import Graph, Node
from gatewright.ir.types import IntArray

DEFAULT_MULTIPLIERS = 256
DEFAULT_MAX_STEPS = 128
MAX_STREAM_BITS = 32

# A matrix that is used once a sequence works in one of its many steps: it gets a quarter of the
# multipliers of a layer that works in all of them.
ONCE_SHARE = 4

# What two branches that meet again may be apart beyond the steps of a sequence: pipelines.
SLACK = 4


@dataclass(frozen=True)
class Options:
    """Choices that change the hardware, never an integer.

    Attributes:
        multipliers: Budget of multipliers of a recurrent layer.
        requantizer: ``auto``, or ``thresholds`` to keep every threshold.
        max_steps: Longest sequence, where a layer that runs backwards or branches that meet again
            have to buffer one; None for ``DEFAULT_MAX_STEPS``.
    """

    multipliers: int = DEFAULT_MULTIPLIERS
    requantizer: str = "auto"
    max_steps: int | None = None


def map_design(graph: Graph, options: Options | None = None) -> Design:
    """Choose a kernel for every part of an integer graph.

    Args:
        graph: An integer graph.
        options: Budgets.

    Raises:
        GatewrightError: GW-302 where a value does not fit a stream.
    """
    mapper = _Mapper(graph, options or Options())
    inputs = tuple(mapper.source(i, name) for i, name in enumerate(graph.inputs))
    for node in graph.nodes:
        if node.op != "InitialState":
            _MAPPINGS[node.op](mapper, node)
    outputs = tuple(mapper.sink(i, name) for i, name in enumerate(graph.outputs))
    design = Design(tuple(mapper.stages), inputs, outputs, mapper.streams, mapper.max_steps)
    return design.with_fifos()


class _Mapper:
    """Stages so far, and the streams that wait for their readers."""

    def __init__(self, graph: Graph, options: Options) -> None:
        self.graph = graph
        self.options = options
        self.stages: list[Stage] = []
        self.streams: dict[str, Stream] = {}
        self.max_steps: int | None = None
        self._taps = 0
        self._flags = 0
        self._waiting: dict[str, list[str]] = {}
        self._biases = _biases(graph)
        self.readers = _readers(graph, self._biases)

    def port(self, tensor: str) -> Port:
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
        return Port(width, type_)

    def is_sequence(self, tensor: str) -> bool:
        return len(self.graph[tensor].shape) == 3

    def bias(self, product: str, width: int) -> tuple[str, IntArray]:
        """The tensor that a product becomes with the bias behind it, and that bias."""
        return self._biases.get(product, (product, np.zeros(width, dtype=np.int64)))

    def identity(self, name: str) -> str:
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
        port = AxisPort(
            _port_name("s_axis", position, tensor),
            tensor,
            self.port(tensor),
            self.is_sequence(tensor),
        )
        (stream,) = self.open([tensor])
        self._copy(tensor, stream)
        return replace(port, stream=stream)

    def sink(self, position: int, tensor: str) -> AxisPort:
        """The stream port of an output."""
        port = AxisPort(
            _port_name("m_axis", position, tensor),
            tensor,
            self.port(tensor),
            self.is_sequence(tensor),
        )
        return replace(port, stream=self.take(tensor))

    def take(self, tensor: str) -> str:
        """A stream of a tensor that nobody reads yet."""
        return self._waiting[tensor].pop(0)

    def open(self, tensors: Sequence[str]) -> tuple[str, ...]:
        """New streams of tensors."""
        names = []
        for tensor in tensors:
            name = f"beats_{len(self.streams)}"
            self.streams[name] = Stream(name, self.port(tensor), self.is_sequence(tensor))
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
                self.streams[name] = self.streams[name].deeper(self.max_steps + SLACK)

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
            self.max_steps,
            flag,
        )
        (turned,) = self.open([tensor])
        self.stages.append(Stage(kernel, (stream,), (turned,)))
        return turned


def _port_name(prefix: str, position: int, tensor: str) -> str:
    return prefix if position == 0 else f"{prefix}_{position}_{cpp.identifier(tensor)}"


def _biases(graph: Graph) -> dict[str, tuple[str, IntArray]]:
    """For each product that only a bias reads: the sum, and the bias."""
    products = {node.outputs[0] for node in graph.nodes if node.op in ("MatMul", "Mul")}
    found: dict[str, tuple[str, IntArray]] = {}
    for node in graph.nodes:
        if node.op != "Add":
            continue
        product = next(name for name in node.inputs if name in products)
        value = graph[next(name for name in node.inputs if name != product)].value
        assert value is not None
        found[product] = node.outputs[0], value
    return found


def _readers(graph: Graph, biases: dict[str, tuple[str, IntArray]]) -> Counter[str]:
    """How many kernels and ports read each tensor."""
    counts: Counter[str] = Counter(graph.outputs)
    for node in graph.nodes:
        if node.op != "InitialState":  # it wants the batch size only
            counts.update(name for name in node.inputs if name not in biases)
    return counts


def _map_scan(mapper: _Mapper, node: Node) -> None:
    assert node.body is not None
    graph, count = mapper.graph, int(node.attrs["states"])
    finals, steps = node.outputs[:count], node.outputs[count:]
    producers = {o: n for n in graph.nodes for o in n.outputs}
    initial: dict[str, IntArray] = {}
    given: list[str] = []
    for name, state in zip(node.inputs[:count], node.body.outputs, strict=False):
        producer = producers.get(name)
        if producer is not None and producer.op == "InitialState":
            row = graph[producer.inputs[0]].value
            assert row is not None
            initial[state] = row
        else:
            given.append(name)
    x, reverse = node.inputs[count], bool(node.attrs.get("reverse"))
    wanted = [name for name in (steps[0], *finals) if mapper.readers[name]]
    roles = {steps[0]: "OUT"} | dict(zip(finals, ("H_N", "C_N"), strict=False))
    roles |= dict(zip(node.inputs[:count], ("H0", "C0"), strict=False))
    streams = [mapper.take(x)]
    if reverse:
        streams[0] = mapper.reverse(node.name, x, streams[0])
    streams += [mapper.take(name) for name in given]
    common = mapper.common(node, [x, *given], wanted)
    split = split_step(node.body)
    tail = generate_tail(split, common[0], common[4], mapper.options.requantizer)
    latency = tail_timing(split, tail.functions).latency
    shape = choose_tile(
        mapper.port(x).width,
        mapper.port(steps[0]).width,
        len(split.accumulators),
        mapper.options.multipliers,
        latency,
    )
    kernel = Recurrent(
        *common,
        split,
        tail,
        shape,
        make_schedule(shape, shape.depth(latency)),
        latency,
        tuple(roles[name] for name in (*given, *wanted)),
        initial,
        reverse,
    )
    mapper.append(kernel, streams, wanted, backwards=steps[0] if reverse else None)


def _map_matmul(mapper: _Mapper, node: Node) -> None:
    """A product, together with the bias that follows it."""
    weight = mapper.graph[node.inputs[1]].value
    assert weight is not None
    outputs = weight.shape[1]
    output, bias = mapper.bias(node.outputs[0], outputs)
    common = mapper.common(node, node.inputs[:1], [output])
    sequence = mapper.is_sequence(output)
    budget = mapper.options.multipliers // (1 if sequence else ONCE_SHARE)
    units, columns = choose_fold(weight.shape[0], outputs, max(budget, 1))
    kernel = MatVec(*common, weight, bias, units, columns, output, sequence)
    mapper.append(kernel, [mapper.take(node.inputs[0])], [output])


def _map_add(mapper: _Mapper, node: Node) -> None:
    """Taken in by the product before it."""


def _map_concat(mapper: _Mapper, node: Node) -> None:
    common = mapper.common(node, node.inputs, node.outputs)
    mapper.append(Concat(*common), [mapper.take(name) for name in node.inputs], node.outputs)


def _map_elementwise(
    mapper: _Mapper, node: Node, output: str, function: Callable[[str], Function]
) -> None:
    """A function of one value; it is given the identifier of its parameters."""
    common = mapper.common(node, node.inputs[:1], [output])
    kernel = Elementwise(
        *common, function(f"{common[0]}_function"), output, mapper.is_sequence(output)
    )
    mapper.append(kernel, [mapper.take(node.inputs[0])], [output])


def _map_multithreshold(mapper: _Mapper, node: Node) -> None:
    variant = mapper.options.requantizer
    _map_elementwise(
        mapper,
        node,
        node.outputs[0],
        lambda ident: make_requantizer(mapper.graph, node, ident, variant),
    )


def _map_lookup(mapper: _Mapper, node: Node) -> None:
    _map_elementwise(
        mapper, node, node.outputs[0], lambda ident: make_lookup(mapper.graph, node, ident)
    )


def _map_mul(mapper: _Mapper, node: Node) -> None:
    """A product with constants, together with the terms that follow it."""
    factors = mapper.graph[node.inputs[1]].value
    assert factors is not None
    output, terms = mapper.bias(node.outputs[0], len(factors))
    domain, out = (mapper.graph[name].type for name in (node.inputs[0], output))
    _map_elementwise(
        mapper, node, output, lambda ident: MultiplyAdd(ident, domain, out, factors, terms)
    )


def _map_over_time(mapper: _Mapper, node: Node) -> None:
    common = mapper.common(node, node.inputs, node.outputs)
    kernel = OverTime(*common, node.outputs[0], node.op == "ReduceMax")
    mapper.append(kernel, [mapper.take(node.inputs[0])], node.outputs)


def _map_argmax(mapper: _Mapper, node: Node) -> None:
    common, output = mapper.common(node, node.inputs, node.outputs), node.outputs[0]
    kernel = ArgMax(*common, output, mapper.is_sequence(output))
    mapper.append(kernel, [mapper.take(node.inputs[0])], node.outputs)


def _map_select(mapper: _Mapper, node: Node) -> None:
    kernel = SelectLast(*mapper.common(node, node.inputs, node.outputs))
    mapper.append(kernel, [mapper.take(node.inputs[0])], node.outputs)


def _map_flatten(mapper: _Mapper, node: Node) -> None:
    common = mapper.common(node, node.inputs, node.outputs)
    kernel = Flatten(*common, int(node.attrs["steps"]))
    mapper.append(kernel, [mapper.take(node.inputs[0])], node.outputs)


_MAPPINGS: dict[str, Callable[[_Mapper, Node], None]] = {
    "Add": _map_add,
    "ArgMax": _map_argmax,
    "Concat": _map_concat,
    "Flatten": _map_flatten,
    "LookUp": _map_lookup,
    "MatMul": _map_matmul,
    "Mul": _map_mul,
    "MultiThreshold": _map_multithreshold,
    "ReduceMax": _map_over_time,
    "ReduceSum": _map_over_time,
    "Scan": _map_scan,
    "SelectLast": _map_select,
}
