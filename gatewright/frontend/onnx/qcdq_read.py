"""Reads the LSTM layers of a QCDQ file: integer weights, scales, biases, directions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from gatewright.files.limits import CELLS
from gatewright.frontend.onnx.fold import Folder
from gatewright.frontend.onnx.graph import (
    RawGraph,
    attributes,
    label,
    malformed,
    unsupported,
)
from gatewright.frontend.onnx.ops import QCDQ
from gatewright.frontend.spec import FloatArray

GATES = ("input", "output", "forget", "cell")
"""The gates in the order of ONNX."""


@dataclass(frozen=True, eq=False)
class QuantizedMatrix:
    """A weight [rows, columns] of the file.

    Attributes:
        codes: Integers, or floats where the file has no quantizer.
        scale: float32, of all or [rows, 1]; None without a quantizer.
        zero_point: The code of 0.
        range: Lowest and highest code of the quantizer.
    """

    codes: npt.NDArray[Any]
    scale: FloatArray | None = None
    zero_point: int = 0
    range: tuple[int, int] = (0, 0)

    @property
    def signed(self) -> bool:
        """Whether codes are two's complement."""
        return self.range[0] < 0

    @property
    def bits(self) -> int:
        """Bit width of the quantizer."""
        return self.range[1].bit_length() + int(self.signed)

    @property
    def narrow(self) -> bool:
        """Whether the outermost code is left out: the lowest, or the highest without sign."""
        lo, hi = self.range
        return bool(lo > -(2 ** (self.bits - 1)) if self.signed else hi < 2**self.bits - 1)

    @property
    def whole(self) -> bool:
        """Whether the range is one that a number of bits gives."""
        lo, hi = self.range
        return lo <= 0 and hi - lo + 1 == 2**self.bits - int(self.narrow)

    def values(self) -> FloatArray:
        """What ``DequantizeLinear`` gives, float32."""
        if self.scale is None:
            return self.codes.astype(np.float32)
        shifted = self.codes.astype(np.float32) - np.float32(self.zero_point)
        values: FloatArray = shifted * self.scale
        return values

    def rows(self, first: int, count: int) -> QuantizedMatrix:
        """Some of its rows."""
        part = slice(first, first + count)
        scale = self.scale
        if scale is not None and scale.ndim == 2:
            scale = scale[part]
        return replace(self, codes=self.codes[part], scale=scale)

    def same_quantizer(self, other: QuantizedMatrix) -> bool:
        """Whether one quantizer can stand for both."""
        if self.scale is None or other.scale is None:
            return self.scale is other.scale
        same = self.zero_point == other.zero_point and self.range == other.range
        return same and np.array_equal(self.scale, other.scale)


@dataclass(frozen=True, eq=False)
class Gate:
    """``weight`` [H, I], ``recurrent`` [H, H], ``bias`` [H] or None."""

    weight: QuantizedMatrix
    recurrent: QuantizedMatrix
    bias: FloatArray | None


@dataclass(frozen=True, eq=False)
class Direction:
    """One ``LSTM`` node.

    Attributes:
        source: The value it reads.
        gates: By name; without ``forget`` where it is coupled to the input gate.
        input_size: I.
        hidden_size: H.
        reverse: Whether time runs backwards.
        coupled: Whether the forget gate is 1 - the input gate.
        batch_first: Whether x is [B, T, I].
    """

    source: str
    gates: dict[str, Gate]
    input_size: int
    hidden_size: int
    reverse: bool
    coupled: bool
    batch_first: bool

    @property
    def has_bias(self) -> bool:
        """Whether the node has biases."""
        return self.gates["input"].bias is not None


@dataclass(frozen=True, eq=False)
class _Finals:
    """Final states, ``h`` or ``c``, each ``[B, H]``, or with an axis of states in front.

    Attributes:
        which: ``h`` or ``c``.
        of: The nodes they are of.
        rank: 0 as the node gives them, 2 or 3.
    """

    which: str
    of: tuple[Direction, ...]
    rank: int = 0


@dataclass(frozen=True, eq=False)
class Layers:
    """The recurrent layers of a file.

    Attributes:
        layers: In order, each of one direction or of two, forward first.
        states: Whether the final states are outputs of the file, beside the sequence.
    """

    layers: list[list[Direction]]
    states: bool


def read_layers(model: onnx.ModelProto) -> Layers:
    """The recurrent layers of a QCDQ file.

    Raises:
        GatewrightError: GW-104, GW-106, GW-204, GW-205, GW-207, GW-208.
    """
    return _Reader(RawGraph(model, QCDQ)).run()


class _Reader:
    """Walks the nodes once and keeps what each value is known to be."""

    def __init__(self, graph: RawGraph) -> None:
        if len(graph.inputs) != 1:
            raise malformed("the graph", "it takes more than one input, the sequence.")
        self._graph = graph
        ((source, shape),) = graph.inputs
        self._shapes: dict[str, tuple[int, ...]] = {source: shape}
        self._constants: dict[str, npt.NDArray[Any]] = {}
        self._clipped: dict[str, tuple[int, int]] = {}
        self._weights: dict[str, list[QuantizedMatrix]] = {}
        self._cells: dict[str, list[Direction]] = {}
        self._layers: dict[str, list[list[Direction]]] = {source: []}
        self._states: dict[str, _Finals] = {}
        self._folder = Folder(graph.opset)

    def run(self) -> Layers:
        for node in self._graph.nodes:
            self._node(node)
        output, *others = self._graph.outputs
        layers = self._layers.get(output, [])
        if not layers or (others and not self._all_finals(layers, others)):
            raise malformed(
                "the graph's output", "it is not what a recurrent layer gives: sequence, h, c."
            )
        for directions in layers:
            if len(directions) == 1 and directions[0].reverse:
                raise malformed("the graph", "a layer runs backwards only.")
        return Layers(layers, bool(others))

    def _all_finals(self, layers: list[list[Direction]], names: list[str]) -> bool:
        """Whether outputs are h and c of all layers and directions, in order."""
        every = tuple(direction for directions in layers for direction in directions)
        finals = [self._states.get(name) for name in names]
        return [f and (f.which, f.of, f.rank) for f in finals] == [("h", every, 3), ("c", every, 3)]

    def _node(self, node: onnx.NodeProto) -> None:
        source = self._name(node, 0)
        if node.op_type == "LSTM":
            self._lstm(node)
        elif node.op_type == "DequantizeLinear":
            self._dequantize(node)
        elif source in self._states and node.op_type in ("Concat", "Squeeze", "Unsqueeze"):
            self._states[node.output[0]] = self._final_states(node)
        elif source in self._weights and node.op_type in ("Concat", "Unsqueeze"):
            self._weights[node.output[0]] = self._stacked(node)
        elif source in self._cells and node.op_type == "Squeeze":
            self._finish(node, self._cells[source])
        elif source in self._layers and node.op_type == "Concat":
            self._both_directions(node)
        elif source in self._shapes and node.op_type == "Shape":
            self._constants[node.output[0]] = np.array(self._shapes[source], dtype=np.int64)
        else:
            self._fold(node)

    def _name(self, node: onnx.NodeProto, index: int) -> str:
        return self._graph.resolve(node.input[index]) if index < len(node.input) else ""

    # Constants

    def _constant(self, node: onnx.NodeProto, index: int) -> npt.NDArray[Any]:
        name = self._name(node, index)
        if name in self._constants:
            return self._constants[name]
        if not name:
            raise malformed(label(node), f"its input {index} is missing.")
        return self._graph.constant(label(node), name)

    def _fold(self, node: onnx.NodeProto) -> None:
        """Compute a node on constants."""
        for name in map(self._graph.resolve, node.input):
            if name and name not in self._constants and not self._graph.is_constant(name):
                raise unsupported(node, "it does not follow an LSTM as Brevitas writes it.")
        feeds = {n: self._constant(node, i) for i, n in enumerate(node.input) if n}
        self._constants.update(zip(node.output, self._folder.run(node, feeds), strict=True))
        if node.op_type == "Clip":
            bounds = [self._constant(node, i) for i in (1, 2) if self._name(node, i)]
            if [(b.size, b.dtype.kind in "iu") for b in bounds] == [(1, True)] * 2:
                self._clipped[node.output[0]] = (int(bounds[0].item()), int(bounds[1].item()))

    # Weights

    def _dequantize(self, node: onnx.NodeProto) -> None:
        codes, scale = self._constant(node, 0), self._constant(node, 1)
        zero_points = self._constant(node, 2) if self._name(node, 2) else np.zeros(1, codes.dtype)
        if codes.ndim != 2 or codes.dtype not in (np.int8, np.uint8):
            raise unsupported(node, "only int8 and uint8 matrices can be dequantized.")
        if scale.dtype != np.float32 or not np.all(np.isfinite(scale)) or np.any(scale <= 0):
            raise malformed(label(node), "its scale is not a positive float32 number.")
        if scale.size > 1 and (
            attributes(node).get("axis", 1) != 0 or scale.shape != codes.shape[:1]
        ):
            raise unsupported(node, "its scale has to be one number, or one a row.")
        if zero_points.dtype != codes.dtype:
            raise malformed(label(node), "its zero point has another type than its codes.")
        if np.unique(zero_points).size != 1:
            raise unsupported(node, "its zero points differ between rows.")
        limits = np.iinfo(codes.dtype)
        matrix = QuantizedMatrix(
            codes,
            scale.reshape(()) if scale.size == 1 else scale.reshape(-1, 1),
            int(zero_points.reshape(-1)[0]),
            self._clipped.get(self._name(node, 0), (int(limits.min), int(limits.max))),
        )
        if not matrix.whole or matrix.bits < 2:
            raise unsupported(node, f"its codes lie in {matrix.range}, no range of 2 bits or more.")
        self._weights[node.output[0]] = [matrix]

    def _stacked(self, node: onnx.NodeProto) -> list[QuantizedMatrix]:
        """Gates below each other, and the axis of directions in front."""
        names = [self._name(node, i) for i in range(len(node.input))]
        if self._axis(node) != 0:
            raise unsupported(node, "weights of gates are only stacked along axis 0.")
        parts = names if node.op_type == "Concat" else names[:1]
        found = [matrix for name in parts for matrix in self._weights.get(name) or self._bad(node)]
        if len(found) > len(GATES):
            raise unsupported(node, f"it stacks {len(found)} weights, of {len(GATES)} gates.")
        return found

    def _axis(self, node: onnx.NodeProto) -> int | None:
        """The one axis of a ``Concat``, ``Squeeze`` or ``Unsqueeze``."""
        if node.op_type == "Concat":
            return int(attributes(node)["axis"])
        axes = attributes(node).get("axes")  # an input from opset 13 on
        if axes is None and self._name(node, 1):
            given = self._constant(node, 1)
            if given.dtype != np.int64:
                raise malformed(label(node), f"its axes are {given.dtype}, not int64.")
            axes = given.reshape(-1).tolist()
        return int(axes[0]) if axes is not None and len(axes) == 1 else None

    def _bad(self, node: onnx.NodeProto) -> list[QuantizedMatrix]:
        raise unsupported(node, "some of its inputs are weights and some are not.")

    def _gate_matrices(
        self, node: onnx.NodeProto, index: int, hidden: int, columns: int
    ) -> list[QuantizedMatrix]:
        """A weight of an LSTM node, cut into its four gates."""
        name = self._name(node, index)
        parts = self._weights.get(name)
        if parts is None:
            values = self._constant(node, index)
            if values.ndim != 3 or values.shape[0] != 1 or values.dtype != np.float32:
                raise unsupported(node, "its weights have to be float32 [1, 4*H, columns].")
            parts = [QuantizedMatrix(values[0])]
        cut = [
            part.rows(first, hidden)
            for part in parts
            for first in range(0, max(len(part.codes), 1), hidden)
        ]
        if [part.codes.shape for part in cut] != [(hidden, columns)] * len(GATES):
            raise malformed(label(node), f"its input {index} is no weight [1, 4*H, columns].")
        return cut

    # Layers

    def _lstm(self, node: onnx.NodeProto) -> None:
        source = self._name(node, 0)
        if source not in self._layers:
            raise unsupported(node, "its input is not the graph's input or a layer's output.")
        options = {"direction": "forward", "input_forget": 0, "layout": 0} | attributes(node)
        hidden = options.pop("hidden_size", 0)
        if options["direction"] not in ("forward", "reverse"):
            raise unsupported(node, f"it uses direction={options['direction']}.")
        if {options["input_forget"], options["layout"]} - {0, 1}:
            raise malformed(label(node), "its input_forget or layout is neither 0 nor 1.")
        if not isinstance(hidden, int) or hidden < 1 or self._name(node, 7):
            raise unsupported(node, "it has peepholes, or no hidden_size.")
        shape, batch_first = self._shapes[source], bool(options["layout"])
        if len(shape) != 3:
            raise malformed(label(node), f"its input has shape {list(shape)}, not rank 3.")
        self._check_states(node, steps=shape[1 if batch_first else 0])
        direction = Direction(
            source,
            self._gates(node, hidden, shape[2], coupled=bool(options["input_forget"])),
            input_size=shape[2],
            hidden_size=hidden,
            reverse=options["direction"] == "reverse",
            coupled=bool(options["input_forget"]),
            batch_first=batch_first,
        )
        self._cells[node.output[0]] = [direction]
        for name, which in zip(node.output[1:], "hc", strict=False):
            if name:
                self._states[name] = _Finals(which, (direction,))

    def _gates(
        self, node: onnx.NodeProto, hidden: int, columns: int, coupled: bool
    ) -> dict[str, Gate]:
        weights = self._gate_matrices(node, 1, hidden, columns)
        recurrents = self._gate_matrices(node, 2, hidden, hidden)
        biases: list[FloatArray | None] = [None] * len(GATES)
        if self._name(node, 3):
            bias = self._constant(node, 3)
            if bias.shape != (1, 8 * hidden) or bias.dtype != np.float32:
                raise malformed(label(node), "its bias is not float32 [1, 8*H].")
            biases = list((bias[0, : 4 * hidden] + bias[0, 4 * hidden :]).reshape(4, hidden))
        gates = {}
        for name, weight, recurrent, b in zip(GATES, weights, recurrents, biases, strict=True):
            if name == "forget" and coupled:  # its weights are not used
                continue
            if not weight.same_quantizer(recurrent):
                raise unsupported(node, f"W and R of its {name} gate have different quantizers.")
            gates[name] = Gate(weight, recurrent, b)
        return gates

    def _check_states(self, node: onnx.NodeProto, steps: int) -> None:
        if self._name(node, 4) and np.any(self._constant(node, 4) != steps):
            raise unsupported(node, "its sequences differ in length.")
        for index in (5, 6):
            if self._name(node, index) and np.any(self._constant(node, index)):
                raise unsupported(node, "it begins with a state other than zeros.")

    def _final_states(self, node: onnx.NodeProto) -> _Finals:
        """States without the axis of directions, with an axis of states, or several of them."""
        names = [self._name(node, i) for i in range(len(node.input))]
        parts = [self._states.get(name) for name in names]
        first, axis = self._states[names[0]], self._axis(node)
        match node.op_type, first.rank, axis:
            case "Squeeze", 0, 0 | 1:  # of [1, B, H], or of [B, 1, H] with the batch first
                return replace(first, rank=2)
            case "Unsqueeze", 2, 0:
                return replace(first, rank=3)
            case "Concat", 3, 0:
                kinds = {(part and part.which, part and part.rank) for part in parts}
                if kinds == {(first.which, 3)}:
                    of = tuple(direction for part in parts if part for direction in part.of)
                    CELLS.check(label(node), len(of))
                    return replace(first, of=of)
        raise unsupported(node, "it is not how Brevitas gives final states.")

    def _finish(self, node: onnx.NodeProto, directions: list[Direction]) -> None:
        """``Squeeze`` takes the axis of directions out of an LSTM's output.

        Brevitas names the axis wrongly, [2] for [T, 1, B, H] and [1] for [B, T, 1, H]: what it
        means is the same.
        """
        if self._axis(node) not in (1, 2):
            raise unsupported(node, "only the axis of directions can be dropped.")
        first = directions[0]
        self._layers[node.output[0]] = [*self._layers[first.source], directions]
        self._shapes[node.output[0]] = (*self._shapes[first.source][:2], first.hidden_size)

    def _both_directions(self, node: onnx.NodeProto) -> None:
        ends = [self._layers.get(self._name(node, i), []) for i in range(len(node.input))]
        last = [end[-1][0] for end in ends if end and len(end[-1]) == 1]
        if (
            attributes(node).get("axis") not in (-1, 2)
            or [d.reverse for d in last] != [False, True]
            or len(ends) != 2
            or last[0].source != last[1].source
        ):
            raise unsupported(node, "only the two directions of one layer can be concatenated.")
        self._layers[node.output[0]] = [*ends[0][:-1], last]
        self._shapes[node.output[0]] = (
            *self._shapes[last[0].source][:2],
            last[0].hidden_size + last[1].hidden_size,
        )
