"""The dataflow as a picture: kernels in layers from top to bottom, streams between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

WIDTHS = {"kernel": 200, "plumbing": 150, "port": 150, "bend": 40}
NODE_HEIGHT = 50
COLUMN_GAP, LAYER_GAP, MARGIN = 20, 46, 8
SWEEPS = 4
PLUMBING = ("fork", "concat", "drain", "reverse", "flatten")


@dataclass
class FlowNode:
    """A kernel, a port, or a bend of a stream that passes a layer by.

    Attributes:
        kind: ``port``, ``kernel``, ``plumbing`` or ``bend``.
        title: What it is.
        subtitle: Where it comes from.
        layer: Counted from the top.
        x: Its middle.
        y: Its upper edge.
    """

    kind: str
    title: str
    subtitle: str
    layer: int = 0
    x: float = 0
    y: float = 0
    before: list[FlowNode] = field(default_factory=list, repr=False)
    after: list[FlowNode] = field(default_factory=list, repr=False)

    @property
    def width(self) -> int:
        """Pixels."""
        return WIDTHS[self.kind]


@dataclass(frozen=True)
class Edge:
    """A stream.

    Attributes:
        path: An SVG path.
        x: Where its label stands.
        y: Where its label stands.
        label: Values of a beat and bits of each.
        title: All about it.
    """

    path: str
    x: float
    y: float
    label: str
    title: str


@dataclass(frozen=True)
class Flow:
    """The picture."""

    width: float
    height: float
    nodes: tuple[FlowNode, ...]
    edges: tuple[Edge, ...]


def make_flow(kernels: dict[str, Any]) -> Flow:
    """Lay out the kernels of ``3_kernels.json``, which are in topological order."""
    inputs = [(FlowNode("port", p["name"], p["tensor"]), p["stream"]) for p in kernels["inputs"]]
    outputs = [(FlowNode("port", p["name"], p["tensor"]), p["stream"]) for p in kernels["outputs"]]
    writers = {stream: node for node, stream in inputs}
    readers = {stream: node for node, stream in outputs}
    nodes = [node for node, _ in inputs]
    for kernel in kernels["kernels"]:
        node = FlowNode(_kind(kernel), kernel["kind"].replace("_", " "), kernel["source"])
        nodes.append(node)
        readers |= dict.fromkeys(kernel["reads"], node)
        writers |= dict.fromkeys(kernel["writes"], node)
    nodes += [node for node, _ in outputs]
    links = [(s, writers[s["name"]], readers[s["name"]]) for s in kernels["streams"]]
    _assign_layers(nodes, [(a, b) for _, a, b in links])
    routes = [(stream, _route(a, b)) for stream, a, b in links]
    bends = [node for _, route in routes for node in route[1:-1]]
    layers = _ordered([*nodes, *bends])
    width = _place(layers)
    height = len(layers) * (NODE_HEIGHT + LAYER_GAP) - LAYER_GAP + 2 * MARGIN
    edges = tuple(_edge(stream, route) for stream, route in routes)
    return Flow(width, height, tuple(nodes), edges)


def _kind(kernel: dict[str, Any]) -> str:
    return "plumbing" if kernel["kind"] in PLUMBING else "kernel"


def _assign_layers(nodes: list[FlowNode], links: list[tuple[FlowNode, FlowNode]]) -> None:
    """Each one below all that it reads; input ports right above what reads them."""
    for node in nodes:
        above = [a.layer for a, b in links if b is node]
        node.layer = max(above, default=-1) + 1
    for node in nodes:
        if not any(b is node for _, b in links):
            node.layer = min(b.layer for a, b in links if a is node) - 1


def _route(writer: FlowNode, reader: FlowNode) -> list[FlowNode]:
    """The nodes a stream goes through, with a bend in each layer that it passes by."""
    route = [writer]
    route += [FlowNode("bend", "", "", layer) for layer in range(writer.layer + 1, reader.layer)]
    route.append(reader)
    for a, b in pairwise(route):
        a.after.append(b)
        b.before.append(a)
    return route


def _ordered(nodes: list[FlowNode]) -> list[list[FlowNode]]:
    """Layers, each ordered by the middle of its neighbours, so that few streams cross."""
    layers: list[list[FlowNode]] = [[] for _ in range(max(node.layer for node in nodes) + 1)]
    for node in nodes:
        layers[node.layer].append(node)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for layer in layers if down else reversed(layers):
            ranks = {id(n): _center(n.before if down else n.after, layers) for n in layer}
            layer.sort(key=lambda node: ranks[id(node)])
    return layers


def _center(neighbours: list[FlowNode], layers: list[list[FlowNode]]) -> float:
    places = [_index(layers[n.layer], n) / len(layers[n.layer]) for n in neighbours]
    return sum(places) / len(places) if places else 0.0


def _index(layer: list[FlowNode], wanted: FlowNode) -> int:
    return next(i for i, node in enumerate(layer) if node is wanted)


def _place(layers: list[list[FlowNode]]) -> float:
    """Give every node its coordinates; return the width of it all."""
    widths = [sum(n.width for n in layer) + COLUMN_GAP * (len(layer) - 1) for layer in layers]
    total = max(widths) + 2 * MARGIN
    for depth, (layer, width) in enumerate(zip(layers, widths, strict=True)):
        left = (total - width) / 2
        for node in layer:
            node.x = round(left + node.width / 2, 1)
            node.y = MARGIN + depth * (NODE_HEIGHT + LAYER_GAP)
            left += node.width + COLUMN_GAP
    return total


def _edge(stream: dict[str, Any], route: list[FlowNode]) -> Edge:
    start = _port(route[0], route[0].after, route[1])
    x, y = start, route[0].y + NODE_HEIGHT
    path = f"M{x} {y}"
    for before, node in pairwise(route):
        arrives = _port(node, node.before, before)
        middle = round((y + node.y) / 2, 1)
        path += f"C{x} {middle} {arrives} {middle} {arrives} {node.y}"
        place = round((x + arrives) / 2, 1), middle
        x, y = arrives, node.y
        if node.kind == "bend":
            y += NODE_HEIGHT
            path += f"V{y}"
    bits = (max(stream["high"], -stream["low"] - 1)).bit_length() + (stream["low"] < 0)
    each = "each time step" if stream["sequence"] else "once a sequence"
    title = (
        f"{stream['name']}: {stream['width']} values of {max(bits, 1)} bits "
        f"({stream['low']} to {stream['high']}), {each}; FIFO of depth {stream['depth']}"
    )
    return Edge(
        path, *place, f"{stream['width']} \N{MULTIPLICATION SIGN} {max(bits, 1)} bit", title
    )


def _port(node: FlowNode, neighbours: list[FlowNode], other: FlowNode) -> float:
    """Where on the edge of a node the stream to a neighbour begins."""
    if node.kind == "bend":
        return node.x
    # The streams leave in the order of their other ends, so that they do not cross at once.
    order = sorted(neighbours, key=lambda n: n.x)
    place = (_index(order, other) + 1) / (len(order) + 1) - 0.5
    return round(node.x + place * node.width, 1)
