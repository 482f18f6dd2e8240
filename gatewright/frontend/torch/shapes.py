"""Shapes that a forward() reads while it is traced: numbers, as they are of the example."""

from __future__ import annotations

import dis
import functools
import operator
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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


class ShapeProxy(fx.Proxy):  # type: ignore[misc]
    """A proxy that answers for what follows from shapes, and from nothing else."""

    def __getattr__(self, name: str) -> Any:
        if name in _FIXED and self.tracer.has_examples:
            return getattr(self.tracer.value_of(self.node), name)
        if name in _ASKED and self.tracer.has_examples:
            return self.tracer.create_proxy("call_function", getattr, (self, name), {})
        return super().__getattr__(name)

    def __index__(self) -> int:
        return operator.index(self.tracer.number(self.node))

    def __int__(self) -> int:
        return int(self.tracer.number(self.node))

    def __float__(self) -> float:
        return float(self.tracer.number(self.node))

    def __bool__(self) -> bool:
        if self.tracer.follows_from_shapes(self.node):
            return bool(self.tracer.number(self.node))
        return bool(super().__bool__())

    def __len__(self) -> int:
        if not self.tracer.has_examples:
            return int(super().__len__())
        return len(self.tracer.value_of(self.node))

    def __iter__(self) -> Iterator[Any]:
        names = _unpacked(sys._getframe(1))
        if names is not None:
            return (self[i] for i in range(names))
        if not self.tracer.has_examples:
            return iter(self.tracer.iter(self))
        return (self[i] for i in range(len(self.tracer.value_of(self.node))))


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
    """

    def __init__(self, examples: Sequence[torch.Tensor] = ()) -> None:
        super().__init__()
        self._examples = list(examples)
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
            node.meta["line"] = (frame.f_code.co_filename, frame.f_lineno)
        return node

    def proxy(self, node: fx.Node) -> fx.Proxy:
        """One that knows its shape."""
        return ShapeProxy(node, self)

    def follows_from_shapes(self, node: fx.Node) -> bool:
        """Whether a value is made of shapes and constants alone."""
        return self.has_examples and follows_from_shapes(node)

    def number(self, node: fx.Node) -> Any:
        """The value of what follows from shapes.

        Raises:
            TraceError: For anything else, which only data could tell.
        """
        if not self.follows_from_shapes(node):
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


def follows_from_shapes(node: fx.Node) -> bool:
    """Whether a call is given shapes and constants alone."""
    if node.op == "call_function" and node.target is getattr and node.args[1] in _ASKED:
        return True
    if node.op == "call_method" and node.target in _ASKED_BY_CALL:
        return True
    sources = node.all_input_nodes
    return bool(sources) and all(map(follows_from_shapes, sources))


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

    for name, make in originals.items():
        setattr(torch, name, traced(make))
    try:
        yield
    finally:
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
