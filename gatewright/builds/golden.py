"""Golden vectors of a build, for its test bench."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gatewright.hls_templates import Design
from gatewright.ir import interpreter
from gatewright.ir.lowering import IntegerModel
from gatewright.ir.types import IntArray

GOLDEN, GOLDEN_SEQUENCES = "golden", 16


def golden_values(integer: IntegerModel, design: Design) -> dict[str, IntArray]:
    """Golden vectors for test benches: seeded random sequences and what they give.

    Returns:
        Integers [sequences, T, values] of each port, by its tensor; T is 1 where it has a beat a
        sequence.
    """
    rng = np.random.default_rng(0)
    values: dict[str, IntArray] = {}
    for source in integer.inputs:
        sizes = {"B": GOLDEN_SEQUENCES, "T": golden_steps(integer, design)}
        shape = [sizes[n] if isinstance(n, str) else n for n in integer.graph[source.tensor].shape]
        type_ = source.type
        values[source.tensor] = rng.integers(type_.lo, type_.hi + 1, size=shape)
    values |= interpreter.run(integer.graph, values)[0]
    return {
        port.tensor: values[port.tensor] if port.sequence else values[port.tensor][:, None]
        for port in design.inputs + design.outputs
    }


def golden_vectors(integer: IntegerModel, design: Design) -> dict[str, str]:
    """Those as files of ``hls/``."""
    return vector_files(golden_values(integer, design), design)


def vector_files(values: Mapping[str, IntArray], design: Design) -> dict[str, str]:
    """Golden vectors as files of ``hls/``.

    Args:
        values: As ``golden_values`` gives them.
        design: The kernels.
    """
    return {
        f"{GOLDEN}/{port.name}.dat": _vectors(values[port.tensor])
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
