"""The cell's tail, generated from the integer graph of one time step.

The step graph splits in two: the linear part, which is what the kernel's multipliers do
(``MatMul`` of x and h, their sums, the bias), and the elementwise rest, which becomes straight-line
code, one statement a node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gatewright.hls_templates import cpp
from gatewright.hls_templates.delays import addition, product
from gatewright.hls_templates.kernels.lookup.kernel import Table, make_lookup
from gatewright.hls_templates.kernels.requantize.kernel import Requantizer, make_requantizer
from gatewright.hls_templates.project.names import MACROS
from gatewright.ir import ops
from gatewright.ir.graph import Graph, Node, Op
from gatewright.ir.types import IntArray, IntType


@dataclass(frozen=True, eq=False)
class Accumulator:
    """One gate's sum ``x @ w + h @ u + bias``.

    Attributes:
        tensor: The step graph's tensor.
        w: int64 [I, H].
        u: int64 [H, H].
        bias: int64 [H].
    """

    tensor: str
    w: IntArray
    u: IntArray
    bias: IntArray


@dataclass(frozen=True, eq=False)
class StepSplit:
    """A step graph as the kernel sees it.

    Attributes:
        accumulators: In the order of the kernel's gates.
        tail: Elementwise nodes in topological order.
    """

    body: Graph
    accumulators: tuple[Accumulator, ...]
    tail: tuple[Node, ...]

    @property
    def shown(self) -> tuple[str, ...]:
        """Tensors in the order of their tap numbers."""
        sums = tuple(accumulator.tensor for accumulator in self.accumulators)
        return sums + tuple(node.outputs[0] for node in self.tail)

    @cached_property
    def operand(self) -> IntType:
        """Range of what is multiplied by weights."""
        body = self.body
        return IntType.hull([body[body.inputs[0]].type, body[body.inputs[-1]].type])

    @cached_property
    def weight(self) -> IntType:
        """Range of the weights."""
        return IntType.hull([IntType.of(m) for a in self.accumulators for m in (a.w, a.u)])

    @cached_property
    def accumulator(self) -> IntType:
        """Range of a sum, whole or partial."""
        reach = [self.body[a.tensor].type for a in self.accumulators]
        # A tile's products are summed on their own before the rest is added.
        return IntType.hull([*reach, *(_partial_reach(a, self.operand) for a in self.accumulators)])


def _partial_reach(sums: Accumulator, operand: IntType) -> IntType:
    both = np.concatenate([sums.w, sums.u])
    low = np.minimum(both * operand.lo, both * operand.hi).clip(max=0).sum(axis=0)
    high = np.maximum(both * operand.lo, both * operand.hi).clip(min=0).sum(axis=0)
    products = IntType(int(low.min()), int(high.max()))
    biased = IntType(int((low + sums.bias).min()), int((high + sums.bias).max()))
    return IntType.hull([products, biased])


def split_step(body: Graph) -> StepSplit:
    """Separate the linear part of a step graph from its tail."""
    linear: dict[str, dict[str, IntArray]] = {}
    x, h = body.inputs[-1], body.inputs[0]
    consumed: set[str] = set()
    tail = []
    for node in body.nodes:
        parts = _linear_parts(body, node, linear, x, h)
        if parts is None:
            tail.append(node)
        else:
            linear[node.outputs[0]] = parts
            consumed |= set(node.inputs)
    roots = [name for name in linear if name not in consumed]
    size = body[h].shape[-1]
    inputs = body[x].shape[-1]
    assert isinstance(size, int) and isinstance(inputs, int)
    accumulators = tuple(
        Accumulator(
            name,
            linear[name].get("w", np.zeros((inputs, size), dtype=np.int64)),
            linear[name].get("u", np.zeros((size, size), dtype=np.int64)),
            linear[name].get("bias", np.zeros(size, dtype=np.int64)),
        )
        for name in roots
    )
    return StepSplit(body, accumulators, tuple(tail))


def _linear_parts(
    body: Graph, node: Node, linear: dict[str, dict[str, IntArray]], x: str, h: str
) -> dict[str, IntArray] | None:
    """What a node adds up, if it belongs to the linear part."""
    if node.op == ops.MATMUL:
        weight = body[node.inputs[1]].value
        assert weight is not None
        return {"w" if node.inputs[0] == x else "u": weight}
    if node.op != ops.ADD:
        return None
    merged: dict[str, IntArray] = {}
    for name in node.inputs:
        value = body[name].value
        parts = {"bias": value} if value is not None else linear.get(name)
        if parts is None:
            return None
        for key, term in parts.items():
            merged[key] = merged[key] + term if key in merged else term
    return merged


@dataclass(frozen=True, eq=False)
class TailCode:
    """Generated C++ of a tail.

    Attributes:
        statements: The function body.
        functions: Of requantizers and look-ups, by tensor name.
        taps: Tensors in the order of their tap numbers.
    """

    statements: tuple[str, ...]
    functions: dict[str, Requantizer | Table]
    taps: tuple[str, ...]

    @property
    def requantizers(self) -> dict[str, Requantizer]:
        """Those that are requantizers, by tensor name."""
        return {k: f for k, f in self.functions.items() if isinstance(f, Requantizer)}


def generate_tail(split: StepSplit, prefix: str, first_tap: int, variant: str) -> TailCode:
    """Write the tail of a step graph as C++.

    Args:
        split: The step graph.
        prefix: Identifier its parameter structs begin with.
        first_tap: Number of its first tap.
        variant: Requantizer variant, see ``make_requantizer``.
    """
    writer = _Writer(split.body, prefix, variant)
    taps = split.shown
    for i, accumulator in enumerate(split.accumulators):
        writer.declare(accumulator.tensor, f"sum[{i}]")
    for node in split.tail:
        writer.declare(node.outputs[0], _EXPRESSIONS[node.op](writer, node))
    shown = [
        f"{MACROS}_TAP({first_tap + i}, row * UNITS + lane, {name});" for i, name in enumerate(taps)
    ]
    states = split.body.inputs[:-1]
    assert not any(states[0] in node.inputs for node in split.tail), "h goes through a matrix only"
    stores = [
        f"{state.removesuffix('_prev')}_next = {value};"
        for state, value in zip(states, split.body.outputs[: len(states)], strict=True)
    ]
    # Of its parameters every cell may do without these; one without c, without those of c.
    spare = ("row", "lane", *(() if len(states) > 1 else ("c_prev", "c_next")))
    return TailCode(
        (*(f"(void){name};" for name in spare), *writer.statements, *shown, *stores),
        writer.functions,
        taps,
    )


class _Writer:
    def __init__(self, body: Graph, prefix: str, variant: str) -> None:
        self.body = body
        self.prefix = prefix
        self.variant = variant
        self.statements: list[str] = []
        self.functions: dict[str, Requantizer | Table] = {}

    def type(self, tensor: str) -> IntType:
        return self.body[tensor].type

    def declare(self, tensor: str, expression: str) -> None:
        word = cpp.word(self.type(tensor))
        self.statements.append(f"const {word} {tensor} = {expression};")

    def operand(self, tensor: str) -> str:
        """A tensor of the step graph, or the value of a constant that all units share."""
        value = self.body[tensor].value
        return tensor if value is None else cpp.literal(value.item())

    def ident(self, tensor: str) -> str:
        return cpp.identifier(self.prefix, tensor)


def _multithreshold(writer: _Writer, node: Node) -> str:
    tensor = node.outputs[0]
    requantizer = make_requantizer(writer.body, node, writer.ident(tensor), writer.variant)
    writer.functions[tensor] = requantizer
    return f"{requantizer.call}::apply({node.inputs[0]}, row, lane)"


def _lookup(writer: _Writer, node: Node) -> str:
    tensor = node.outputs[0]
    lookup = make_lookup(writer.body, node, writer.ident(tensor))
    writer.functions[tensor] = lookup
    return f"{lookup.call}::apply({node.inputs[0]}, row, lane)"


def _binary(operator: str) -> Callable[[_Writer, Node], str]:
    def write(writer: _Writer, node: Node) -> str:
        # Widened before the operation: a native word must not wrap where ap_int grows.
        word = cpp.word(writer.type(node.outputs[0]))
        a, b = (writer.operand(name) for name in node.inputs)
        return f"{word}({a}) {operator} {b}"

    return write


OPERATORS: Mapping[Op, Callable[[int, int], tuple[str, ...]]] = {
    ops.ADD: lambda a, b: (addition(max(a, b) + 1),),
    ops.MUL: product,
    ops.SUB: lambda a, b: (addition(max(a, b) + 1),),
}
"""What a node of a tail is in hardware, given the bits of its operands."""

_EXPRESSIONS: dict[Op, Callable[[_Writer, Node], str]] = {
    ops.ADD: _binary("+"),
    ops.LOOKUP: _lookup,
    ops.MUL: _binary("*"),
    ops.MULTITHRESHOLD: _multithreshold,
    ops.SUB: _binary("-"),
}
