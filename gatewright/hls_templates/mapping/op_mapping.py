"""What a kernel's folder says of an op: how it is placed, and what it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.records import KernelRecord, Tap
from gatewright.ir import ops
from gatewright.ir.graph import Graph, Node, Op


@dataclass(frozen=True)
class OpMapping:
    """From an op of the integer graph to a stage of the design.

    Attributes:
        place: Appends its kernel.
        taps: What it shows to a host, from the graph alone: that of its kernel, however folded.
        record: What ``3_kernels.json`` says of its kernel.
    """

    place: Callable[[Mapper, Node], None]
    taps: Callable[[Mapper, Node], list[Tap]]
    record: type[KernelRecord]


@dataclass(frozen=True)
class OfTwo:
    """An op of arithmetic that is given two tensors, neither of them constant.

    Attributes:
        op: The op.
    """

    op: Op

    def __repr__(self) -> str:
        return f"{self.op} of two tensors"


Mapped: TypeAlias = Op | OfTwo
Mappings: TypeAlias = Mapping[Mapped, OpMapping]
"""What one folder maps."""

OPS_OF_TWO = (ops.ADD, ops.MUL, ops.SUB)


def mapped(graph: Graph, node: Node) -> Mapped:
    """What a node is to the table of mappings."""
    given = [name for name in node.inputs if graph[name].value is None]
    return OfTwo(node.op) if node.op in OPS_OF_TWO and len(given) == 2 else node.op


def no_tap(mapper: Mapper, node: Node) -> list[Tap]:
    """Nothing that its readers would not show."""
    return []


def output_tap(mapper: Mapper, node: Node) -> list[Tap]:
    """Its output, with the bias behind it if there is one."""
    name, _ = mapper.bias(node.outputs[0], 1)
    port = mapper.port(name)
    return [Tap(name, port.width, mapper.is_sequence(name), windows=port.windows)]
