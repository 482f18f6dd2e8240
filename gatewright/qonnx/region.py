"""Gathers what becomes one node with a chain: quantizers, states, what picks and joins outputs."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field

import onnx

from gatewright.errors import GatewrightError
from gatewright.ir.traced.vocabulary import CELLS
from gatewright.qonnx.chains import BETWEEN, Chain, time_axis, walk_back
from gatewright.qonnx.wires import PASSED, QUANTS, Wires, is_cell

PICKED = PASSED | QUANTS | {"Gather"}
"""What may lie between given states and a cell."""
STATES = PICKED | {"Concat", "Squeeze", "Unsqueeze"}
"""What may lie between the final states of one cell and another."""
BEHIND = PASSED | {"Concat", "Gather", "Squeeze", "Unsqueeze"}
"""What picks and joins outputs and final states."""


@dataclass
class Region:
    """What becomes one node.

    Attributes:
        inside: First outputs of its nodes, those of constants apart.
        entries: Tensors that enter: the sequence, then states.
        exits: Tensors that leave: of the steps, then final h, then final c.
        shared: Quantizers of the sequence, by their outputs, that others read as well.
    """

    inside: set[str] = field(default_factory=set)
    entries: list[str] = field(default_factory=list)
    exits: list[str] = field(default_factory=list)
    shared: set[str] = field(default_factory=set)

    def nodes(self, wires: Wires) -> list[onnx.NodeProto]:
        """Its nodes in order, with those that make their constants."""
        wanted = set(self.inside)
        pending = wires.in_order(self.inside)
        while pending:
            for name in pending.pop().input:
                maker = wires.producers.get(name)
                if name in wires.constants and maker is not None and maker.output[0] not in wanted:
                    wanted.add(maker.output[0])
                    pending.append(maker)
        return wires.in_order(wanted)

    def going(self, wires: Wires, kept: Set[str]) -> set[str]:
        """First outputs of the nodes that go with it: not what is kept, nor what others read."""
        going = {node.output[0] for node in self.nodes(wires)} - kept
        while True:
            makers = wires.in_order(going - self.inside)
            needed = {node.output[0] for node in makers if _left(wires, going, node)}
            if not needed:
                return going
            going -= needed


def gather(wires: Wires, chain: Chain, steps: int, joined: bool) -> Region:
    """All that belongs to a chain.

    Args:
        wires: Of the graph.
        chain: The chain.
        steps: T; 0 where it is free.
        joined: Whether what picks and joins its outputs does, where nobody else needs those.

    Raises:
        GatewrightError: GW-205 where a state that enters is computed from what leaves.
    """
    region = Region(entries=[chain.first[0].input[0]])
    firsts = {quant.output[0] for quant in chain.first}
    for cell in chain.cells:
        region.inside.add(cell.output[0])
        for _, node in walk_back(
            wires, cell.input[0], BETWEEN, lambda n: is_cell(n) or n.output[0] in firsts
        ):
            if node is not None:
                region.inside.add(node.output[0])
    for cell in chain.cells:
        for name in cell.input[1 : CELLS[cell.op_type].first_weight]:
            _gather_state(wires, chain, region, name)
    if joined:
        _gather_behind(wires, region, _Steps(wires, chain, steps))
    nodes = wires.in_order(region.inside)
    left = [name for node in nodes for name in _left(wires, region.inside, node)]
    region.shared = firsts.intersection(left)
    region.exits = sorted(
        (name for name in left if name not in firsts), key=lambda name: _kind(wires, name)
    )
    _check_no_circle(wires, chain, region)
    return region


def _check_no_circle(wires: Wires, chain: Chain, region: Region) -> None:
    if set(region.entries) & wires.behind(region.exits):
        raise GatewrightError(
            "GW-205",
            where=chain.cells[-1].name or chain.cells[-1].op_type,
            cause="it begins with a state that is computed, outside of the layers, from an output "
            "of theirs.",
            remedy="Put a layer between both, so that they become two nodes.",
        )


def _gather_state(wires: Wires, chain: Chain, region: Region, name: str) -> None:
    """A state of a cell of the same chain comes in whole; another from what picks it on."""
    if name in wires.constants:
        return
    own = {cell.output[0] for cell in chain.cells}

    def ends(node: onnx.NodeProto) -> bool:
        return node.output[0] in own

    met = list(walk_back(wires, name, STATES, ends))
    if any(node is None for _, node in met):
        met = list(walk_back(wires, name, PICKED, ends))
    for tensor, node in met:
        if node is not None:
            region.inside.add(node.output[0])
        elif tensor not in region.entries:
            region.entries.append(tensor)


def _kind(wires: Wires, name: str) -> int:
    """Which output of a cell a tensor is made of: 0 is its steps, then come its states."""
    met = walk_back(wires, name, BETWEEN | BEHIND, is_cell)
    return min(
        list(node.output).index(at) for at, node in met if node is not None and is_cell(node)
    )


def _left(wires: Wires, inside: Set[str], node: onnx.NodeProto) -> list[str]:
    """The outputs of a node inside that are needed outside."""
    return [
        name
        for name in node.output
        if name in wires.results
        or any(reader.output[0] not in inside for reader in wires.readers(name))
    ]


@dataclass(frozen=True)
class _Steps:
    """Tells the last time step."""

    wires: Wires
    chain: Chain
    steps: int

    def picks(self, node: onnx.NodeProto) -> bool:
        """Whether a ``Gather`` picks the last step of a sequence, or a state."""
        index = self.wires.constant(node.input[1])
        if index is None or index.ndim:
            return False
        axis = next((a.i for a in node.attribute if a.name == "axis"), 0)
        if not self._is_sequence(node.input[0]):
            return axis == 0
        time = time_axis(self.chain.cells[0])
        last = {-1, self.steps - 1} if self.steps else {-1}
        return axis in (time, time - 3) and int(index) in last

    def _is_sequence(self, name: str) -> bool:
        met = walk_back(self.wires, name, BETWEEN, is_cell)
        ends = [(at, node) for at, node in met if node is None or is_cell(node)]
        return all(node is not None and at == node.output[0] for at, node in ends)


def _gather_behind(wires: Wires, region: Region, steps: _Steps) -> None:
    """Take in what picks and joins outputs that nobody else needs."""
    changed = True
    while changed:
        changed = False
        for node in wires.graph.node:
            if node.output[0] not in region.inside and _joins(wires, region.inside, node, steps):
                region.inside.add(node.output[0])
                changed = True


def _joins(wires: Wires, inside: set[str], node: onnx.NodeProto, steps: _Steps) -> bool:
    names = wires.variable(node)
    if node.op_type not in BEHIND or not names:
        return False
    for name in names:
        maker = wires.producers.get(name)
        if maker is None or maker.output[0] not in inside:
            return False
        if name in _left(wires, inside | {node.output[0]}, maker):
            return False
    return node.op_type != "Gather" or steps.picks(node)
