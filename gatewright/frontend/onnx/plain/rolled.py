"""Finds the RNN in what the exporter made of it, a step at a time: a file without loops.

``torch.onnx.export(dynamo=True)`` writes ``nn.RNN`` as products, sums and functions of each step.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from gatewright.frontend.onnx.graph import RawGraph, attributes

_FUNCTIONS = ("Tanh", "Relu")
_BACK = np.iinfo(np.int64).min
"""Where a slice that goes backwards ends."""


@dataclass(frozen=True)
class _Product:
    """``x @ matrix + bias``, by names; ``x`` is empty where that is constant, ``zeros``."""

    x: str
    matrix: str
    bias: str


@dataclass(frozen=True, eq=False)
class _Chain:
    """One direction of a layer.

    Attributes:
        given: What is computed of the whole sequence.
        recurrent: What is computed of the state before, in the last step.
        first: The state [1, B, H] that it begins with; empty for zeros.
        steps: The functions, in the order in which they are computed.
        joined: Their outputs one behind the other in the order of time; empty where nobody asks.
        reverse: Whether time runs backwards.
    """

    given: _Product
    recurrent: _Product
    first: str
    steps: tuple[onnx.NodeProto, ...]
    joined: str
    reverse: bool


class _File:
    """Who makes a value, and what is constant."""

    def __init__(self, graph: RawGraph) -> None:
        self.graph = graph

    def inputs(self, node: onnx.NodeProto) -> list[str]:
        """Names of its inputs."""
        return [self.graph.resolve(name) for name in node.input]

    def made_by(self, name: str, *ops: str) -> onnx.NodeProto | None:
        """The node that gives a value, if it is of these ops."""
        node = self.graph.producers.get(name)
        return node if node is not None and node.op_type in ops else None

    def constant(self, name: str) -> npt.NDArray[Any] | None:
        """The values of a constant."""
        return self.graph.constant(name, name) if self.graph.is_constant(name) else None

    def numbers(self, names: list[str]) -> list[list[int]] | None:
        """Constants of integers."""
        found = [self.constant(name) for name in names]
        if any(values is None or values.dtype.kind != "i" for values in found):
            return None
        return [[int(v) for v in np.ravel(values)] for values in found if values is not None]

    def product(self, name: str) -> _Product | None:
        """What a value is a product of, with a bias or without."""
        bias, add = "", self.made_by(name, "Add")
        if add is not None:
            names = self.inputs(add)
            bias = next((n for n in names if self.constant(n) is not None), "")
            name = next((n for n in names if n != bias), "")
        node = self.made_by(name, "MatMul")
        if node is None or (add is not None and not bias):
            return None
        x, matrix = self.inputs(node)
        values = self.constant(matrix)
        return _Product(x, matrix, bias) if values is not None and values.ndim == 2 else None


def rolled(model: onnx.ModelProto, graph: RawGraph) -> bool:
    """Put an ``RNN`` node in place of each one that was written step by step.

    Args:
        model: Changed in place.
        graph: Its nodes, checked.

    Returns:
        Whether there was any.
    """
    file = _File(graph)
    chains = list(_chains(file))
    nodes, taken = [], set[str]()
    for number, layer in enumerate(_layers(chains)):
        made = _Written(model.graph, file, f"rnn_{number}", layer).nodes()
        nodes += made
        taken.update(name for node in made for name in node.output)
    if not chains:
        return False
    nodes += [node for node in model.graph.node if not taken.intersection(node.output)]
    ordered = _in_order(nodes)
    del model.graph.node[:]
    model.graph.node.extend(ordered)
    return True


def _chains(file: _File) -> Iterator[_Chain]:
    """The directions of layers, each as long as it is."""
    seen: set[str] = set()
    for last in reversed(file.graph.nodes):
        if last.op_type not in _FUNCTIONS or last.output[0] in seen:
            continue
        steps = _steps(file, last)
        found = _linked(file, steps)
        if found is None:
            continue
        seen.update(step.output[0] for step in steps)
        given, (recurrent, first), reverse = found
        joined = _joined(file, steps[::-1] if reverse else steps)
        yield _Chain(given, recurrent, first, tuple(steps), joined, reverse)


def _steps(file: _File, last: onnx.NodeProto) -> list[onnx.NodeProto]:
    """The steps before one, and that, as far back as they go."""
    steps = [last]
    while True:
        part = _step(file, steps[-1])
        product = file.product(part[2]) if part is not None else None
        before = file.made_by(product.x, last.op_type) if product is not None else None
        if before is None:
            return steps[::-1]
        steps.append(before)


def _joined(file: _File, steps: list[onnx.NodeProto]) -> str:
    """What has the outputs of all steps in that order; empty if there is nothing."""
    names = [step.output[0] for step in steps]
    for node in file.graph.consumers(names[0]):
        along_time = node.op_type == "Concat" and attributes(node)["axis"] == 0
        if along_time and file.inputs(node) == names:
            return str(node.output[0])
    return ""


def _linked(
    file: _File, steps: list[onnx.NodeProto]
) -> tuple[_Product, tuple[_Product, str], bool] | None:
    """Whether each step reads its item of one sequence, and the step before."""
    parts = [_step(file, act) for act in steps]
    if len(parts) < 2 or any(part is None for part in parts):
        return None
    sources, numbers, befores = zip(*(part for part in parts if part is not None), strict=True)
    if len(set(sources)) != 1 or list(numbers) != list(range(len(parts))):
        return None
    products = [file.product(name) for name in befores[1:]]
    last = products[-1]
    for act, product in zip(steps, products, strict=False):
        if last is None or product != _Product(act.output[0], last.matrix, last.bias):
            return None
    flip = file.made_by(sources[0], "Slice")
    reverse = flip is not None
    if flip is not None and file.numbers(file.inputs(flip)[1:]) != [[-1], [_BACK], [0], [-1]]:
        return None
    given = file.product(file.inputs(flip)[0] if flip is not None else sources[0])
    first = None if last is None else _first(file, befores[0], last)
    if given is None or last is None or first is None:
        return None
    return given, (last, first), reverse


def _step(file: _File, act: onnx.NodeProto) -> tuple[str, int, str] | None:
    """The sequence that a step reads, the number of the step, and the product that is added."""
    add = file.made_by(file.inputs(act)[0], "Add")
    if add is None:
        return None
    for item, before in itertools.permutations(file.inputs(add), 2):
        squeeze = file.made_by(item, "Squeeze")
        name, *axes = file.inputs(squeeze) if squeeze is not None else [""]
        part = file.made_by(name, "Slice")
        if part is None or file.numbers(axes) != [[0]]:
            continue
        source, *limits = file.inputs(part)
        if file.numbers(limits[2:]) not in ([[0]], [[0], [1]]):
            continue
        numbers = file.numbers(limits[:2])
        if numbers is not None and numbers[1] == [numbers[0][0] + 1]:
            return source, numbers[0][0], before
    return None


def _first(file: _File, name: str, last: _Product) -> str | None:
    """The state before the first step: its name, empty for zeros; None where it is neither."""
    constant = file.constant(name)
    if constant is None:
        product = file.product(name)
        same = product is not None and (product.matrix, product.bias) == (last.matrix, last.bias)
        return product.x if product is not None and same else None
    bias = file.constant(last.bias) if last.bias else np.float32(0)
    return "" if bias is not None and bool(np.all(constant == bias)) else None


def _layers(chains: list[_Chain]) -> Iterator[tuple[_Chain, ...]]:
    """Both directions of a layer together."""
    waiting = list(chains)
    while waiting:
        chain = waiting.pop(0)
        other = next((c for c in waiting if _is_other_direction(chain, c)), None)
        if other is None:
            yield (chain,)
            continue
        waiting.remove(other)
        yield (other, chain) if chain.reverse else (chain, other)


def _is_other_direction(a: _Chain, b: _Chain) -> bool:
    alike = (a.given.x, a.steps[0].op_type, bool(a.first), bool(a.given.bias)) == (
        *(b.given.x, b.steps[0].op_type, bool(b.first), bool(b.given.bias)),
    )
    return alike and a.reverse != b.reverse


class _Written:
    """The nodes of one layer.

    Args:
        graph: Gets the weights.
        file: Has the matrices.
        name: What its values begin with.
        layer: Its directions, forward first.
    """

    def __init__(
        self, graph: onnx.GraphProto, file: _File, name: str, layer: tuple[_Chain, ...]
    ) -> None:
        self._graph, self._file, self._name, self._layer = graph, file, name, layer
        self._nodes: list[onnx.NodeProto] = []

    def nodes(self) -> list[onnx.NodeProto]:
        """What stands for the layer; it gives what the steps gave, by the same names."""
        layer, outputs = self._layer, (f"{self._name}_y", f"{self._name}_h")
        direction = "bidirectional" if len(layer) > 1 else ("forward", "reverse")[layer[0].reverse]
        inputs = [layer[0].given.x, *self._weights(), "", self._states()]
        recurrent = helper.make_node(
            "RNN",
            [*inputs] if inputs[-1] else inputs[:-2],
            outputs,
            name=self._name,
            direction=direction,
            hidden_size=self._hidden(),
            activations=[chain.steps[0].op_type for chain in layer],
        )
        self._nodes.append(recurrent)
        for number, chain in enumerate(layer):
            if chain.joined:
                self._give(outputs[0], number, 1, chain.joined, squeezed=True)
            self._give(outputs[1], number, 0, chain.steps[-1].output[0], squeezed=False)
        self._side_by_side(outputs[0])
        return self._nodes

    def _side_by_side(self, source: str) -> None:
        """Both directions as features of each step, where the file joins them so."""
        joined = [chain.joined for chain in self._layer]
        for node in self._file.graph.consumers(joined[0]) if len(joined) > 1 else []:
            if node.op_type != "Concat" or self._file.inputs(node) != joined:
                continue
            if attributes(node)["axis"] not in (2, -1):
                continue
            turned, sizes = f"{source}_turned", self._constant("sizes", np.array([0, 0, -1]))
            self._nodes += [
                helper.make_node("Transpose", [source], [turned], turned, perm=[0, 2, 1, 3]),
                helper.make_node("Reshape", [turned, sizes], [node.output[0]], node.name),
            ]

    def _hidden(self) -> int:
        return len(self._turned(self._layer[0].recurrent.matrix))

    def _weights(self) -> list[str]:
        """W, R and B, as ``RNN`` has them."""
        parts = []
        for chain in self._layer:
            matrices = (chain.given.matrix, chain.recurrent.matrix)
            biases = [self._file.constant(n) for n in (chain.given.bias, chain.recurrent.bias) if n]
            known = [b.ravel() for b in biases if b is not None]
            turned = [self._turned(name) for name in matrices]
            parts.append((*turned, np.concatenate(known) if known else None))
        names = []
        for kind, values in zip("wrb", zip(*parts, strict=True), strict=True):
            present = [v for v in values if v is not None]
            names.append(self._constant(kind, np.stack(present)) if present else "")
        return names

    def _turned(self, name: str) -> npt.NDArray[Any]:
        values = self._file.constant(name)
        assert values is not None  # as it is of a product
        return values.T

    def _states(self) -> str:
        """The initial states side by side; empty for zeros."""
        firsts = [chain.first for chain in self._layer]
        if not firsts[0] or len(firsts) == 1:
            return firsts[0]
        name = f"{self._name}_h0"
        self._nodes.append(helper.make_node("Concat", firsts, [name], name=name, axis=0))
        return name

    def _give(self, source: str, number: int, axis: int, output: str, squeezed: bool) -> None:
        """One direction of an output, under the name that the file has for it."""
        if len(self._layer) > 1:
            part = f"{source}_{number}" if squeezed else output
            limits = [self._constant(f"at{n}", np.array([n])) for n in (number, number + 1, axis)]
            self._nodes.append(helper.make_node("Slice", [source, *limits], [part], name=part))
            source = part
        if squeezed:
            at = self._constant(f"at{axis}", np.array([axis]))
            self._nodes.append(helper.make_node("Squeeze", [source, at], [output], name=output))
        elif source != output:
            self._nodes.append(helper.make_node("Identity", [source], [output], name=output))

    def _constant(self, kind: str, values: npt.NDArray[Any]) -> str:
        name = f"{self._name}_{kind}"
        if all(tensor.name != name for tensor in self._graph.initializer):
            self._graph.initializer.append(numpy_helper.from_array(values, name))
        return name


def _in_order(nodes: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """Each behind those that it reads."""
    producers = {name: i for i, node in enumerate(nodes) for name in node.output if name}
    needs = {
        i: {producers[n] for n in node.input if n in producers} for i, node in enumerate(nodes)
    }
    return [nodes[i] for i in TopologicalSorter(needs).static_order()]
