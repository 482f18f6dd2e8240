"""Write the bench of a design, and the words that it gives and expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
import numpy as np

from gatewright.hls_templates.kernels.axis.kernel import FLAGS
from gatewright.hls_templates.records import PortRecord
from gatewright.hls_templates.rtl.sv import pack
from gatewright.ir.types import IntArray

IDLE_CYCLES = 10_000
"""Cycles without a word that count as standing still, beside those of a sequence."""


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
        """Of a port of ``rtl/``.

        Args:
            port: Its record.
            sequences: Integers [sequences, beats, values].
        """
        count, beats, values = sequences.shape
        lanes = np.zeros((count, beats, port.words_per_step * port.lanes), dtype=np.int64)
        lanes[..., :values] = sequences
        bits = port.lanes * port.lane_bits
        words = pack(lanes.reshape(-1, port.lanes), port.lane_bits)
        steps = beats * port.words_per_step
        return BenchPort(
            port.name, bits, [w | (n % steps == steps - 1) << bits for n, w in enumerate(words)]
        )

    def text(self) -> str:
        """For ``$readmemh``, a word a line, with a 1 on top that tells it from one not there."""
        return "".join(f"{word | 2 << self.bits:x}\n" for word in self.words)


def bench_files(
    top: str,
    inputs: Sequence[BenchPort],
    outputs: Sequence[BenchPort],
    *,
    cycles: int,
    streams: Sequence[str] = (),
    folder: str = "vectors",
) -> dict[str, str]:
    """The bench by path: ``TOP_tb.sv``, all of whose modules begin so, and the words.

    Args:
        top: The module that is tested.
        inputs: All of its inputs.
        outputs: All of its outputs.
        cycles: What a sequence takes.
        streams: Paths of streams inside that are watched for unknown bits, as ``u_top.u_core.NAME``.
        folder: Of the words, from the folder in which the simulation runs.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gatewright.hls_templates.bench", "."),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    values: dict[str, Any] = {
        "top": top,
        "bench": f"{top}_tb",
        "flags": FLAGS,
        "inputs": list(inputs),
        "outputs": list(outputs),
        "streams": streams,
        "folder": folder,
        "idle": IDLE_CYCLES + 2 * cycles,
        "amid": cycles + cycles // 2,
    }
    text = environment.get_template("bench.sv.j2").render(values)
    words = {f"{folder}/{port.name}.hex": port.text() for port in (*inputs, *outputs)}
    return {f"{top}_tb.sv": text, **words}
