"""What is known of a file's values as its nodes are walked."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from gatewright.frontend.onnx.graph import RawGraph, attributes, label, malformed, unsupported
from gatewright.frontend.onnx.qcdq.fold import Folder
from gatewright.frontend.onnx.qcdq.layers import Direction, Finals
from gatewright.frontend.onnx.qcdq.matrix import QuantizedMatrix


class Known:
    """What each value of a file is known to be, by its name.

    Attributes:
        graph: The file's.
        shapes: Of sequences.
        constants: Computed from others.
        clipped: Bounds of the constants that a ``Clip`` gave.
        weights: One matrix, or those of several gates.
        cells: What an ``LSTM`` gives, with an axis of directions.
        layers: All layers up to a sequence.
        states: Final states.
    """

    def __init__(self, graph: RawGraph) -> None:
        if len(graph.inputs) != 1:
            raise malformed("the graph", "it takes more than one input, the sequence.")
        ((source, shape, integers),) = graph.inputs
        if integers:
            raise malformed(
                "the graph", f"its input {source} holds int64, and layers take float32."
            )
        self.graph = graph
        self.shapes: dict[str, tuple[int, ...]] = {source: shape}
        self.constants: dict[str, npt.NDArray[Any]] = {}
        self.clipped: dict[str, tuple[int, int]] = {}
        self.weights: dict[str, list[QuantizedMatrix]] = {}
        self.cells: dict[str, list[Direction]] = {}
        self.layers: dict[str, list[list[Direction]]] = {source: []}
        self.states: dict[str, Finals] = {}
        self._folder = Folder(graph.opset)

    def name(self, node: onnx.NodeProto, index: int) -> str:
        """The name of an input; empty where there is none."""
        return self.graph.resolve(node.input[index]) if index < len(node.input) else ""

    def names(self, node: onnx.NodeProto) -> list[str]:
        """The names of all inputs."""
        return [self.name(node, i) for i in range(len(node.input))]

    def constant(self, node: onnx.NodeProto, index: int) -> npt.NDArray[Any]:
        """An input that is a constant; GW-207 otherwise."""
        name = self.name(node, index)
        if name in self.constants:
            return self.constants[name]
        if not name:
            raise malformed(label(node), f"its input {index} is missing.")
        return self.graph.constant(label(node), name)

    def axis(self, node: onnx.NodeProto) -> int | None:
        """The one axis of a ``Concat``, ``Squeeze`` or ``Unsqueeze``."""
        if node.op_type == "Concat":
            return int(attributes(node)["axis"])
        axes = attributes(node).get("axes")  # an input from opset 13 on
        if axes is None and self.name(node, 1):
            given = self.constant(node, 1)
            if given.dtype != np.int64:
                raise malformed(label(node), f"its axes are {given.dtype}, not int64.")
            axes = given.reshape(-1).tolist()
        return int(axes[0]) if axes is not None and len(axes) == 1 else None

    def shape(self, node: onnx.NodeProto) -> None:
        """``Shape`` of a sequence."""
        shape = self.shapes[self.name(node, 0)]
        self.constants[node.output[0]] = np.array(shape, dtype=np.int64)

    def fold(self, node: onnx.NodeProto) -> None:
        """Compute a node on constants; GW-205 where an input is none."""
        for name in map(self.graph.resolve, node.input):
            if name and name not in self.constants and not self.graph.is_constant(name):
                raise unsupported(node, "it does not follow an LSTM as Brevitas writes it.")
        feeds = {n: self.constant(node, i) for i, n in enumerate(node.input) if n}
        self.constants.update(zip(node.output, self._folder.run(node, feeds), strict=True))
        if node.op_type == "Clip":
            bounds = [self.constant(node, i) for i in (1, 2) if self.name(node, i)]
            if [(b.size, b.dtype.kind in "iu") for b in bounds] == [(1, True)] * 2:
                self.clipped[node.output[0]] = (int(bounds[0].item()), int(bounds[1].item()))
