"""From a Scan to the recurrent kernel, and what that shows."""

from __future__ import annotations

from gatewright.errors import GatewrightError
from gatewright.hls_templates.kernels.recurrent.folding import (
    Folding,
    fold_for_hls,
    fold_for_rtl,
)
from gatewright.hls_templates.kernels.recurrent.kernel import Recurrent, RecurrentRecord
from gatewright.hls_templates.kernels.recurrent.rtl import tail_timing
from gatewright.hls_templates.kernels.recurrent.tail import (
    StepSplit,
    TailCode,
    generate_tail,
    split_step,
)
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import Mappings, OpMapping
from gatewright.hls_templates.mapping.options import DEFAULT_MAX_STEPS, MappingOptions
from gatewright.hls_templates.records import Tap
from gatewright.hls_templates.rtl.cut import Cut
from gatewright.ir import ops
from gatewright.ir.graph import Node
from gatewright.ir.types import IntArray


def _place(mapper: Mapper, node: Node) -> None:
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
    _check_given(mapper.options.sequences, given, node.name)
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
    inputs, hidden = mapper.port(x).width, mapper.port(steps[0]).width
    cut, latency, folding = _cut(mapper.options, inputs, hidden, split, tail)
    kernel = Recurrent(
        *common,
        split,
        tail,
        folding,
        fold_for_hls(inputs, hidden, split, tail, mapper.options),
        latency,
        cut,
        tuple(roles[name] for name in (*given, *wanted)),
        initial,
        reverse,
        mapper.options.max_steps or DEFAULT_MAX_STEPS,
    )
    mapper.append(kernel, streams, wanted, backwards=steps[0] if reverse else None)


def _check_given(sequences: int, given: list[str], layer: str) -> None:
    if sequences > 1 and given:
        raise GatewrightError(
            "GW-405",
            where=f"sequences, for layer {layer}",
            cause=f"it is {sequences}, and each sequence begins with a state that it is given.",
            remedy="Pass sequences=1, or let the states be zeros or constants.",
        )


def _cut(
    options: MappingOptions, inputs: int, hidden: int, split: StepSplit, tail: TailCode
) -> tuple[Cut, int, Folding]:
    """The way of placing registers with the fewest cycles a step; of several, most registers."""
    found: list[tuple[Cut, int, Folding]] = []
    for cut in options.cuts:
        latency = tail_timing(split, tail.functions, cut).latency
        folding = fold_for_rtl(inputs, hidden, split, options, latency, cut)
        found.append((cut, latency, folding))
    return min(found, key=lambda f: len(f[2].slots))


def _taps(mapper: Mapper, node: Node) -> list[Tap]:
    """All that its tail computes."""
    assert node.body is not None
    hidden, reverse = node.body[node.body.inputs[0]].shape[-1], bool(node.attrs.get("reverse"))
    assert isinstance(hidden, int)
    names = (f"{node.name}/{tensor}" for tensor in split_step(node.body).shown)
    windows = mapper.port(node.inputs[int(node.attrs["states"])]).windows
    return [Tap(name, hidden, True, reverse, windows) for name in names]


MAPPINGS: Mappings = {ops.SCAN: OpMapping(_place, _taps, RecurrentRecord)}
