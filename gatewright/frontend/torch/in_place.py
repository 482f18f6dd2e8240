"""Tensors that a forward() changes in place, and reads later: no graph has that."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from brevitas.quant_tensor import QuantTensor
from torch import fx, nn

from gatewright.errors import GatewrightError
from gatewright.frontend.torch.obstacles import shown_line
from gatewright.frontend.torch.preserve import preserved
from gatewright.frontend.torch.shapes import ShapeProxy, follows_from_shapes
from gatewright.frontend.torch.symbolic import changes_input, symbolic_graph

_OPERATORS: dict[Any, tuple[str, str, Any]] = {
    operator.iadd: ("+", "__iadd__", operator.add),
    operator.isub: ("-", "__isub__", operator.sub),
    operator.imul: ("*", "__imul__", operator.mul),
    operator.itruediv: ("/", "__itruediv__", operator.truediv),
    operator.ipow: ("**", "__ipow__", operator.pow),
}
"""How each is written, the name of its method, and what computes the same of numbers."""
_IN_GENERAL = "o = o * 2 for o *= 2, y = torch.relu(o) for nn.ReLU(inplace=True)(o)"


def refuse_in_place(model: nn.Module, examples: Sequence[torch.Tensor]) -> None:
    """Refuse a forward() that changes a tensor in place of which something is read later.

    Args:
        model: In eval mode; it stays as it is.
        examples: One for each argument of its forward().

    Raises:
        GatewrightError: GW-110 with the line; GW-108 where forward() cannot be traced.
    """
    node = changed_node(model, examples)
    if node is not None:
        raise GatewrightError(
            "GW-110",
            where=type(model).__name__,
            cause=f"forward() changes a tensor in place that is read later{shown_line(node)}.",
            remedy=f"Compute another tensor, and read that: {advice(node)}.",
        )


def advice(node: fx.Node) -> str:
    """What to write in place of a call that changes its input."""
    if node.target not in _OPERATORS:
        return _IN_GENERAL
    symbol, _, _ = _OPERATORS[node.target]
    return f"o = o {symbol} a for o {symbol}= a"


def changed_node(model: nn.Module, examples: Sequence[torch.Tensor]) -> fx.Node | None:
    """The first call of a forward() that changes what another name reads later, if there is one."""
    with _in_sight():
        graph = symbolic_graph(model, examples)
    writes = [node for node in graph.nodes if _writes(node, model)]
    if not writes:
        return None
    with preserved(model):
        places = _Places(fx.GraphModule(model, graph))
        places.run(*(example.clone() for example in examples))
    own = dict(zip(graph.nodes, places.module.graph.nodes, strict=True))
    return next((node for node in writes if places.are_read_after(own[node])), None)


@contextmanager
def _in_sight() -> Iterator[None]:
    """Let a trace have ``o *= 2`` as what it is; others have ``o = o * 2``."""

    def method(in_place: Any, apart: Any) -> Any:
        def call(self: ShapeProxy, other: Any) -> fx.Proxy:
            known = self.tracer.follows_from_shapes(self.node)
            made: fx.Proxy = self.tracer.create_proxy(
                "call_function", apart if known else in_place, (self, other), {}
            )
            return made

        return call

    for in_place, (_, name, apart) in _OPERATORS.items():
        setattr(ShapeProxy, name, method(in_place, apart))
    try:
        yield
    finally:
        for _, name, _ in _OPERATORS.values():
            delattr(ShapeProxy, name)


def _writes(node: fx.Node, model: nn.Module) -> bool:
    """Whether a call changes what it is given."""
    if node.op == "call_module":
        return changes_input(model.get_submodule(str(node.target)))
    if node.op == "call_method":
        name = str(node.target)
        return name.endswith("_") and not name.endswith("__") and name != "requires_grad_"
    return node.op == "call_function" and node.target in (*_OPERATORS, operator.setitem)


class _Places(fx.Interpreter):  # type: ignore[misc]
    """Runs a graph and keeps where the tensors that each call gives are stored."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module, garbage_collect_values=False)  # no place is used again
        self.known: dict[fx.Node, frozenset[int]] = {}

    def run_node(self, node: fx.Node) -> Any:
        """As of any interpreter."""
        with torch.no_grad():
            result = super().run_node(node)
        self.known[node] = frozenset(_stored(result))
        return result

    def are_read_after(self, write: fx.Node) -> bool:
        """Whether what a call changes is read behind it by another name than what it gives."""
        order = list(self.module.graph.nodes)
        at = order.index(write)
        changed = self.known[write.all_input_nodes[0]]
        for name in order[:at]:
            if not changed & self.known[name]:
                continue
            for reader in set(name.users) & set(order[at + 1 :]):
                item = reader.target is operator.getitem and len(self.known[name]) > 1
                reads = changed & self.known[reader] if item else not follows_from_shapes(reader)
                if reads:
                    return True
        return False


def _stored(value: Any) -> Iterator[int]:
    if isinstance(value, QuantTensor):  # arithmetic makes others of these
        return
    if isinstance(value, torch.Tensor) and value.numel():
        yield value.untyped_storage().data_ptr()
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _stored(part)
