"""Who makes and who reads each tensor of an ONNX graph, and which tensors are constants."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy.typing as npt
import onnx
from onnx import numpy_helper

from gatewright.ir.traced.vocabulary import BREVITAS_DOMAIN, CELLS, QONNX_DOMAIN

DOMAINS = (QONNX_DOMAIN, BREVITAS_DOMAIN)
"""Names of the domain of cells and quantizers."""
QUANTS = frozenset({"Quant", "IntQuant"})
"""Both names of one op: qonnx is about to call it by the second."""
PASSED = frozenset({"Identity", "Dropout"})
"""Ops that do nothing at inference."""


def is_cell(node: onnx.NodeProto) -> bool:
    """Whether a node is a recurrent cell."""
    return node.op_type in CELLS and node.domain in DOMAINS


def is_quant(node: onnx.NodeProto) -> bool:
    """Whether a node is a ``Quant``."""
    return node.op_type in QUANTS and node.domain in DOMAINS


def as_exported(node: onnx.NodeProto) -> onnx.NodeProto:
    """A copy of a node, by the names that Brevitas' export has for it."""
    plain = onnx.NodeProto()
    plain.CopyFrom(node)
    if node.domain in DOMAINS:
        plain.domain = QONNX_DOMAIN
        plain.op_type = "Quant" if is_quant(node) else node.op_type
    return plain


class Wires:
    """The wiring of a graph.

    Attributes:
        graph: The graph, its nodes in order.
        producers: The node that computes a tensor.
        results: Names of the graph's outputs.
        constants: Names of initializers, and of what is computed of nothing else.
    """

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.graph = graph
        self.producers = {name: node for node in graph.node for name in node.output if name}
        self.results = {value.name for value in graph.output}
        self._initializers = {t.name: t for t in graph.initializer}
        self.constants = set(self._initializers)
        self._positions: dict[str, int] = {}
        self._readers: dict[str, list[onnx.NodeProto]] = {}
        for i, node in enumerate(graph.node):
            self._positions[node.output[0]] = i
            for name in dict.fromkeys(node.input):
                self._readers.setdefault(name, []).append(node)
            if all(name in self.constants for name in node.input if name):
                self.constants.update(node.output)

    def readers(self, name: str) -> list[onnx.NodeProto]:
        """The nodes that read a tensor."""
        return self._readers.get(name, [])

    def variable(self, node: onnx.NodeProto) -> list[str]:
        """The inputs of a node that are no constants."""
        return [name for name in node.input if name and name not in self.constants]

    def constant(self, name: str) -> npt.NDArray[Any] | None:
        """The values of an initializer or ``Constant``; None for what is neither."""
        tensor = self._initializers.get(name)
        if tensor is None and name in self.producers:
            tensor = next((a.t for a in self.producers[name].attribute if a.name == "value"), None)
        return None if tensor is None else numpy_helper.to_array(tensor)

    def initializers(self, names: Iterable[str]) -> list[onnx.TensorProto]:
        """Those initializers that are among some names, each once."""
        return [self._initializers[n] for n in dict.fromkeys(names) if n in self._initializers]

    def in_order(self, nodes: Iterable[str]) -> list[onnx.NodeProto]:
        """Nodes, by their first outputs, in the order of the graph."""
        return [self.graph.node[i] for i in sorted({self._positions[name] for name in nodes})]

    def behind(self, names: Iterable[str]) -> set[str]:
        """All tensors that are computed from some."""
        found, pending = set[str](), list(names)
        while pending:
            for node in self.readers(pending.pop()):
                fresh = set(node.output) - found
                found |= fresh
                pending += fresh
        return found
