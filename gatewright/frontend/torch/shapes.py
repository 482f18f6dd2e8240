"""Shapes that a forward() reads while it is traced: numbers, as they are of the example."""

from __future__ import annotations

import dis
import functools
import math
import operator
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import fx, nn
from torch.fx import _symbolic_trace as symbolic

_ASKED = frozenset({"shape", "ndim"})
_ASKED_BY_CALL = frozenset({"size", "dim", "ndimension", "numel", "nelement"})
_FIXED = frozenset({"device", "dtype", "is_cuda", "layout"})
LIBRARIES = tuple(str(Path(file).parents[up]) for file, up in ((torch.__file__, 1), (__file__, 2)))


COMPARISONS = (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)
_ROUNDINGS = (
    *(operator.floordiv, operator.mod, operator.rshift, operator.and_, operator.or_, operator.xor),
    *(math.floor, math.ceil, math.trunc, math.gcd, round),
)
_LOSSY: dict[Any, tuple[Any, tuple[Any, ...]]] = {
    **dict.fromkeys(COMPARISONS, (operator.not_, ())),
    **dict.fromkeys(_ROUNDINGS, (operator.add, (1,))),
}
"""What gives the same for many sizes, and what makes another thing of it: a call, its arguments."""
_DECIDED = (*COMPARISONS, operator.not_)


@dataclass
class SizeReads:
    """What a forward() reads of shapes while it is traced, beside what stands in the graph.

    Attributes:
        turned: The number of the turn that is to go the other way.
        turns: Calls that give the same for many sizes, and branches, with the sizes behind them.
        tells: Numbers that no trace follows any further, or the sizes behind them.
        constants: Numbers that stand where these are used: sizes that may decide something there.
    """

    turned: int | None = None
    turns: list[tuple[fx.Node, Any]] = field(default_factory=list)
    tells: list[tuple[fx.Node, Any]] = field(default_factory=list)
    constants: set[int] = field(default_factory=set)

    def turn(self, node: fx.Node, sizes: Any) -> bool:
        """Note one; whether it is to go the other way."""
        self._note_constants()
        self.turns.append((node, sizes))
        return self.turned == len(self.turns) - 1

    def tell(self, node: fx.Node, number: Any) -> None:
        """Note a number, and what else the functions that ask for it have of numbers."""
        self.tells.append((node, number))
        self._note_constants()

    def _note_constants(self) -> None:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code is not ShapeTracer.trace.__code__:
            if not frame.f_code.co_filename.startswith(LIBRARIES):
                self.constants |= constants_of(frame)
            frame = frame.f_back


class ShapeProxy(fx.Proxy):  # type: ignore[misc]
    """A proxy that answers for what follows from shapes, and from nothing else."""

    def __getattr__(self, name: str) -> Any:
        if name in _FIXED and self.tracer.has_examples:
            return getattr(self.tracer.value_of(self.node), name)
        if name in _ASKED and self.tracer.has_examples:
            return self.tracer.create_proxy("call_function", getattr, (self, name), {})
        return super().__getattr__(name)

    def __index__(self) -> int:
        return operator.index(self.tracer.told(self.node))

    def __int__(self) -> int:
        return int(self.tracer.told(self.node))

    def __float__(self) -> float:
        return float(self.tracer.told(self.node))

    def __bool__(self) -> bool:
        if self.tracer.has_examples and is_own(self.node):
            return bool(self.tracer.decided(self.node))
        return bool(super().__bool__())

    def __hash__(self) -> int:
        if self.tracer.follows_from_shapes(self.node):  # as a key of a dict
            return hash(self.tracer.told(self.node))
        return int(super().__hash__())

    def __repr__(self) -> str:
        if self.tracer.follows_from_shapes(self.node):  # as a text
            return repr(self.tracer.told(self.node))
        return str(super().__repr__())

    def __len__(self) -> int:
        if not self.tracer.has_examples:
            return int(super().__len__())
        return int(self.tracer.counted(self.node))

    def __iter__(self) -> Iterator[Any]:
        names = _unpacked(sys._getframe(1))
        if names is not None:
            return (self[i] for i in range(names))
        if not self.tracer.has_examples:
            return iter(self.tracer.iter(self))
        return (self[i] for i in range(self.tracer.counted(self.node)))


_SEVERAL = (dict, tuple, list, set, frozenset)
LARGEST_TRIED = 2048
"""Of sizes that stand in a forward(): longer sequences take long to trace."""


def constants_of(frame: FrameType) -> set[int]:
    """Numbers that a function has: its constants, variables, attributes, digits of its texts."""
    own = frame.f_locals.get("self")
    names = frame.f_globals
    waiting: list[Any] = [
        *frame.f_code.co_consts,
        *frame.f_locals.values(),
        *(_numbers_of(own) if isinstance(own, nn.Module) else ()),
        *(names[name] for name in frame.f_code.co_names if name in names),
    ]
    found: set[int] = set()
    while waiting:
        item = waiting.pop()
        if isinstance(item, _SEVERAL) and len(item) <= LARGEST_TRIED:
            waiting += item
        elif isinstance(item, str) and item.isdecimal():
            waiting.append(int(item))
        elif isinstance(item, float) and 0 < item < 1:
            waiting.append(round(1 / item))
        elif type(item) is int and 1 < item <= LARGEST_TRIED:
            found.add(item)
    return found


def _numbers_of(module: nn.Module) -> Iterator[Any]:
    """Its attributes, and its own tensors of one number."""
    yield from vars(module).values()
    for tensor in (*module.buffers(False), *module.parameters(False)):
        if tensor.numel() == 1:
            yield int(tensor.detach())


def _unpacked(frame: FrameType) -> int | None:
    """How many names a tuple is unpacked to; None where it is iterated over."""
    found = (i for i in dis.get_instructions(frame.f_code) if i.offset == frame.f_lasti)
    instruction = next(found, None)
    if instruction is None or instruction.opname != "UNPACK_SEQUENCE":
        return None
    return int(instruction.argval)


class ShapeTracer(fx.Tracer):  # type: ignore[misc]
    """A tracer that can be asked for shapes.

    Args:
        examples: The arguments; without them no shape is known.
        reads: Where it is noted what forward() reads of shapes.
    """

    def __init__(
        self, examples: Sequence[torch.Tensor] = (), reads: SizeReads | None = None
    ) -> None:
        super().__init__()
        self._examples = list(examples)
        self._reads = SizeReads() if reads is None else reads
        self._values: dict[fx.Node, Any] = {}

    @property
    def has_examples(self) -> bool:
        """Whether shapes are known."""
        return bool(self._examples)

    def trace(self, *args: Any, **kwargs: Any) -> fx.Graph:
        """As of any tracer; tensors that are made of shapes are calls of the graph too."""
        with _made_of_shapes():
            return super().trace(*args, **kwargs)

    def create_node(self, *args: Any, **kwargs: Any) -> fx.Node:
        """Also note the line of the user's that makes it: file and number."""
        node = super().create_node(*args, **kwargs)
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith(LIBRARIES):
            frame = frame.f_back
        if frame is not None:
            node.meta["line"] = user_line(frame)
        lossy = node.target in _LOSSY and self.has_examples and is_own(node) and has_sizes(node)
        if not lossy or not self._reads.turn(node, _origins(node, self.value_of)):
            return node
        turn, rest = _LOSSY[node.target]
        return super().create_node("call_function", turn, (node, *rest), {})

    def proxy(self, node: fx.Node) -> fx.Proxy:
        """One that knows its shape."""
        return ShapeProxy(node, self)

    def follows_from_shapes(self, node: fx.Node) -> bool:
        """Whether a value is made of shapes and constants alone."""
        return self.has_examples and follows_from_shapes(node)

    def told(self, node: fx.Node) -> Any:
        """The number that forward() computes with from here on, where no trace follows it."""
        number = self.number(node)
        self._reads.tell(node, number)
        return number

    def counted(self, node: fx.Node) -> int:
        """How many items a value has; the same."""
        items = self.value_of(node)
        parts = isinstance(items, tuple | list) and not isinstance(items, torch.Size)
        sizes = [getattr(item, "shape", None) for item in items] if parts else len(items)
        self._reads.tell(node, sizes)
        return len(items)

    def decided(self, node: fx.Node) -> bool:
        """What a branch of forward() depends on, or what leads to the other branch."""
        number = bool(self.number(node))
        if node.target in _DECIDED:  # noted when it was compared
            return number
        return number != self._reads.turn(node, _origins(node, self.value_of))

    def number(self, node: fx.Node) -> Any:
        """The value of what follows from shapes, or from the model's own tensors.

        Raises:
            TraceError: For anything else, which only data could tell.
        """
        if not (self.has_examples and is_own(node)):
            raise fx.proxy.TraceError(f"{node.name} is a number that only data could tell")
        return self.value_of(node)

    def value_of(self, node: fx.Node) -> Any:
        """What a node gives on the example."""
        waiting = [node]
        while waiting:
            last = waiting[-1]
            missing = [n for n in last.all_input_nodes if n not in self._values]
            waiting += missing
            if not missing:
                self._values[last] = self._compute(last)
                waiting.pop()
        return self._values[node]

    def _compute(self, node: fx.Node) -> Any:
        args, kwargs = fx.node.map_arg((node.args, node.kwargs), self._values.__getitem__)
        with _untraced(), torch.no_grad():
            match node.op:
                case "placeholder":
                    position = [n for n in self.graph.nodes if n.op == "placeholder"].index(node)
                    return self._examples[position]
                case "get_attr":
                    return operator.attrgetter(str(node.target))(self.root)
                case "call_module":
                    return self.root.get_submodule(str(node.target))(*args, **kwargs)
                case "call_method":
                    return getattr(args[0], str(node.target))(*args[1:], **kwargs)
                case _:
                    return node.target(*args, **kwargs)


def user_line(frame: FrameType) -> tuple[str, int]:
    """The file and the line that run; of a graph that was traced before, those it was made of."""
    owner = frame.f_locals.get("self")
    if isinstance(owner, fx.GraphModule):
        index = owner._lineno_map.get(frame.f_lineno - owner._prologue_start)
        nodes = list(owner.graph.nodes)
        if index is not None and "line" in nodes[index].meta:
            file, number = nodes[index].meta["line"]
            return str(file), int(number)
    return frame.f_code.co_filename, frame.f_lineno


def follows_from_shapes(node: fx.Node) -> bool:
    """Whether a call is given shapes and constants alone."""
    if _asks(node):
        return True
    sources = node.all_input_nodes
    return bool(sources) and all(map(follows_from_shapes, sources))


def is_own(node: fx.Node) -> bool:
    """Whether a value is made of shapes, constants and the model's own tensors, and of no data."""
    if node.op == "get_attr" or _asks(node):
        return True
    sources = node.all_input_nodes
    return bool(sources) and all(map(is_own, sources))


def has_sizes(node: fx.Node) -> bool:
    """Whether a shape is asked for somewhere in a value."""
    return _asks(node) or any(map(has_sizes, node.all_input_nodes))


def _asks(node: fx.Node) -> bool:
    """Whether a call asks a tensor for its shape."""
    if node.op == "call_function" and node.target is getattr and node.args[1] in _ASKED:
        return True
    return node.op == "call_method" and node.target in _ASKED_BY_CALL


def _origins(node: fx.Node, value_of: Callable[[fx.Node], Any]) -> tuple[Any, ...]:
    """The sizes that a number is made of; of two that are compared, whether one is the other."""
    sides = [arg for arg in node.args if isinstance(arg, fx.Node)]
    if node.target in COMPARISONS and len(sides) == 2:
        a, b = map(value_of, sides)
        return (a == b,) if isinstance(a, tuple) else (a - b,)
    found, waiting = [], [node]
    while waiting:
        source = waiting.pop()
        item = source.target is operator.getitem and _asks(source.all_input_nodes[0])
        if item or _asks(source):
            found.append(value_of(source))
        else:
            waiting += source.all_input_nodes
    return tuple(found)


@contextmanager
def _made_of_shapes() -> Iterator[None]:
    """Let ``torch.zeros(x.size(0), H)`` be traced, whose first argument torch takes for no size."""
    originals = {name: getattr(torch, name) for name in ("zeros", "ones", "full", "empty")}

    def traced(make: Any) -> Any:
        @functools.wraps(make)
        def call(*args: Any, **kwargs: Any) -> Any:
            sizes = args[0] if args and isinstance(args[0], tuple | list) else args
            proxy = next((size for size in sizes if isinstance(size, ShapeProxy)), None)
            if proxy is None:
                return make(*args, **kwargs)
            return proxy.tracer.create_proxy("call_function", make, args, kwargs)

        return call

    def variable(kind: Any, *args: Any, **kwargs: Any) -> Any:
        """``torch.autograd.Variable(tensor)``, which gives the tensor."""
        is_traced = bool(args) and isinstance(args[0], fx.Proxy)
        return args[0] if is_traced else type.__call__(kind, *args, **kwargs)

    for name, make in originals.items():
        setattr(torch, name, traced(make))
    type(torch.autograd.Variable).__call__ = variable
    try:
        yield
    finally:
        del type(torch.autograd.Variable).__call__
        for name, make in originals.items():
            setattr(torch, name, make)


@contextmanager
def _untraced() -> Iterator[None]:
    """Let modules run, and not be traced, meanwhile."""
    call, get = nn.Module.__call__, nn.Module.__getattr__
    nn.Module.__call__ = symbolic._orig_module_call
    nn.Module.__getattr__ = symbolic._orig_module_getattr
    try:
        yield
    finally:
        nn.Module.__call__, nn.Module.__getattr__ = call, get
