"""Map an integer graph onto kernels that stream to each other."""

from __future__ import annotations

from gatewright.errors import GatewrightError
from gatewright.hls_templates.kernels.recurrent.tail import split_step
from gatewright.hls_templates.kernels.recurrent.tiling import least_multipliers
from gatewright.hls_templates.kernels.table import find_mapping
from gatewright.hls_templates.mapping.dataflow import Design
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import mapped
from gatewright.hls_templates.mapping.options import MappingOptions
from gatewright.ir.graph import Graph


def map_design(graph: Graph, options: MappingOptions | None = None) -> Design:
    """Choose a kernel for every part of an integer graph that an output needs.

    Args:
        graph: An integer graph.
        options: Budgets.

    Raises:
        GatewrightError: GW-302 where a value does not fit a stream, GW-405 for a budget that a
            recurrent layer cannot keep.
    """
    mapper = Mapper(graph, options or MappingOptions())
    _check_budget(mapper.options.multipliers, least_budget(graph))
    inputs = tuple(mapper.source(i, name) for i, name in enumerate(graph.inputs))
    for node in mapper.nodes:
        find_mapping(mapped(graph, node)).place(mapper, node)
    outputs = tuple(mapper.sink(i, name) for i, name in enumerate(graph.outputs))
    design = Design(
        tuple(mapper.stages), inputs, outputs, mapper.streams, mapper.max_steps, graph.fixed_steps()
    )
    return design.with_fifos()


def least_budget(graph: Graph) -> int:
    """The smallest budget of multipliers that every recurrent layer of a graph can keep."""
    bodies = (node.body for node in graph.scans() if node.body is not None)
    gates = (len(split_step(body).accumulators) for body in bodies)
    return max(map(least_multipliers, gates), default=1)


def _check_budget(multipliers: int, least: int) -> None:
    if multipliers < least:
        raise GatewrightError(
            "GW-405",
            where="multipliers",
            cause=f"it is {multipliers}; a cell here multiplies for {least} gates at once.",
            remedy=f"Pass {least} or more.",
        )
