"""Which ops of a plain float file are read, how, and what is known of its values meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import fx, nn

from gatewright.errors import GatewrightError
from gatewright.frontend.naming import path_of_node, sanitize
from gatewright.frontend.onnx.fold import Folder
from gatewright.frontend.onnx.graph import RawGraph, attributes, label, malformed
from gatewright.frontend.onnx.ops import NONE

Array = npt.NDArray[Any]


_ENDS = (".weight", ".bias")
"""What names of a layer's parameters end in."""


@dataclass(frozen=True, eq=False)
class Computed:
    """A value that is computed from the inputs.

    Attributes:
        node: That gives it.
        shape: At the sizes that the file is read with.
        batch: The axis that counts sequences.
        inner: How many elements of one sequence stand side by side in that axis, where a view
            merged it with those behind it.
        turned: What it is a permutation of, and the permutation.
    """

    node: fx.Node
    shape: tuple[int, ...]
    batch: int
    inner: int = 1
    turned: tuple[Computed, tuple[int, ...]] | None = None

    def axis(self, number: int) -> int:
        """An axis counted from the front."""
        return number + len(self.shape) if number < 0 else number


@dataclass(frozen=True)
class CellOutput:
    """What an ``LSTM`` or ``RNN`` gives of every step, [T, D, B, H] in the file.

    Attributes:
        sequence: The same as torch has it, [T, B, D * H].
        directions: D.
        turned: Whether the file has turned it to [T, B, D, H].
    """

    sequence: Computed
    directions: int
    turned: bool = False


@dataclass
class ModuleReading:
    """State of one file that is read.

    Attributes:
        graph: The file's.
        batch: How many sequences it is read with.
        values: What is computed from the inputs.
        constants: What is not.
        cells: Outputs of recurrent nodes, until the file makes sequences of them.
        root: Holds the layers.
        fx: The graph of their calls.
        other_axis: Whether sequences must be counted by another axis of the input.
    """

    graph: RawGraph
    batch: int
    values: dict[str, Computed] = field(default_factory=dict)
    constants: dict[str, Array] = field(default_factory=dict)
    cells: dict[str, CellOutput] = field(default_factory=dict)
    root: nn.Module = field(default_factory=nn.Module)
    fx: fx.Graph = field(default_factory=fx.Graph)
    other_axis: bool = False

    def __post_init__(self) -> None:
        self.folder = Folder(self.graph.opset)

    @property
    def counts(self) -> set[int]:
        """The number of time steps: sizes that are that may be others."""
        first = next(value for value in self.values.values() if value.node.op == "placeholder")
        return {size for axis, size in enumerate(first.shape[:2]) if axis != first.batch}

    def name(self, node: onnx.NodeProto, index: int) -> str:
        """The name of an input; empty where there is none."""
        return self.graph.resolve(node.input[index]) if index < len(node.input) else ""

    def is_constant(self, node: onnx.NodeProto, index: int) -> bool:
        """Whether an input is one."""
        name = self.name(node, index)
        return name in self.constants or self.graph.is_constant(name)

    def constant(self, node: onnx.NodeProto, index: int) -> Array:
        """An input that is a constant.

        Raises:
            GatewrightError: GW-205 where it is computed, GW-207 where it is missing.
        """
        name = self.name(node, index)
        if not name:
            raise malformed(label(node), f"its input {index} is missing.")
        if name in self.constants:
            return self.constants[name]
        if not self.graph.is_constant(name):
            raise unread(node, f"its input {name!r} is computed, and has to be a constant.")
        return self.graph.constant(label(node), name)

    def floats(self, node: onnx.NodeProto, index: int) -> torch.Tensor:
        """A constant of finite float32 numbers; GW-104, GW-205 or GW-207 otherwise."""
        values = self.constant(node, index)
        if values.dtype != np.float32:
            raise unread(node, f"its input {index} is {values.dtype}, not float32.")
        if not np.isfinite(values).all():
            raise GatewrightError(
                "GW-104",
                where=label(node),
                cause=f"its input {self.name(node, index)!r} holds NaN or infinite values.",
                remedy="Train the model again or load a sound checkpoint, and export it.",
            )
        return torch.from_numpy(values.copy())

    def input(self, node: onnx.NodeProto, index: int = 0) -> Computed:
        """An input that is computed from the graph's; GW-205 otherwise."""
        name = self.name(node, index)
        if name in self.cells:
            return self._expanded(self.cells[name])
        if name not in self.values:
            raise unread(node, f"its input {name!r} has to be computed from the graph's input.")
        return self.values[name]

    def _expanded(self, cell: CellOutput) -> Computed:
        """The output of a recurrent node as the file has it."""
        steps, _, features = cell.sequence.shape
        split = (steps, self.batch, cell.directions, features // cell.directions)
        sizes = (cell.directions, split[-1])
        parts = self.method(cell.sequence, "unflatten", (-1, sizes), split, batch=1)
        return parts if cell.turned else self.permuted(parts, (0, 2, 1, 3))

    def axes(self, node: onnx.NodeProto, index: int = 1) -> list[int] | None:
        """The attribute ``axes``, which is an input from opset 13 or 18 on; None where neither."""
        given = attributes(node).get("axes")
        if given is None and self.name(node, index):
            given = self.integers(node, index)
        return None if given is None else [int(axis) for axis in given]

    def integers(self, node: onnx.NodeProto, index: int) -> list[int]:
        """A constant of integers, flat; GW-207 on others."""
        values = self.constant(node, index)
        if values.dtype not in (np.int64, np.int32):
            raise malformed(label(node), f"its input {index} is {values.dtype}, no integers.")
        return [int(value) for value in values.reshape(-1)]

    def function(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...],
        shape: Sequence[int],
        batch: int,
        inner: int = 1,
    ) -> Computed:
        """A call of a function."""
        return Computed(self.fx.call_function(target, _nodes(args)), tuple(shape), batch, inner)

    def method(
        self, x: Computed, name: str, args: tuple[Any, ...], shape: Sequence[int], batch: int
    ) -> Computed:
        """A call of a tensor's method."""
        return Computed(self.fx.call_method(name, (x.node, *args)), tuple(shape), batch)

    def alike(self, x: Computed, target: Callable[..., Any], *args: Any) -> Computed:
        """A call of a function that keeps the shape."""
        return self.function(target, (x, *args), x.shape, x.batch, x.inner)

    def module(self, node: onnx.NodeProto, module: nn.Module, *args: Any) -> fx.Node:
        """A call of a layer, which is named as the file names its weight or its node."""
        return self.fx.call_module(self._added(node, module), _nodes(args))

    def buffer(self, node: onnx.NodeProto, values: torch.Tensor) -> fx.Node:
        """A constant that is computed with."""
        name = self._free(f"{self._base(node)}_constant")
        self.root.register_buffer(name, values)
        return self.fx.get_attr(name)

    def _added(self, node: onnx.NodeProto, module: nn.Module) -> str:
        name = self._free(self._base(node))
        self.root.add_module(name, module.eval())
        return name

    def _base(self, node: onnx.NodeProto) -> str:
        named = self.graph.consumers(node.output[0]) if node.op_type == "MatMul" else []
        inputs = [name for user in (node, *named) for name in user.input]
        paths = [n.removesuffix(end) for end in _ENDS for n in inputs if n.endswith(end)]
        path = paths[0] if paths else path_of_node(node.name)
        return sanitize(path or node.op_type.lower()).replace(".", "_")

    def _free(self, base: str) -> str:
        name, count = base, 0
        while hasattr(self.root, name):
            count += 1
            name = f"{base}_{count}"
        return name

    def permuted(self, x: Computed, perm: Sequence[int]) -> Computed:
        """A permutation of axes; one of another is one of what that is of."""
        perm = tuple(perm)
        if x.turned is not None:
            x, before = x.turned
            perm = tuple(before[axis] for axis in perm)
        if perm == tuple(range(len(perm))):
            return x
        call = self.fx.call_method("permute", (x.node, *perm))
        shape = tuple(x.shape[axis] for axis in perm)
        return Computed(call, shape, perm.index(x.batch), x.inner, turned=(x, perm))

    def reshaped(self, node: onnx.NodeProto, x: Computed, target: Sequence[int]) -> Computed:
        """A view of other sizes, which any number of sequences can take.

        Raises:
            GatewrightError: GW-205 where sequences are no longer told apart, GW-207 where the
                number of elements differs.
        """
        target = tuple(target)
        if math.prod(target) != math.prod(x.shape):
            raise malformed(label(node), f"it makes {list(target)} of {list(x.shape)}.")
        if target == x.shape:
            return x
        rest = x.inner * math.prod(x.shape[x.batch + 1 :])
        places = []
        for axis, size in enumerate(target):
            behind = math.prod(target[axis + 1 :])
            if rest % behind == 0 and size * behind % (self.batch * rest) == 0:
                alone = size == self.batch and behind == rest
                places.append((not alone, axis != x.batch, axis, rest // behind))
        if not places:
            raise unread(node, f"it makes {list(target)} of {list(x.shape)}: sequences are mixed.")
        *_, batch, inner = min(places)
        sizes = [-1 if axis == batch else size for axis, size in enumerate(target)]
        call = self.fx.call_method("reshape", (x.node, *sizes))
        return Computed(call, target, batch, inner)


def _nodes(args: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(arg.node if isinstance(arg, Computed) else _listed(arg) for arg in args)


def _listed(arg: Any) -> Any:
    return list(_nodes(arg)) if isinstance(arg, list) else arg


_OTHERWISE = (
    "Write the model so that it does without, and export it again; or calibrate the torch module "
    "itself: gatewright.calibrate(model, data)."
)


def unread(node: onnx.NodeProto, cause: str, remedy: str = _OTHERWISE) -> GatewrightError:
    """GW-205 for an op that is read in another form."""
    return GatewrightError("GW-205", where=label(node), cause=cause, remedy=remedy)


ReadPlainOp = Callable[[ModuleReading, onnx.NodeProto], None]


@dataclass(frozen=True)
class PlainOp:
    """An op of a file: how a node of it is read, and the attributes that this heeds."""

    read: ReadPlainOp
    attributes: Set[str] = NONE


OP_READERS: dict[str, PlainOp] = {}


def reads(*ops: str, attributes: Set[str] = NONE) -> Callable[[ReadPlainOp], ReadPlainOp]:
    """Register the reader of ops of ONNX' own domain; see ``PlainOp``."""

    def register(reader: ReadPlainOp) -> ReadPlainOp:
        for op in ops:
            if op in OP_READERS:
                raise ValueError(f"{op} is read twice")
            OP_READERS[op] = PlainOp(reader, attributes)
        return reader

    return register
