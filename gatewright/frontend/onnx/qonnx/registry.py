"""Which ops of a file are read, how each is, and what is known of its values meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field

import onnx

from gatewright.frontend.builder import GraphBuilder
from gatewright.frontend.naming import ROOT, path_of_node, sanitize
from gatewright.frontend.onnx.graph import RawGraph, label, malformed, unsupported
from gatewright.frontend.onnx.ops import NONE
from gatewright.frontend.onnx.qonnx.cell import Constant
from gatewright.frontend.spec import QuantSpec, States, Value


@dataclass
class Reading:
    """State of one file that is read.

    Attributes:
        graph: The file's.
        builder: Where nodes go.
        values: What has been computed from the graph's inputs.
        constants: Those of the file that a node makes of another.
        stacks: Final states with an axis in front, [N, B, H].
        finals: Final states as a cell gives them, [B, H].
        quantized: Each quantized value with its quantizer and what that gave.
    """

    graph: RawGraph
    builder: GraphBuilder
    values: dict[str, Value]
    constants: dict[str, Constant] = field(default_factory=dict)
    stacks: dict[str, States] = field(default_factory=dict)
    finals: dict[str, States] = field(default_factory=dict)
    quantized: list[tuple[Value, QuantSpec, Value]] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)
    _calls: dict[tuple[str, str], int] = field(default_factory=dict)

    def input(self, node: onnx.NodeProto, index: int = 0) -> Value:
        """An input that is computed from the graph's; GW-205 or GW-207 otherwise."""
        if index >= len(node.input):
            raise malformed(label(node), f"its input {index} is missing.")
        name = self.graph.resolve(node.input[index])
        if name not in self.values:
            raise unsupported(
                node, f"its input {name!r} has to be computed from the graph's input."
            )
        return self.values[name]

    def constant(self, where: str, name: str) -> Constant | None:
        """A constant of the file; None where it is computed from the graph's input."""
        resolved = self.graph.resolve(name)
        if resolved in self.constants:
            return self.constants[resolved]
        if not self.graph.is_constant(resolved):
            return None
        return Constant(self.graph.floats(where, resolved), None)

    def name(self, node: onnx.NodeProto) -> str:
        """The name of a node, the same however often it is asked for."""
        key = node.output[0]
        if key not in self._names:
            # Names of weights are whole paths; torch's node names leave out ModuleDict.
            path = self._weight_path(node) or path_of_node(node.name) or ROOT
            count = self._calls.get((path, node.op_type), 0)
            self._calls[path, node.op_type] = count + 1
            self._names[key] = sanitize(path) + (f"_{count}" if count else "")
        return self._names[key]

    def _weight_path(self, node: onnx.NodeProto) -> str:
        """The module path in the name of a node's weight, or an empty string."""
        index, suffix = OP_READERS[node.op_type].weight
        if index >= len(node.input) or not suffix:
            return ""
        name = self.graph.resolve(node.input[index])
        producers = self.graph.producers
        while name in producers and name in self.constants:
            name = self.graph.resolve(producers[name].input[0])
        return name.removesuffix(suffix) if name.endswith(suffix) else ""


ReadOp = Callable[[Reading, onnx.NodeProto], None]


@dataclass(frozen=True)
class OpReader:
    """An op of a file.

    Attributes:
        read: Adds a node of it to the graph.
        domain: Its domain.
        attributes: Those that ``read`` heeds; a node with another is refused.
        weight: The input whose name tells its module path, and what follows the path there.
    """

    read: ReadOp
    domain: str = ""
    attributes: Set[str] = NONE
    weight: tuple[int, str] = (0, "")


OP_READERS: dict[str, OpReader] = {}
"""By name, which is told apart from the same name in another domain as the graph is cleaned."""


def reads(
    *ops: str, domain: str = "", attributes: Set[str] = NONE, weight: tuple[int, str] = (0, "")
) -> Callable[[ReadOp], ReadOp]:
    """Register the reader of ops; see ``OpReader``."""

    def register(reader: ReadOp) -> ReadOp:
        for op in ops:
            if op in OP_READERS:
                raise ValueError(f"{op} is read twice")
            OP_READERS[op] = OpReader(reader, domain, attributes, weight)
        return reader

    return register
