"""Groups the cells of a graph into chains: layers behind each other, in one or both directions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

import onnx

from gatewright.errors import GatewrightError
from gatewright.qonnx.wires import PASSED, QUANTS, Wires, is_cell, is_quant

BETWEEN = PASSED | QUANTS | {"Concat"}
"""What may lie between the sequence of one cell and the next."""


@dataclass(frozen=True)
class Chain:
    """Cells that become one node.

    Attributes:
        cells: In the order of the graph.
        first: The quantizers of the sequence, one for each cell that reads it.
    """

    cells: list[onnx.NodeProto]
    first: list[onnx.NodeProto]


def find_chains(wires: Wires) -> list[Chain]:
    """Every chain of a graph, in its order.

    A cell belongs to the chain that all its sequence comes from; a first cell to that of the other
    direction, if that reads the same sequence through the same quantizer.

    Raises:
        GatewrightError: GW-301 where a first cell has no quantizer.
    """
    chains: list[Chain] = []
    of: dict[str, Chain] = {}
    single: dict[tuple[object, ...], Chain] = {}
    for cell in filter(is_cell, wires.graph.node):
        chain = _chain_before(wires, cell, of)
        if chain is None:
            quant = entry_quant(wires, cell)
            reverse = option(cell, "reverse_input")
            grid = _grid(wires, quant)
            chain = single.pop((*grid, 1 - reverse), None)
            if chain is None:
                chain = single[*grid, reverse] = Chain([], [])
                chains.append(chain)
            chain.first.append(quant)
        chain.cells.append(cell)
        of[cell.output[0]] = chain
    return chains


def option(cell: onnx.NodeProto, name: str) -> int:
    """An attribute of a cell that is 0 or 1; 0 where it is missing."""
    return next((a.i for a in cell.attribute if a.name == name), 0)


def time_axis(cell: onnx.NodeProto) -> int:
    """The axis of time in the sequence of a cell."""
    return option(cell, "batch_first")


def walk_back(
    wires: Wires, name: str, passed: Set[str], ends: Callable[[onnx.NodeProto], bool]
) -> Iterator[tuple[str, onnx.NodeProto | None]]:
    """From a tensor back to what it is computed from.

    Args:
        wires: Of the graph.
        name: The tensor.
        passed: Ops to go on behind.
        ends: Nodes to stop at.

    Yields:
        Each tensor met, and the node that gives it; None where that is neither passed nor an end.
    """
    pending, seen = [name], {name}
    while pending:
        at = pending.pop()
        node = wires.producers.get(at)
        if node is None or not (ends(node) or node.op_type in passed):
            yield at, None
            continue
        yield at, node
        if not ends(node):
            fresh = [n for n in wires.variable(node) if n not in seen]
            seen.update(fresh)
            pending += fresh


def entry_quant(wires: Wires, cell: onnx.NodeProto) -> onnx.NodeProto:
    """The quantizer of the sequence of a first cell.

    Raises:
        GatewrightError: GW-301 where there is none.
    """
    for _, node in walk_back(wires, cell.input[0], PASSED, is_quant):
        if node is not None and is_quant(node):
            return node
    raise GatewrightError(
        "GW-301",
        where=cell.name or cell.op_type,
        cause="its input comes from no quantizer.",
        remedy="Give the layer its io_quant, or a QuantIdentity before it; extract before any step "
        "that takes Quant nodes out of the graph.",
    )


def _chain_before(wires: Wires, cell: onnx.NodeProto, of: dict[str, Chain]) -> Chain | None:
    """The chain that all of the sequence of a cell comes from."""
    found: list[Chain] = []
    for name, node in walk_back(wires, cell.input[0], BETWEEN, is_cell):
        if node is None or (is_cell(node) and name != node.output[0]):
            return None
        if is_cell(node):
            found.append(of[node.output[0]])
    return found[0] if all(chain is found[0] for chain in found) else None


def _grid(wires: Wires, quant: onnx.NodeProto) -> tuple[object, ...]:
    """What a quantizer reads, and everything that tells it apart from another."""
    operands = [wires.constant(name) for name in quant.input[1:]]
    values = [None if v is None else (v.tolist(), v.dtype.str) for v in operands]
    options = sorted((a.name, str(onnx.helper.get_attribute_value(a))) for a in quant.attribute)
    return quant.input[0], repr(values), repr(options)
