"""Map an integer graph onto kernels that stream to each other."""

from __future__ import annotations

from collections.abc import Callable

from gatewright.errors import GatewrightError
from gatewright.hls_templates.kernels.argmax.kernel import ArgMax
from gatewright.hls_templates.kernels.concat.kernel import Concat
from gatewright.hls_templates.kernels.elementwise.kernel import Elementwise, Function
from gatewright.hls_templates.kernels.flatten.kernel import Flatten
from gatewright.hls_templates.kernels.lookup.kernel import make_lookup
from gatewright.hls_templates.kernels.matvec.kernel import MatVec, choose_fold
from gatewright.hls_templates.kernels.multiply_add.kernel import MultiplyAdd
from gatewright.hls_templates.kernels.over_time.kernel import OverTime
from gatewright.hls_templates.kernels.recurrent.kernel import Recurrent
from gatewright.hls_templates.kernels.recurrent.rtl import tail_timing
from gatewright.hls_templates.kernels.recurrent.schedule import (
    choose_tile,
    least_multipliers,
    make_schedule,
)
from gatewright.hls_templates.kernels.recurrent.tail import generate_tail, split_step
from gatewright.hls_templates.kernels.requantize.kernel import make_requantizer
from gatewright.hls_templates.kernels.select_last.kernel import SelectLast
from gatewright.hls_templates.mapping.dataflow import Design
from gatewright.hls_templates.mapping.mapper import Mapper, Options
from gatewright.ir import ops
from gatewright.ir.graph import Graph, Node, Op
from gatewright.ir.types import IntArray

# A matrix that is used once a sequence works in one of its many steps: it gets a quarter of the
# multipliers of a layer that works in all of them.
ONCE_SHARE = 4


def map_design(graph: Graph, options: Options | None = None) -> Design:
    """Choose a kernel for every part of an integer graph that an output needs.

    Args:
        graph: An integer graph.
        options: Budgets.

    Raises:
        GatewrightError: GW-302 where a value does not fit a stream, GW-405 for a budget that a
            recurrent layer cannot keep.
    """
    mapper = Mapper(graph, options or Options())
    _check_budget(mapper.options.multipliers, least_budget(graph))
    inputs = tuple(mapper.source(i, name) for i, name in enumerate(graph.inputs))
    for node in mapper.nodes:
        _MAPPINGS[node.op](mapper, node)
    outputs = tuple(mapper.sink(i, name) for i, name in enumerate(graph.outputs))
    design = Design(tuple(mapper.stages), inputs, outputs, mapper.streams, mapper.max_steps)
    return design.with_fifos()


def least_budget(graph: Graph) -> int:
    """The smallest budget of multipliers that every recurrent layer of a graph can keep."""
    bodies = (node.body for node in graph.scans() if node.body is not None)
    gates = (len(split_step(body).accumulators) for body in bodies)
    return max(map(least_multipliers, gates), default=1)


def _check_budget(multipliers: int, least: int) -> None:
    if multipliers < least:
        raise GatewrightError(
            "GW-405",
            where="multipliers",
            cause=f"it is {multipliers}; a cell here multiplies for {least} gates at once.",
            remedy=f"Pass {least} or more.",
        )


def _map_scan(mapper: Mapper, node: Node) -> None:
    assert node.body is not None
    graph, count = mapper.graph, int(node.attrs["states"])
    finals, steps = node.outputs[:count], node.outputs[count:]
    producers = {o: n for n in graph.nodes for o in n.outputs}
    initial: dict[str, IntArray] = {}
    given: list[str] = []
    for name, state in zip(node.inputs[:count], node.body.outputs, strict=False):
        producer = producers.get(name)
        if producer is not None and producer.op == ops.INITIAL_STATE:
            row = graph[producer.inputs[0]].value
            assert row is not None
            initial[state] = row
        else:
            given.append(name)
    x, reverse = node.inputs[count], bool(node.attrs.get("reverse"))
    wanted = [name for name in (steps[0], *finals) if mapper.readers[name]]
    roles = {steps[0]: "OUT"} | dict(zip(finals, ("H_N", "C_N"), strict=False))
    roles |= dict(zip(node.inputs[:count], ("H0", "C0"), strict=False))
    streams = [mapper.take(x)]
    if reverse:
        streams[0] = mapper.reverse(node.name, x, streams[0])
    streams += [mapper.take(name) for name in given]
    common = mapper.common(node, [x, *given], wanted)
    split = split_step(node.body)
    tail = generate_tail(split, common[0], common[4], mapper.options.requantizer)
    latency = tail_timing(split, tail.functions).latency
    shape = choose_tile(
        mapper.port(x).width,
        mapper.port(steps[0]).width,
        len(split.accumulators),
        mapper.options.multipliers,
        latency,
    )
    kernel = Recurrent(
        *common,
        split,
        tail,
        shape,
        make_schedule(shape, shape.depth(latency)),
        latency,
        tuple(roles[name] for name in (*given, *wanted)),
        initial,
        reverse,
    )
    mapper.append(kernel, streams, wanted, backwards=steps[0] if reverse else None)


def _map_matmul(mapper: Mapper, node: Node) -> None:
    """A product, together with the bias that follows it."""
    weight = mapper.graph[node.inputs[1]].value
    assert weight is not None
    outputs = weight.shape[1]
    output, bias = mapper.bias(node.outputs[0], outputs)
    common = mapper.common(node, node.inputs[:1], [output])
    sequence = mapper.is_sequence(output)
    budget = mapper.options.multipliers // (1 if sequence else ONCE_SHARE)
    units, columns = choose_fold(weight.shape[0], outputs, max(budget, 1))
    kernel = MatVec(*common, weight, bias, units, columns, output, sequence)
    mapper.append(kernel, [mapper.take(node.inputs[0])], [output])


def _map_add(mapper: Mapper, node: Node) -> None:
    """Taken in by the product before it."""


def _map_concat(mapper: Mapper, node: Node) -> None:
    common = mapper.common(node, node.inputs, node.outputs)
    mapper.append(Concat(*common), [mapper.take(name) for name in node.inputs], node.outputs)


def _map_elementwise(
    mapper: Mapper, node: Node, output: str, function: Callable[[str], Function]
) -> None:
    """A function of one value; it is given the identifier of its parameters."""
    common = mapper.common(node, node.inputs[:1], [output])
    kernel = Elementwise(
        *common, function(f"{common[0]}_function"), output, mapper.is_sequence(output)
    )
    mapper.append(kernel, [mapper.take(node.inputs[0])], [output])


def _map_multithreshold(mapper: Mapper, node: Node) -> None:
    variant = mapper.options.requantizer
    _map_elementwise(
        mapper,
        node,
        node.outputs[0],
        lambda ident: make_requantizer(mapper.graph, node, ident, variant),
    )


def _map_lookup(mapper: Mapper, node: Node) -> None:
    _map_elementwise(
        mapper, node, node.outputs[0], lambda ident: make_lookup(mapper.graph, node, ident)
    )


def _map_mul(mapper: Mapper, node: Node) -> None:
    """A product with constants, together with the terms that follow it."""
    factors = mapper.graph[node.inputs[1]].value
    assert factors is not None
    output, terms = mapper.bias(node.outputs[0], len(factors))
    domain, out = (mapper.graph[name].type for name in (node.inputs[0], output))
    _map_elementwise(
        mapper, node, output, lambda ident: MultiplyAdd(ident, domain, out, factors, terms)
    )


def _map_over_time(mapper: Mapper, node: Node) -> None:
    common = mapper.common(node, node.inputs, node.outputs)
    kernel = OverTime(*common, node.outputs[0], node.op == ops.REDUCE_MAX)
    mapper.append(kernel, [mapper.take(node.inputs[0])], node.outputs)


def _map_argmax(mapper: Mapper, node: Node) -> None:
    common, output = mapper.common(node, node.inputs, node.outputs), node.outputs[0]
    kernel = ArgMax(*common, output, mapper.is_sequence(output))
    mapper.append(kernel, [mapper.take(node.inputs[0])], node.outputs)


def _map_select(mapper: Mapper, node: Node) -> None:
    kernel = SelectLast(*mapper.common(node, node.inputs, node.outputs))
    mapper.append(kernel, [mapper.take(node.inputs[0])], node.outputs)


def _map_flatten(mapper: Mapper, node: Node) -> None:
    common = mapper.common(node, node.inputs, node.outputs)
    kernel = Flatten(*common, int(node.attrs["steps"]))
    mapper.append(kernel, [mapper.take(node.inputs[0])], node.outputs)


_MAPPINGS: dict[Op, Callable[[Mapper, Node], None]] = {
    ops.ADD: _map_add,
    ops.ARGMAX: _map_argmax,
    ops.CONCAT: _map_concat,
    ops.FLATTEN: _map_flatten,
    ops.LOOKUP: _map_lookup,
    ops.MATMUL: _map_matmul,
    ops.MUL: _map_mul,
    ops.MULTITHRESHOLD: _map_multithreshold,
    ops.REDUCE_MAX: _map_over_time,
    ops.REDUCE_SUM: _map_over_time,
    ops.SCAN: _map_scan,
    ops.SELECT_LAST: _map_select,
}
