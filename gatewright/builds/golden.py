"""Golden vectors of a build, for its test bench."""

from __future__ import annotations

import numpy as np

from gatewright.hls_templates import Design
from gatewright.ir import interpreter
from gatewright.ir.lowering import IntegerModel
from gatewright.ir.types import IntArray

GOLDEN, GOLDEN_SEQUENCES = "golden", 16


def golden_vectors(integer: IntegerModel, design: Design) -> dict[str, str]:
    """Golden vectors for the test bench: seeded random sequences and what they give."""
    rng = np.random.default_rng(0)
    values: dict[str, IntArray] = {}
    for source in integer.inputs:
        sizes = {"B": GOLDEN_SEQUENCES, "T": golden_steps(integer, design)}
        shape = [sizes[n] if isinstance(n, str) else n for n in integer.graph[source.tensor].shape]
        type_ = source.quantizer.type
        values[source.tensor] = rng.integers(type_.lo, type_.hi + 1, size=shape)
    values |= interpreter.run(integer.graph, values)[0]
    return {
        f"{GOLDEN}/{port.name}.dat": _vectors(
            values[port.tensor] if port.sequence else values[port.tensor][:, None]
        )
        for port in design.inputs + design.outputs
    }


def golden_steps(integer: IntegerModel, design: Design) -> int:
    """Time steps of each of those sequences."""
    return min(integer.trial_steps, design.max_steps or integer.trial_steps)


def _vectors(sequences: IntArray) -> str:
    """A step a line, a blank line after each sequence."""
    return "\n".join(
        "".join(" ".join(map(str, step)) + "\n" for step in sequence) for sequence in sequences
    )
