"""The recurrent kernel in SystemVerilog: its parameters, its memories, its tail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gatewright.hls_templates.kernels.recurrent.layer import ROLES, RecurrentLayer
from gatewright.hls_templates.kernels.recurrent.schedule import SlotList, TileShape
from gatewright.hls_templates.kernels.recurrent.tail import StepSplit
from gatewright.hls_templates.kernels.recurrent.tracks import GIVEN_PORTS, ONE_TRACK, make_tracks
from gatewright.hls_templates.rtl.cut import UNCUT, Cut
from gatewright.hls_templates.rtl.functions import RtlFunction, row_bits
from gatewright.hls_templates.rtl.pipeline import NodeTimes, PipelineWriter, time_nodes
from gatewright.hls_templates.rtl.sv import (
    CLOCK,
    OPEN,
    Bits,
    Generated,
    Instance,
    Module,
    Rom,
    RtlStage,
    SvValue,
    pack,
    reading,
    signed_bits,
    zero,
)
from gatewright.ir.graph import Node
from gatewright.ir.types import IntArray, IntType

C_READ = 1
"""Cycles behind the sums in which c of the step before can be there."""


def tail_timing(
    split: StepSplit, functions: Mapping[str, RtlFunction], cut: Cut = UNCUT
) -> NodeTimes:
    """When each value of a tail is there; c of the step before arrives when it is first needed."""
    body = split.body
    states = body.inputs[:-1]
    sums = {a.tensor: 0 for a in split.accumulators}
    outputs = body.outputs[: len(states)]
    earliest = {**sums, **dict.fromkeys(states[1:], C_READ)}
    timing = time_nodes(body, split.tail, earliest, outputs, functions, cut)
    for state in states[1:]:
        reads = [timing.begins[n.outputs[0]] for n in split.tail if state in n.inputs]
        later = {**sums, state: min(reads, default=C_READ)}
        timing = time_nodes(body, split.tail, later, outputs, functions, cut)
    return timing


def c_latency(split: StepSplit, timing: NodeTimes) -> int:
    """When c of the step before is there."""
    states = split.body.inputs[1:-1]
    return timing.ready[states[0]][0] if states else C_READ


def write_tail(
    ident: str,
    split: StepSplit,
    functions: Mapping[str, RtlFunction],
    units: int,
    rows: int,
    sum_bits: int,
    cut: Cut,
) -> Generated:
    """The tail of a cell as a module: sums of all gates in, h and c out."""
    body, timing = split.body, tail_timing(split, functions, cut)
    writer = PipelineWriter(f"{ident}_tail", units, rows)
    gates = len(split.accumulators)
    inputs = {"sums_i": units * gates * sum_bits}
    for gate, accumulator in enumerate(split.accumulators):
        at = f"(u*{gates}+{gate})*{sum_bits}"
        writer.input(accumulator.tensor, body[accumulator.tensor].type, 0, "sums_i", at)
    states = body.inputs[:-1]
    for state in states[1:]:
        type_ = body[state].type
        inputs["c_i"] = units * type_.bits
        writer.input(state, type_, timing.ready[state][0], "c_i", f"u*{type_.bits}")
    for node in split.tail:
        _write_node(writer, split, node, functions, timing)
    for state, value, port in zip(states, body.outputs, ("h_o", "c_o"), strict=False):
        writer.output(port, value, timing.latency, body[state].type)
    return writer.finish(f"Tail of {ident}, {timing.latency} cycles long.", inputs)


def _write_node(
    writer: PipelineWriter,
    split: StepSplit,
    node: Node,
    functions: Mapping[str, RtlFunction],
    timing: NodeTimes,
) -> None:
    body, (output,) = split.body, node.outputs
    out, time = body[output].type, timing.begins[output]
    cut = timing.cuts[output], timing.ready[output][0]
    if output in functions:
        writer.function(functions[output], node.inputs[0], time, output, out, cut)
        return
    operands = []
    for name in node.inputs:
        value = body[name].value
        operands.append((name, body[name].type) if value is None else writer.literal(value.item()))
    writer.binary(node.op, (operands[0], operands[1]), time, output, out, cut)


def flat(values: IntArray | None, width: int, type_: IntType) -> Bits:
    """A row of values as one constant."""
    row = np.zeros(width, dtype=np.int64) if values is None else values
    return Bits(width * type_.bits, pack(row[None], type_.bits)[0])


def schedule_rom(shape: TileShape, slots: SlotList) -> Rom:
    """The schedule: ``active, release, last, first, hidden, row, column`` of each slot."""
    column_bits = row_bits(max(shape.x_blocks, shape.h_blocks))
    last_x = max(i for i, tile in enumerate(slots) if tile is not None and not tile.hidden)
    words = []
    for i, tile in enumerate(slots):
        word = 0
        if tile is not None:
            for flag in (True, i == last_x, tile.last, tile.first, tile.hidden):
                word = word << 1 | flag
            word = (word << row_bits(shape.rows) | tile.row) << column_bits | tile.column
        words.append(word)
    return Rom(words, 5 + row_bits(shape.rows) + column_bits)


def place(kernel: RecurrentLayer, reads: Sequence[str], writes: Sequence[str]) -> RtlStage:
    """The kernel and its tail, between streams."""
    ident, shape = kernel.ident, kernel.shape
    streams = dict(zip(kernel.roles, (*reads[1:], *writes), strict=True))
    module = layer_module(kernel)
    lanes = {
        "row": row_bits(shape.rows),
        "sums": shape.units * shape.gates * kernel.accumulator.bits,
        "c": shape.units * kernel.state_type(1).bits,
        "h_next": shape.units * kernel.state_type(0).bits,
        "c_next": shape.units * kernel.state_type(1).bits,
        "done_row": row_bits(shape.rows),
    }
    wires = [f"logic [{bits - 1}:0] {ident}_{name};" for name, bits in lanes.items()]
    wires.append(f"logic {ident}_done;")
    unused: list[str] = [] if kernel.has_c else [f"{ident}_c"]
    if not kernel.has_c:
        wires.append(f"assign {ident}_c_next = {zero(lanes['c_next'])};")
    tracks_in = None if kernel.sequences == 1 else make_tracks(kernel, reads[0], streams)
    wires += () if tracks_in is None else tracks_in.wires
    ports = CLOCK | (reading("x", reads[0]) | ONE_TRACK if tracks_in is None else tracks_in.x)
    for role, port, state in (("H0", "h0", 0), ("C0", "c0", 1)):
        given = role in streams
        nothing = zero(shape.hidden * kernel.state_type(state).bits)
        ports[f"{port}_valid_i"] = f"{streams[role]}_valid" if given else "1'b0"
        ports[f"{port}_ready_o"] = f"{streams[role]}_ready" if given else OPEN
        ports[f"{port}_data_i"] = f"{streams[role]}_data" if given else nothing
        if given:
            unused += [f"{streams[role]}_last", f"{streams[role]}_keep"]
    wires.append(f"logic {ident}_last, {ident}_keep;")
    for role, port in GIVEN_PORTS.items():
        given = role in streams
        to = f"{streams[role]}_put" if tracks_in is None and given else f"{ident}_{port}"
        ports[f"{port}_valid_o"] = f"{to}_valid" if given else OPEN
        ports[f"{port}_ready_i"] = f"{to}_ready" if given else "1'b0"
        ports[f"{port}_data_o"] = f"{to}_data" if given else OPEN
        if given:
            last = f"{ident}_last" if role == "OUT" else "1'b1"
            wires.append(f"assign {to}_last = {last};")
            wires.append(f"assign {to}_keep = {ident}_keep;")
    ports |= {"out_last_o": f"{ident}_last", "out_keep_o": f"{ident}_keep"}
    unused.append(f"{ident}_last")
    wires.append(f"logic {ident}_unused;")
    wires.append(f"assign {ident}_unused = &{{1'b0, {', '.join(unused)}}};")
    for port, wire in (
        ("tail_row_o", "row"),
        ("tail_sums_o", "sums"),
        ("tail_c_o", "c"),
        ("tail_valid_o", "done"),
        ("tail_done_row_o", "done_row"),
        ("tail_h_i", "h_next"),
        ("tail_c_i", "c_next"),
    ):
        ports[port] = f"{ident}_{wire}"
    tail = write_tail(
        ident,
        kernel.split,
        kernel.tail.functions,
        shape.units,
        shape.rows,
        kernel.accumulator.bits,
        kernel.cut,
    )
    beside: tuple[Instance, ...] = ()
    if tracks_in is not None:
        beside = tracks_in.placed
        lanes["done_track"] = row_bits(kernel.sequences)
    return RtlStage(
        tuple(wires),
        (Instance(module, ident, ports), _tail_instance(kernel, tail), *beside),
        (tail,),
        _taps(kernel, lanes),
    )


def _tail_instance(kernel: RecurrentLayer, tail: Generated) -> Instance:
    ident = kernel.ident
    ports = {**CLOCK, "row_i": f"{ident}_row", "sums_i": f"{ident}_sums"}
    ports["h_o"] = f"{ident}_h_next"
    if kernel.has_c:
        ports |= {"c_i": f"{ident}_c", "c_o": f"{ident}_c_next"}
    return Instance(tail, tail.ident, ports)


def _taps(kernel: RecurrentLayer, lanes: Mapping[str, int]) -> dict[str, tuple[int, str]]:
    wires = {"valid": "done", "row": "done_row", "h": "h_next"}
    if kernel.has_c:
        wires["c"] = "c_next"
    if kernel.sequences > 1:
        wires["track"] = "done_track"
    return {
        f"{kernel.tap_port}_{name}": (lanes.get(wire, 1), f"{kernel.ident}_{wire}")
        for name, wire in wires.items()
    }


def layer_module(kernel: RecurrentLayer) -> Module:
    """The kernel with its parameters and memories."""
    shape, split = kernel.shape, kernel.split
    timing, front = tail_timing(split, kernel.tail.functions, kernel.cut), kernel.front
    weights, biases = kernel.weights(kernel.folding), kernel.biases(kernel.folding)
    w_bits, b_bits = (signed_bits(IntType.of(v)) for v in (weights, biases))
    # [tiles, K, lanes] to lanes of K weights.
    words = pack(weights.transpose(0, 2, 1).reshape(len(weights), -1), w_bits)
    h, c = kernel.state_type(0), kernel.state_type(1)
    types = {role: port.type for role, port in kernel.role_ports().items()}
    params: dict[str, SvValue] = {
        **shape.sizes,
        "SLOTS": len(kernel.slots),
        "TILES": len(weights),
        "ACC_ROWS": kernel.folding.accumulators,
        "X_BITS": kernel.input.type.bits,
        "X_SIGNED": kernel.input.type.signed,
        "H_BITS": h.bits,
        "H_SIGNED": h.signed,
        "C_BITS": c.bits,
        "C_SIGNED": c.signed,
        "V_BITS": signed_bits(kernel.operand),
        "W_BITS": w_bits,
        "SUM_BITS": kernel.accumulator.bits,
        "BIAS_BITS": b_bits,
        "TAIL_LATENCY": timing.latency,
        "TAIL_C_LATENCY": c_latency(split, timing),
        **front.params,
        **({} if kernel.sequences == 1 else {"SEQUENCES": kernel.sequences}),
        **{f"HAS_{role.replace('_', '')}": role in types for role in ROLES},
        "H0_BITS": types.get("H0", h).bits,
        "H0_SIGNED": types.get("H0", h).signed,
        "C0_BITS": types.get("C0", c).bits,
        "C0_SIGNED": types.get("C0", c).signed,
        "OUT_BITS": types.get("OUT", h).bits,
        "HN_BITS": types.get("H_N", h).bits,
        "CN_BITS": types.get("C_N", c).bits,
        "INITIAL_H": flat(kernel.initial.get("h"), shape.hidden, h),
        "INITIAL_C": flat(kernel.initial.get("c"), shape.hidden, c),
    }
    roms = {
        "SCHEDULE_FILE": schedule_rom(shape, kernel.slots),
        "WEIGHT_FILE": Rom(words, w_bits * weights[0].size),
        "BIAS_FILE": Rom(pack(biases, b_bits), b_bits * biases.shape[-1]),
    }
    return Module("gw_recurrent", params, roms)
