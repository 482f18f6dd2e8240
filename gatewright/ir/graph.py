"""The integer graph: typed by range, every op of it defined in ``gatewright.ir.ops``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from gatewright.ir.types import IntArray, IntType

Shape = tuple[int | str, ...]


@dataclass(frozen=True)
class Tensor:
    """A value of the graph.

    Attributes:
        name: Unique in its graph.
        type: Range of the elements.
        shape: Sizes; ``"B"`` and ``"T"`` are known only at run time.
        value: The elements, for a constant.
    """

    name: str
    type: IntType
    shape: Shape
    value: IntArray | None = None


@dataclass(frozen=True)
class WholeSequence:
    """Why an op has to see a whole sequence before it can answer.

    Attributes:
        does: What it does.
        instead: What a model could do instead.
    """

    does: str
    instead: str


class Op(ABC):
    """What an op has to say about itself: types and shapes, and the meaning in exact integers.

    Two of one class are one and the same.
    """

    name: ClassVar[str]
    whole: ClassVar[WholeSequence | None]
    """Why it cannot take a sequence in pieces; None of what it does at each step by itself."""

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return self.name

    @abstractmethod
    def infer(self, inputs: Sequence[Tensor], node: Node) -> list[tuple[IntType, Shape]]:
        """Range and shape of each output."""

    @abstractmethod
    def evaluate(self, inputs: Sequence[IntArray], node: Node) -> list[IntArray]:
        """The outputs' elements: the op's definition."""


@dataclass(frozen=True)
class Node:
    """One application of an op.

    Attributes:
        op: What it applies.
        name: Readable and unique; begins with the path of the torch module it came from.
        body: The step graph of a ``Scan``.
    """

    op: Op
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: Mapping[str, Any] = field(default_factory=dict)
    body: Graph | None = None

    @property
    def states(self) -> tuple[str, ...]:
        """Of a ``Scan``: its states as levels name them, ``<layer>/h`` and ``<layer>/c``."""
        assert self.body is not None
        return tuple(f"{self.name}/{o}" for o in self.body.outputs[: int(self.attrs["states"])])

    @property
    def past(self) -> str:
        """Of a ``Window``: what levels call the steps that it goes on from, ``<node>/past``."""
        return f"{self.name}/past"

    def unpadded(self) -> Node:
        """Of a ``Window``: the same over what a piece before has left, and the next piece."""
        return replace(self, attrs={**self.attrs, "before": 0, "after": 0})


@dataclass
class Graph:
    """A list of nodes in topological order over named tensors.

    Attributes:
        one_length: The only number of time steps that its constants hold for, where no op says so.
    """

    name: str
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    one_length: int | None = None

    def __getitem__(self, name: str) -> Tensor:
        return self.tensors[name]

    def add_input(self, name: str, type_: IntType, shape: Shape) -> str:
        """Declare an input."""
        self._define(Tensor(name, type_, shape))
        self.inputs.append(name)
        return name

    def add_constant(self, name: str, value: IntArray) -> str:
        """Add a constant; a name in use is taken to hold the same value."""
        self._define(Tensor(name, IntType.of(value), value.shape, value))
        return name

    def add(
        self,
        op: Op,
        inputs: Sequence[str],
        outputs: Sequence[str],
        *,
        name: str | None = None,
        body: Graph | None = None,
        **attrs: Any,
    ) -> str:
        """Append a node, infer the types and shapes of its outputs, return the first output."""
        node = Node(op, name or outputs[0], tuple(inputs), tuple(outputs), attrs, body)
        results = op.infer([self.tensors[i] for i in inputs], node)
        for output, (type_, shape) in zip(outputs, results, strict=True):
            self._define(Tensor(output, type_, shape))
        self.nodes.append(node)
        return outputs[0]

    def widen(self, name: str, type_: IntType) -> None:
        """Let a tensor hold further integers, for all that is added behind it."""
        tensor = self.tensors[name]
        self.tensors[name] = replace(tensor, type=IntType.hull([tensor.type, type_]))

    def _define(self, tensor: Tensor) -> None:
        if tensor.name in self.tensors:
            raise ValueError(f"tensor {tensor.name} is defined twice in graph {self.name}")
        self.tensors[tensor.name] = tensor

    def constants(self) -> dict[str, IntArray]:
        """All constants by name."""
        return {t.name: t.value for t in self.tensors.values() if t.value is not None}

    def needed(self) -> list[Node]:
        """The nodes that an output depends on, in order."""
        wanted, found = set(self.outputs), []
        for node in reversed(self.nodes):
            if not wanted.isdisjoint(node.outputs):
                found.append(node)
                wanted.update(node.inputs)
        return found[::-1]

    def fixed_steps(self) -> int | None:
        """The number of time steps that every sequence is bound to; None if any will do."""
        bound = {int(node.attrs["steps"]) for node in self.needed() if "steps" in node.attrs}
        bound |= set() if self.one_length is None else {self.one_length}
        assert len(bound) < 2, "a model has one number of time steps"
        return next(iter(bound), None)

    def scans(self) -> list[Node]:
        """The recurrent layers."""
        return [node for node in self.nodes if node.body is not None]
