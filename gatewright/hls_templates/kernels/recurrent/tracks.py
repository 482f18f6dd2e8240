"""What stands around the recurrent kernel in ``rtl/`` where sequences take turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gatewright.hls_templates.kernels.recurrent.layer import RecurrentLayer
from gatewright.hls_templates.rtl.functions import row_bits
from gatewright.hls_templates.rtl.sv import CLOCK, OPEN, Instance, Module, reading, writing

GIVEN_PORTS = {"OUT": "out", "H_N": "hn", "C_N": "cn"}
"""The ports of the kernel by the roles of streams that it writes."""
ONE_TRACK = {"x_track_i": "1'b0", "start_o": OPEN, "out_track_o": OPEN, "tail_done_track_o": OPEN}
"""Those of an kernel whose sequences come one after the other."""
FINALS = 2
"""Final states that a track may have waiting: one is given while the next comes to be."""


@dataclass(frozen=True)
class Tracks:
    """What gives the kernel its steps, and takes them.

    Attributes:
        wires: Declarations.
        placed: Instances.
        x: Connections of the kernel.
    """

    wires: tuple[str, ...]
    placed: tuple[Instance, ...]
    x: dict[str, str]


def make_tracks(kernel: RecurrentLayer, x: str, streams: Mapping[str, str]) -> Tracks:
    """``gw_tracks_in``, and a ``gw_tracks_out`` for each stream that the kernel writes.

    Args:
        kernel: The layer.
        x: The stream that it reads.
        streams: Those that it writes, by role.
    """
    ident, sequences = kernel.ident, kernel.sequences
    ports = {role: port for role, port in GIVEN_PORTS.items() if role in streams}
    bits = {role: port.bits for role, port in kernel.role_ports().items()}
    track = f"[{row_bits(sequences) - 1}:0]"
    wires = [
        f"logic {ident}_x_valid, {ident}_x_ready, {ident}_x_last, {ident}_x_keep, {ident}_start;",
        f"logic [{kernel.input.bits - 1}:0] {ident}_x_data;",
        f"logic {track} {ident}_x_track, {ident}_out_track;",
        f"logic {track} {ident}_done_track, {ident}_order_track;",
        f"logic {ident}_order;",
    ]
    for role, port in ports.items():
        at = f"{ident}_{port}"
        wires += [
            f"logic {at}_valid, {at}_ready, {at}_last, {at}_keep, {at}_order_ready;",
            f"logic [{bits[role] - 1}:0] {at}_data;",
            f"logic [{sequences - 1}:0] {at}_room;",
            f"assign {at}_ready = 1'b1;",
        ]
    x_ports = {"valid_i": "x_valid", "ready_o": "x_ready", "data_i": "x_data"}
    x_ports |= {"last_i": "x_last", "keep_i": "x_keep", "track_i": "x_track"}
    kernel_ports = {f"x_{port}": f"{ident}_{wire}" for port, wire in x_ports.items()}
    kernel_ports |= {"start_o": f"{ident}_start", "out_track_o": f"{ident}_out_track"}
    kernel_ports |= {"tail_done_track_o": f"{ident}_done_track"}
    placed = [_tracks_in(kernel, x, ports)]
    placed += [_tracks_out(kernel, role, streams[role], bits[role]) for role in ports]
    return Tracks(tuple(wires), tuple(placed), kernel_ports)


def _tracks_in(kernel: RecurrentLayer, x: str, roles: Mapping[str, str]) -> Instance:
    ident = kernel.ident
    params = {
        "SEQUENCES": kernel.sequences,
        "WIDTH": kernel.input.bits,
        "DEPTH": kernel.track_depth,
        "STEP_DISTANCE": kernel.folding.step_distance,
    }
    finals = [port for role, port in roles.items() if role != "OUT"]
    ports = CLOCK | reading("in", x)
    ports |= {
        "order_valid_o": f"{ident}_order",
        "order_ready_i": " && ".join(f"{ident}_{port}_order_ready" for port in roles.values()),
        "order_track_o": f"{ident}_order_track",
        "room_i": f"{ident}_out_room" if "OUT" in roles else "'1",
        "last_room_i": " & ".join(f"{ident}_{port}_room" for port in finals) or "'1",
    }
    for name, way in (("valid", "o"), ("ready", "i"), ("data", "o"), ("last", "o"), ("keep", "o")):
        ports[f"x_{name}_{way}"] = f"{ident}_x_{name}"
    ports |= {"x_track_o": f"{ident}_x_track", "start_i": f"{ident}_start"}
    return Instance(Module("gw_tracks_in", params), f"{ident}_tracks_in", ports)


def _tracks_out(kernel: RecurrentLayer, role: str, stream: str, bits: int) -> Instance:
    ident, port = kernel.ident, GIVEN_PORTS[role]
    at, always = f"{ident}_{port}", role == "OUT"
    params = {
        "SEQUENCES": kernel.sequences,
        "WIDTH": bits,
        "DEPTH": kernel.track_depth if always else FINALS,
        "ORDERS": 2 * kernel.sequences,
    }
    ports = CLOCK | writing("out", stream)
    ports |= {
        "order_valid_i": f"{ident}_order",
        "order_ready_o": f"{at}_order_ready",
        "order_track_i": f"{ident}_order_track",
        "begin_i": f"{ident}_start" if always else f"{ident}_start && {ident}_x_last",
        "begin_track_i": f"{ident}_x_track",
        "room_o": f"{at}_room",
        "put_valid_i": f"{at}_valid",
        "put_track_i": f"{ident}_out_track",
        "put_data_i": f"{at}_data",
        "put_last_i": f"{at}_last",
        "put_keep_i": f"{at}_keep",
    }
    return Instance(Module("gw_tracks_out", params), f"{at}_tracks", ports)
