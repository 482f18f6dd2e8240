"""What a kernel's folder says of an op: how it is placed, and what it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.records import KernelRecord, Tap
from gatewright.ir.graph import Node, Op


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


Mappings: TypeAlias = Mapping[Op, OpMapping]
"""What one folder maps."""


def no_tap(mapper: Mapper, node: Node) -> list[Tap]:
    """Nothing that its readers would not show."""
    return []


def output_tap(mapper: Mapper, node: Node) -> list[Tap]:
    """Its output, with the bias behind it if there is one."""
    name, _ = mapper.bias(node.outputs[0], 1)
    port = mapper.port(name)
    return [Tap(name, port.width, mapper.is_sequence(name), windows=port.windows)]
