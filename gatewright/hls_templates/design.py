"""Map an integer graph onto a chain of kernels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gatewright.errors import GatewrightError
from gatewright.hls_templates import cpp
from gatewright.hls_templates.axis.kernel import AxisPort
from gatewright.hls_templates.flatten.kernel import Flatten
from gatewright.hls_templates.kernel import Kernel, Port, Tap
from gatewright.hls_templates.matvec.kernel import MatVec, choose_fold
from gatewright.hls_templates.recurrent.kernel import Recurrent
from gatewright.hls_templates.recurrent.tail import generate_tail, split_step
from gatewright.hls_templates.requantize.kernel import RequantizeStream, make_requantizer
from gatewright.hls_templates.schedule import choose_tile, row_order
from gatewright.hls_templates.select_last.kernel import SelectLast
from gatewright.ir.graph import Graph, Node, Tensor

DEFAULT_MULTIPLIERS = 256
MAX_STREAM_BITS = 32


@dataclass(frozen=True)
class Options:
    """Choices that change the hardware, never an integer.

    Attributes:
        multipliers: Budget of multipliers of a recurrent layer.
        requantizer: ``auto``, or ``thresholds`` to keep every threshold.
    """

    multipliers: int = DEFAULT_MULTIPLIERS
    requantizer: str = "auto"


@dataclass(frozen=True, eq=False)
class Design:
    """A chain of kernels between two AXI4-Stream ports."""

    kernels: tuple[Kernel, ...]
    input: AxisPort
    output: AxisPort

    def cycles(self, steps: int) -> int:
        """Predicted cycles for one sequence: the stages overlap, so the slowest decides."""
        folds = [steps * self.input.folds, self.output.folds]
        return max(*folds, *(k.cycles(steps) for k in self.kernels))

    def taps(self) -> tuple[Tap, ...]:
        """Every tap, in the order of its number."""
        return tuple(tap for kernel in self.kernels for tap in kernel.taps())

    def to_json(self, steps: int) -> dict[str, Any]:
        """``3_kernels.json``."""
        return {
            "input": self.input.to_json(),
            "output": self.output.to_json(),
            "predicted_cycles": self.cycles(steps),
            "steps": steps,
            "kernels": [
                {
                    "name": kernel.ident,
                    "source": kernel.source,
                    "kind": kernel.function,
                    "input": kernel.input.to_json(),
                    "output": kernel.output.to_json(),
                    "predicted_cycles": kernel.cycles(steps),
                    **kernel.to_json(),
                }
                for kernel in self.kernels
            ],
        }


def map_design(graph: Graph, options: Options | None = None) -> Design:
    """Choose a kernel for every part of an integer graph.

    Args:
        graph: An integer graph that is one chain from its input to its output.
        options: Budgets.

    Raises:
        GatewrightError: GW-302 where a value does not fit a stream.
    """
    mapper = _Mapper(graph, options or Options())
    for node in graph.nodes:
        if node.op != "InitialState":
            _MAPPINGS[node.op](mapper, node)
    source, sink = graph[graph.inputs[0]], graph[graph.outputs[0]]
    return Design(
        tuple(mapper.kernels),
        AxisPort("axis_in", _port(source)),
        AxisPort("axis_out", _port(sink)),
    )


def _port(tensor: Tensor) -> Port:
    width = tensor.shape[-1]
    assert isinstance(width, int)
    if tensor.type.bits > MAX_STREAM_BITS:
        raise GatewrightError(
            "GW-302",
            where=tensor.name,
            cause=f"its values need {tensor.type.bits} bits, a stream has {MAX_STREAM_BITS}.",
            remedy="Use fewer bits in the weights of that layer or in the quantizer of its input; "
            "for a code, a quantizer with fewer bits or without zero point.",
        )
    return Port(width, tensor.type)


class _Mapper:
    def __init__(self, graph: Graph, options: Options) -> None:
        self.graph = graph
        self.options = options
        self.kernels: list[Kernel] = []
        self.taps = 0

    def common(self, node: Node, source: str, output: str) -> tuple[str, str, Port, Port, int]:
        """The first five fields of a kernel."""
        # The number makes the identifier unique, also ignoring case, and never a keyword.
        ident = f"k{len(self.kernels)}_{cpp.identifier(node.name)}"
        return ident, node.name, _port(self.graph[source]), _port(self.graph[output]), self.taps

    def append(self, kernel: Kernel) -> None:
        self.kernels.append(kernel)
        self.taps += len(kernel.taps())

    def is_sequence(self, tensor: str) -> bool:
        return len(self.graph[tensor].shape) == 3


def _map_scan(mapper: _Mapper, node: Node) -> None:
    assert node.body is not None
    common = mapper.common(node, node.inputs[-1], node.outputs[int(node.attrs["states"])])
    split = split_step(node.body)
    tail = generate_tail(split, common[0], mapper.taps, mapper.options.requantizer)
    shape = choose_tile(
        common[2].width,
        common[3].width,
        len(split.accumulators),
        mapper.options.multipliers,
    )
    mapper.append(Recurrent(*common, split, tail, shape, row_order(shape)))


def _map_matmul(mapper: _Mapper, node: Node) -> None:
    """A product, together with the bias that follows it."""
    weight = mapper.graph[node.inputs[1]].value
    assert weight is not None
    outputs = weight.shape[1]
    output, bias = node.outputs[0], np.zeros(outputs, dtype=np.int64)
    for follower in mapper.graph.nodes:
        if follower.op == "Add" and output in follower.inputs:
            other = next(i for i in follower.inputs if i != output)
            value = mapper.graph[other].value
            assert value is not None
            output, bias = follower.outputs[0], value
    common = mapper.common(node, node.inputs[0], output)
    units, columns = choose_fold(weight.shape[0], outputs, mapper.options.multipliers)
    sequence = mapper.is_sequence(output)
    mapper.append(MatVec(*common, weight, bias, units, columns, output, sequence))


def _map_add(mapper: _Mapper, node: Node) -> None:
    """Taken in by the product before it."""


def _map_multithreshold(mapper: _Mapper, node: Node) -> None:
    common = mapper.common(node, node.inputs[0], node.outputs[0])
    requantizer = make_requantizer(
        mapper.graph, node, f"{common[0]}_steps", mapper.options.requantizer
    )
    sequence = mapper.is_sequence(node.outputs[0])
    mapper.append(RequantizeStream(*common, requantizer, sequence))


def _map_select(mapper: _Mapper, node: Node) -> None:
    mapper.append(SelectLast(*mapper.common(node, node.inputs[0], node.outputs[0])))


def _map_flatten(mapper: _Mapper, node: Node) -> None:
    common = mapper.common(node, node.inputs[0], node.outputs[0])
    mapper.append(Flatten(*common, int(node.attrs["steps"])))


_MAPPINGS: dict[str, Callable[[_Mapper, Node], None]] = {
    "Add": _map_add,
    "Flatten": _map_flatten,
    "MatMul": _map_matmul,
    "MultiThreshold": _map_multithreshold,
    "Scan": _map_scan,
    "SelectLast": _map_select,
}
