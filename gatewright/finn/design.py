"""The kernels of a node: folded by its budget, with streams that are packed as FINN packs them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import lru_cache
from math import ceil

from gatewright.hls_templates import map_design
from gatewright.hls_templates.kernels.axis.kernel import AxisPort
from gatewright.hls_templates.mapping.dataflow import Design
from gatewright.hls_templates.mapping.options import MappingOptions
from gatewright.ir.graph import Graph
from gatewright.qonnx.node import lowered

_KEPT = 64
"""Designs that are kept: a search for a folding asks for the same ones again and again."""


class PackedPort(AxisPort):
    """A word is a whole time step, each value in as many bits as it needs, the first one lowest."""

    @property
    def lane_bits(self) -> int:
        """Those of a value."""
        return self.port.type.bits

    @property
    def lanes(self) -> int:
        """All values of a step."""
        return self.port.width

    @property
    def padded_bits(self) -> int:
        """Those of a word with what makes whole bytes of it."""
        return ceil(self.word_bits / 8) * 8


@dataclass(frozen=True, eq=False)
class NodeDesign:
    """What a node is in hardware.

    Attributes:
        design: Its kernels.
        steps: T.
    """

    design: Design
    steps: int


@lru_cache(maxsize=_KEPT)
def node_design(data: bytes, steps: int, multipliers: int) -> NodeDesign:
    """The kernels of a node.

    Args:
        data: The model inside it.
        steps: T.
        multipliers: Budget of a recurrent layer.

    Raises:
        GatewrightError: As ``map_design``.
    """
    options = MappingOptions(multipliers=multipliers, max_steps=steps)
    return NodeDesign(packed_design(lowered(data).graph, options), steps)


def packed_design(graph: Graph, options: MappingOptions) -> Design:
    """A design with packed words at its ends.

    Args:
        graph: An integer graph.
        options: Budgets.
    """
    mapped = map_design(graph, options)
    return replace(
        mapped,
        inputs=tuple(map(packed, mapped.inputs)),
        outputs=tuple(map(packed, mapped.outputs)),
    ).with_fifos()


@lru_cache(maxsize=_KEPT)
def node_interval(
    data: bytes, steps: int, multipliers: int, hls_clock_ns: float | None = None
) -> int:
    """Cycles from the first word of an answer to that of the next, frames back to back.

    Args:
        data: The model inside a node.
        steps: T.
        multipliers: Budget of a recurrent layer.
        hls_clock_ns: For the C++ rather than the SystemVerilog, the clock period in nanoseconds.
    """
    return node_design(data, steps, multipliers).design.interval(steps, hls_clock_ns)


def packed(port: AxisPort) -> PackedPort:
    """The same port with packed words."""
    return PackedPort(**{field.name: getattr(port, field.name) for field in fields(port)})
