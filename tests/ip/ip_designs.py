"""Designs whose IP is simulated, of at most 20 cycles a beat, and what they have to answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import graphs
import numpy as np
from hls_double import behind_hls
from small_cells import INPUTS

from gatewright.hls_templates import Design, map_design
from gatewright.hls_templates.ip import IpDesign, ip_files
from gatewright.hls_templates.ip.ports import IpPort
from gatewright.hls_templates.mapping.options import MappingOptions
from gatewright.hls_templates.project.names import Names
from gatewright.hls_templates.project.rtl import rtl_files
from gatewright.ir import interpreter, ops
from gatewright.ir.graph import Graph
from gatewright.ir.streamable import is_streamable
from gatewright.ir.types import IntArray

DIGEST = "0123456789abcdef" * 4
MAX_STEPS = 9
LONGEST = 7
PART = "xc7z020clg400-1"


def pointwise() -> Graph:
    """Thresholds on each of five bytes: a beat a cycle."""
    graph = graphs.sequence_graph("pointwise")
    rows = np.sort(graphs.RNG.integers(-128, 128, (graphs.WIDTH, 15)), axis=1)
    graph.outputs.append(graphs.requantize(graph, "x", rows, "y", 0))
    return graph


def wide() -> Graph:
    """The same on 65 bytes, which are two words of the core: a step may end too early."""
    graph = Graph("wide")
    graph.add_input("x", graphs.BYTE, ("B", "T", 65))
    rows = np.sort(graphs.RNG.integers(-128, 128, (65, 3)), axis=1)
    graph.outputs.append(graphs.requantize(graph, "x", rows, "y", 0))
    return graph


def layer_graph(name: str) -> Graph:
    """A graph with an input for a small layer."""
    graph = Graph(name)
    graph.add_input("x", graphs.BYTE, ("B", "T", INPUTS))
    return graph


def stateful() -> Graph:
    """A layer from given states: three inputs; every h, the last h, the last c."""
    graph = layer_graph("stateful")
    graph.outputs += graphs.recurrent("lstm", graph, reverse=False, given=True)
    return graph


def forwards() -> Graph:
    """A layer from a constant state: every h."""
    graph = layer_graph("forwards")
    graph.outputs += graphs.recurrent("lstm", graph, reverse=False, given=False)[:1]
    return graph


def backwards() -> Graph:
    """A layer that runs backwards, and so takes a limited number of steps."""
    graph = layer_graph("backwards")
    graph.outputs += graphs.recurrent("rnn_tanh", graph, reverse=True, given=False)
    return graph


def flat() -> Graph:
    """All steps side by side: their number is fixed, and each is one beat."""
    graph = graphs.sequence_graph("flat")
    flat = graph.add(ops.FLATTEN, ["x"], ["flat"], name="flat", steps=LONGEST)
    graph.outputs.append(flat)
    return graph


def double() -> Graph:
    """Two sequences side by side, as of an x that two quantizers take."""
    graph = graphs.sequence_graph("double")
    graph.add_input("w", graphs.BYTE, ("B", "T", 2))
    graph.outputs.append(graph.add(ops.CONCAT, ["x", "w"], ["both"], name="both"))
    return graph


def meeting() -> Graph:
    """Two sequences, of which one waits for what runs backwards over the other."""
    graph = layer_graph("meeting")
    graph.add_input("w", graphs.BYTE, ("B", "T", 2))
    back, *_ = graphs.recurrent("rnn_tanh", graph, reverse=True, given=False)
    graph.outputs.append(graph.add(ops.CONCAT, [back, "w"], ["both"], name="both"))
    return graph


@dataclass(frozen=True)
class Case:
    """A design behind a bus.

    Attributes:
        graph: What it computes.
        bus_bits: Of its streams.
        name: Of the build.
        keeps: Whether sequences in two pieces are tried: one input and outputs at every step.
        hls: Whether the double of what Vitis HLS makes stands in the IP, rather than our core.
    """

    graph: Graph
    bus_bits: int | None
    name: str = "gatewright"
    keeps: bool = False
    hls: bool = False

    @property
    def design(self) -> Design:
        """The kernels."""
        return map_design(self.graph, MappingOptions(max_steps=MAX_STEPS))

    def ip(self, golden: Mapping[str, IntArray] | None = None) -> IpDesign:
        """The IP, with golden vectors if it has to have a test bench."""
        design = self.design
        cycles = design.document(LONGEST, {}).predicted_cycles
        values = self.answers(4, LONGEST) if golden is None else golden
        streams = is_streamable(self.graph, at_any_step=True)
        return IpDesign(
            design, Names(self.name), "", DIGEST, values, cycles, PART, self.bus_bits, streams
        )

    def answers(self, sequences: int, steps: int) -> dict[str, IntArray]:
        """Integers [sequences, T, values] of each port, by its tensor."""
        feeds = graphs.random_feeds(self.graph, sequences, steps)
        values = {**feeds, **interpreter.run(self.graph, feeds)[0]}
        return {
            name: value if value.ndim == 3 else value[:, None] for name, value in values.items()
        }

    def write(self, folder: Path) -> IpDesign:
        """The folders ``rtl/`` and ``ip/``, and ``kernel/`` where there is one."""
        ip = self.ip()
        rtl = rtl_files(ip.design, ip.names)
        files = {f"rtl/{name}": text for name, text in rtl.items()}
        if self.hls:
            files |= behind_hls(ip, rtl)
        else:
            files |= {f"ip/{name}": text for name, text in ip_files(ip, rtl).items()}
        for file, text in files.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return ip

    def pool(self, ip: IpDesign) -> list[tuple[list[list[int]], list[list[int]]]]:
        """Sequences of every length as beats of each input and of each output."""
        found = []
        for steps in range(1, LONGEST + 1):
            values = self.answers(12, steps)
            found += [
                (_beats(ip.inputs, values, n), _beats(ip.outputs, values, n)) for n in range(12)
            ]
        return found

    def pieces(self, ip: IpDesign) -> list[tuple[list[list[int]], list[list[int]]]]:
        """Sequences cut in two, a first piece and what goes on from it by turns."""
        values, found = self.answers(12, LONGEST), []
        for n in range(12 if self.keeps else 0):
            cut = 1 + n % (LONGEST - 1)
            for part in (slice(0, cut), slice(cut, None)):
                piece = {name: value[:, part] for name, value in values.items()}
                found.append((_beats(ip.inputs, piece, n), _beats(ip.outputs, piece, n)))
        return found


def _beats(ports: Sequence[IpPort], values: Mapping[str, IntArray], n: int) -> list[list[int]]:
    return [port.beats_of(values[port.core.tensor][n]) for port in ports]


CASES = {
    "pointwise-8": Case(pointwise(), 8),
    "pointwise-64": Case(pointwise(), None),
    "forwards-8": Case(forwards(), 8, keeps=True),
    "stateful-16": Case(stateful(), 16),
    "backwards-32": Case(backwards(), 32),
    "backwards-512": Case(backwards(), 512),
}
COUNTED = {
    "flat-64": Case(flat(), None),
    "double-16": Case(double(), 16),
    "meeting-16": Case(meeting(), 16),
}
"""Those that see another number of steps, at a port of one beat a step and of several."""
WHOLE = {"forwards-64": Case(forwards(), None, keeps=True)}
"""One that keeps, whose sequences begin with a word of one beat."""
HLS_CASES = {
    name: replace(case, hls=True)
    for name, case in {**CASES, **COUNTED, **WHOLE, "wide-512": Case(wide(), 512)}.items()
}
"""Those around the double of a kernel of Vitis HLS, and one whose steps may end too early."""
