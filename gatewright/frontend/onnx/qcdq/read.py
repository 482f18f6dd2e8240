"""Reads the LSTM layers of a QCDQ file: integer weights, scales, biases, directions."""

from __future__ import annotations

import onnx

from gatewright.frontend.onnx.graph import RawGraph, malformed
from gatewright.frontend.onnx.qcdq.known import Known
from gatewright.frontend.onnx.qcdq.layers import Direction, Layers
from gatewright.frontend.onnx.qcdq.ops import QCDQ, reader


def read_layers(model: onnx.ModelProto) -> Layers:
    """The recurrent layers of a QCDQ file.

    Raises:
        GatewrightError: GW-104, GW-106, GW-204, GW-205, GW-207, GW-208.
    """
    graph = RawGraph(model, QCDQ)
    known = Known(graph)
    for node in graph.nodes:
        reader(known, node)(known, node)
    output, *others = graph.outputs
    layers = known.layers.get(output, [])
    if not layers or (others and not _all_finals(known, layers, others)):
        raise malformed(
            "the graph's output", "it is not what a recurrent layer gives: sequence, h, c."
        )
    for directions in layers:
        if len(directions) == 1 and directions[0].reverse:
            raise malformed("the graph", "a layer runs backwards only.")
    return Layers(layers, bool(others))


def _all_finals(known: Known, layers: list[list[Direction]], names: list[str]) -> bool:
    """Whether outputs are h and c of all layers and directions, in order."""
    every = tuple(direction for directions in layers for direction in directions)
    finals = [known.states.get(name) for name in names]
    return [f and (f.which, f.of, f.rank) for f in finals] == [("h", every, 3), ("c", every, 3)]
