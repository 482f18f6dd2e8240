"""What an engine takes and gives, whatever its level."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from gatewright.errors import GatewrightError
from gatewright.hls_templates.records import QuantizerRecord
from gatewright.ir.lowering import IntegerModel
from gatewright.ir.types import IntArray

Arguments = tuple[npt.NDArray[Any], ...]
"""float32, or int64 where integers are looked up."""

# Sequences run at once: enough to feed numpy, few enough that all taps fit in memory.
CHUNK = 256


@dataclass(frozen=True)
class Run:
    """What a level computed.

    Attributes:
        outputs: What the model returns, flattened, in the user's layout.
        n: The integer graph's outputs: centered integers, [B, F] or [B, T, F], by name.
        taps: Centered integers inside, by name: [B, T, ...] or [B, ...].
        past: What windows over time go on from, where the engine does not keep that itself.
    """

    outputs: tuple[npt.NDArray[Any], ...]
    n: dict[str, IntArray]
    taps: dict[str, IntArray]
    past: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)


Kept = Mapping[str, npt.NDArray[Any]]
"""What to go on from: states, centered integers [B, H], by ``<layer>/h`` and ``<layer>/c``; and the
``past`` that the engine itself gave."""

Engine = Callable[[Arguments], Run]


class StreamEngine(Protocol):
    """An engine whose sequences may go on from those before.

    It shows h and c of its layers among the taps, of the last step at least.
    """

    def __call__(self, arguments: Arguments, kept: Kept | None = ..., /) -> Run:
        """Run sequences, from the start, or from what the last run left, which is given back."""


def nearest(integer: IntegerModel, outputs: Sequence[npt.NDArray[Any]]) -> dict[str, IntArray]:
    """The graph's outputs behind the float outputs of another engine.

    Raises:
        GatewrightError: GW-605 where it gives another number of them, or one of another rank.
    """
    for boundary, y in itertools.zip_longest(integer.outputs, outputs):
        rank = None if boundary is None else len(integer.graph[boundary.tensors[0]].shape)
        if rank is None or y is None or np.ndim(y) != rank + boundary.stacked - boundary.index:
            raise GatewrightError(
                "GW-605",
                where="the model's outputs",
                cause=f"there are {len(outputs)}, of shapes {[np.shape(y) for y in outputs]}, and "
                f"the build has {', '.join(o.name for o in integer.outputs)}.",
                remedy="Give the model that was compiled.",
            )
    pairs = zip(integer.outputs, outputs, strict=True)
    return {k: v for boundary, y in pairs for k, v in boundary.nearest(y).items()}


def chunks(
    arguments: Arguments, integer: IntegerModel, size: int = CHUNK
) -> Iterator[tuple[int, Arguments]]:
    """Slices of at most ``size`` sequences, each with the index of its first one."""
    axes = [argument.batch_axis for argument in integer.arguments]
    batch = arguments[0].shape[axes[0]]
    if batch <= size:
        yield 0, arguments
        return
    for start in range(0, batch, size):
        rows = range(start, min(start + size, batch))
        yield (
            start,
            tuple(
                np.ascontiguousarray(np.take(a, rows, axis))
                for a, axis in zip(arguments, axes, strict=True)
            ),
        )


def run_chunked(
    engine: Engine, arguments: Arguments, integer: IntegerModel, keep: Callable[[str], bool]
) -> Run:
    """Run in chunks and join them, keeping only some taps."""
    runs = []
    for _, part in chunks(arguments, integer):
        run = engine(part)
        runs.append(Run(run.outputs, run.n, {k: v for k, v in run.taps.items() if keep(k)}))
    if len(runs) == 1:
        return runs[0]
    joined = [
        np.concatenate([r.outputs[i] for r in runs], axis=output.batch_axis)
        for i, output in enumerate(integer.outputs)
    ]
    return Run(
        tuple(joined),
        {k: np.concatenate([r.n[k] for r in runs]) for k in runs[0].n},
        {k: np.concatenate([r.taps[k] for r in runs]) for k in runs[0].taps},
    )


def state_values(n: IntArray, quantizer: QuantizerRecord, raw: bool) -> npt.NDArray[np.generic]:
    """The centered integers of a state as codes or as floats."""
    if raw:
        codes: IntArray = n + quantizer.zero_point
        return codes
    scale = float.fromhex(quantizer.scales[0])
    return (n * scale).astype(np.float32)
