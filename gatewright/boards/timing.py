"""What place and route says of the clock, with our names."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gatewright.boards.families import OpenFamily
from gatewright.errors import GatewrightError

# yosys names a cell after the nearest named net: the net, the type of the cell, its port, a number.
_CELL = re.compile(
    r"[_$.](SB_|TRELLIS_|LUT[1-8]|MUX2_|CCU2C|PFUMX|L6MUX|DFF|ALU|MULT|DP16KD|PDPW|DPX?9|SDPX?|SPX?9"
    r"|pROM|abc|auto|\$|LC$|DSP)"
)
_HOLD = re.compile(r"^Info: (\d+) Hold/min time violations", re.MULTILINE)
_FMAX = re.compile(r"^(?:Info|Warning): Max frequency for clock .*: ([\d.]+) MHz", re.MULTILINE)

Delays = Sequence[Mapping[str, Any]]
"""A path of nextpnr's report."""


@dataclass(frozen=True)
class Hop:
    """A stretch of the critical path.

    Attributes:
        name: The signal of the SystemVerilog it goes through, with its modules.
        ns: Its delay, nanoseconds, routing included.
    """

    name: str
    ns: float


@dataclass(frozen=True)
class Timing:
    """Timing of one placement.

    Attributes:
        fmax_mhz: The fastest clock that place and route reports.
        path: The critical path, from flip-flop to flip-flop.
        routing_ns: How much of it is wires.
        hold_violations: Paths that nextpnr finds too fast.
    """

    fmax_mhz: float
    path: tuple[Hop, ...]
    routing_ns: float
    hold_violations: int


def read_timing(family: OpenFamily, report: str, log: str) -> Timing:
    """The timing in nextpnr's JSON report and its log.

    Args:
        family: What nextpnr leaves out for it.
        report: Its JSON report.
        log: All it said.

    Raises:
        GatewrightError: GW-804 if it timed nothing.
    """
    data = json.loads(report)
    clocks = data["fmax"]
    if not clocks:
        raise GatewrightError(
            "GW-804",
            where=family.nextpnr.name,
            cause="it reports no clock and no path of the design.",
            remedy="If the design came from compile, report it with the log of place and route.",
        )
    found = [clock["achieved"] for clock in clocks.values()]
    if family.untimed:  # the guess before routing is then often the more careful one
        found += map(float, _FMAX.findall(log))
    ends = [(_clock(path["from"]), _clock(path["to"])) for path in data["critical_paths"]]
    paths = {
        pair: path["path"]
        for pair, path in zip(ends, data["critical_paths"], strict=True)
        if "<async>" not in pair
    }
    slowest = max((p for ends, p in paths.items() if set(ends) <= set(clocks)), key=_delay)
    through = _through_blocks(paths, clocks, family.block_ns)
    if through:
        found.append(1000 / _delay(through))
        slowest = max(slowest, through, key=_delay)
    if family.inside_ns:
        found.append(1000 / family.inside_ns)
    routing = sum(hop["delay"] for hop in slowest if hop["type"] == "routing")
    hold = sum(int(count) for count in _HOLD.findall(log))
    # Rounded down: it is compared with the clock.
    fmax = math.floor(min(found) * 1000) / 1000
    return Timing(fmax, tuple(_hops(slowest)), round(routing, 3), hold)


def _clock(event: str) -> str:
    return event.partition("edge ")[2] or event


def _delay(path: Delays) -> float:
    return float(sum(hop["delay"] for hop in path))


def _through_blocks(
    paths: Mapping[tuple[str, str], Delays], clocks: Collection[str], block_ns: float
) -> Delays:
    """A bound for paths through DSP blocks: the slowest into one, the block, the slowest out.

    nextpnr-ice40 ends every path at a DSP block and begins another behind it, at a clock that is
    none of the design's; the block itself takes no time there.
    """

    def slowest(timed_from: bool, timed_to: bool) -> Delays:
        ends = (timed_from, timed_to)
        found = (p for (a, b), p in paths.items() if (a in clocks, b in clocks) == ends)
        return max(found, key=_delay, default=())

    into, between, out = slowest(True, False), slowest(False, False), slowest(False, True)
    if not (block_ns and into and out):
        return ()
    whole = [*into]
    for part in filter(None, (between, out)):
        cell = whole[-1]["to"]
        whole += [{"type": "block", "from": cell, "to": cell, "delay": block_ns}, *part]
    return whole


def _hops(path: Iterable[Mapping[str, Any]]) -> list[Hop]:
    hops: list[Hop] = []
    for hop in path:
        name = source_name(hop["to" if hop["type"] == "setup" else "from"]["cell"])
        if hops and hops[-1].name == name:
            hops[-1] = Hop(name, round(hops[-1].ns + hop["delay"], 3))
        else:
            hops.append(Hop(name, round(hop["delay"], 3)))
    return hops


def source_name(cell: str) -> str:
    """The signal in our sources that a cell of the netlist is named after.

    ``board.u_design.k0.acc_q_SB_DFFE_Q_26_D_SB_LUT4_O_I2`` is ``k0.acc_q``.
    """
    match = _CELL.search(cell)
    name = (cell[: match.start()] if match else cell).rstrip(".")
    return name.removeprefix("board.u_design.") or cell
