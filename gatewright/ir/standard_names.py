"""What values of emitted graphs are called, so that none meets a name that a user chose.

Arguments and outputs are called as the user called them, with no dot in it (``frontend.naming``).
Every other name of a graph holds a dot, a colon or a slash. ONNX lets no value inside a body be
called like one outside of it, so that ``2_standard.onnx``, which holds the user's names, says in
full what the step of a layer calls ``h``.
"""

from __future__ import annotations

import onnx

from gatewright.ir.graph import Graph
from gatewright.ir.quantizer import OutputBoundary


def codes_name(output: OutputBoundary) -> str:
    """The graph output that holds an output's codes."""
    return f"{output.name}.codes"


def value_name(graph: Graph, tensor: str) -> str:
    """What ``2_standard.onnx`` calls a tensor of the integer graph; inputs are called ``x_int``."""
    return f"{tensor}.centered" if tensor in graph.inputs else tensor


def step_name(layer: str, tensor: str) -> str:
    """What it calls a tensor inside the step of a layer; ``<layer>/<tensor>`` is all its steps."""
    return f"{layer}/step/{tensor}"


def in_full(core: onnx.GraphProto, graph: Graph) -> None:
    """Give the names of ``2_standard.onnx`` to the nodes of an integer graph, in place."""
    _rename(core, {tensor: value_name(graph, tensor) for tensor in graph.inputs})
    for node in core.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                body = attribute.g
                _rename(body, {name: step_name(node.name, name) for name in defined(body)})


def _rename(graph: onnx.GraphProto, names: dict[str, str]) -> None:
    for node in graph.node:
        for ends in (node.input, node.output):
            ends[:] = [names.get(name, name) for name in ends]
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = names.get(value.name, value.name)


def defined(graph: onnx.GraphProto) -> list[str]:
    """The names that a graph gives to values, those within its bodies aside."""
    given = [value.name for value in (*graph.input, *graph.initializer)]
    return given + [name for node in graph.node for name in node.output if name]


def check_names(graph: onnx.GraphProto, outer: frozenset[str] = frozenset()) -> None:
    """Refuse a graph that calls two values alike, one of them within a body or not.

    Args:
        graph: What is to be written.
        outer: The names around it.

    Raises:
        ValueError: With the name.
    """
    names = set(outer)
    for name in defined(graph):
        if name in names:
            raise ValueError(f"two values are called {name} in {graph.name}")
        names.add(name)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                check_names(attribute.g, frozenset(names))
