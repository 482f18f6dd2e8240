"""A bench of the top of a build, in plain SystemVerilog: golden vectors, pauses, resets."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import numpy as np

from gatewright.build import Build
from gatewright.builds.folder import PROJECT, RTL
from gatewright.builds.golden import GOLDEN
from gatewright.hls_templates.kernels.axis.kernel import FLAGS
from gatewright.hls_templates.mapping.ports import Ports
from gatewright.hls_templates.project.names import SOURCES
from gatewright.hls_templates.records import PortRecord
from gatewright.hls_templates.rtl.sv import pack
from gatewright.ir.types import IntArray
from gatewright.tools.iverilog import find_iverilog, find_vvp, run_iverilog

IDLE_CYCLES = 1_000
"""Cycles without a word that count as standing still, beside those of two sequences."""
VECTORS = "vectors"


@dataclass(frozen=True)
class BenchPort:
    """A stream port, and what goes through it.

    Attributes:
        name: Of the port.
        bits: Of a word.
        words: Each with ``last`` above its data.
    """

    name: str
    bits: int
    words: Sequence[int]

    @staticmethod
    def of(port: PortRecord, sequences: IntArray) -> BenchPort:
        """Integers [sequences, beats, values] as its words."""
        count, beats, values = sequences.shape
        lanes = np.zeros((count, beats, port.words_per_step * port.lanes), dtype=np.int64)
        lanes[..., :values] = sequences
        words = pack(lanes.reshape(-1, port.lanes), port.lane_bits)
        bits, whole = port.lanes * port.lane_bits, beats * port.words_per_step
        last = (int(n % whole == whole - 1) << bits for n in range(len(words)))
        return BenchPort(port.name, bits, [w | flag for w, flag in zip(words, last, strict=True)])

    def text(self) -> str:
        """For ``$readmemh``, a word a line, with a 1 on top that tells it from one not there."""
        return "".join(f"{word | 2 << self.bits:x}\n" for word in self.words)


def golden(build: Build, port: PortRecord) -> IntArray:
    """Integers [sequences, beats, values] of a port, as its file in ``hls/`` has them."""
    text = (build.path / PROJECT / GOLDEN / f"{port.name}.dat").read_text()
    sequences = text.removesuffix("\n").split("\n\n")
    return np.array([[line.split() for line in one.splitlines()] for one in sequences], np.int64)


def write_bench(build: Build, folder: Path, sequences: int) -> str:
    """Copy ``rtl/`` and write the bench and the words beside it.

    Args:
        build: The build.
        folder: To be made.
        sequences: Of the golden vectors, the first.

    Returns:
        The name of the bench.
    """
    shutil.copytree(build.path / RTL, folder)
    kernels, top = build.kernels, Ports.of(build.kernels).names.top
    inputs, outputs = (
        [BenchPort.of(port, golden(build, port)[:sequences]) for port in ports]
        for ports in (kernels.inputs, kernels.outputs)
    )
    (folder / VECTORS).mkdir()
    for port in (*inputs, *outputs):
        (folder / VECTORS / f"{port.name}.hex").write_text(port.text())
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    bench = f"{top}_tb"
    cycles = kernels.predicted_cycles
    text = environment.get_template("bench.sv.j2").render(
        top=top,
        bench=bench,
        flags=FLAGS,
        inputs=inputs,
        outputs=outputs,
        streams=list(streams(build)),
        folder=VECTORS,
        idle=IDLE_CYCLES + 2 * cycles,
        amid=cycles + cycles // 2,
    )
    (folder / f"{bench}.sv").write_text(text)
    return bench


def streams(build: Build) -> Iterator[str]:
    """Paths of both ends of every stream inside, without what tells their signals apart."""
    for stream in build.kernels.streams:
        for end in ("", "_put"):
            yield f"u_top.u_core.{stream.name}{end}"


def simulate(folder: Path, bench: str) -> str:
    """What iverilog and its simulation say of a bench.

    Raises:
        GatewrightError: GW-702 with the first complaint.
    """
    sources = [*(folder / SOURCES).read_text().split(), f"{bench}.sv"]
    return run_iverilog(find_iverilog(), find_vvp(), bench, sources, folder)
