"""The levels that run cycle by cycle, from ``rtl`` on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gatewright.errors import GatewrightError
from gatewright.hls_templates.cosim import FROM_IDLE, Core, Drive, Watched
from gatewright.ir.lowering import IntegerModel
from gatewright.levels.run import Arguments, Kept, Run


@dataclass(frozen=True)
class Stats:
    """Clock cycles of a simulation.

    Attributes:
        cycles_per_sequence: [B], from the cycle in which a sequence's first word goes in to that in
            which its last word comes out, both included; -1 where a reset abandoned it. Sequences
            go in one by one, each from idle, unless the caller drives them otherwise.
        cycles_per_step: Their mean over all time steps.
    """

    cycles_per_sequence: npt.NDArray[np.int64]
    cycles_per_step: float

    def to_json(self) -> dict[str, Any]:
        """Both."""
        return {
            "cycles_per_sequence": self.cycles_per_sequence.tolist(),
            "cycles_per_step": self.cycles_per_step,
        }


@dataclass(frozen=True)
class Simulated:
    """What a simulation gave.

    Attributes:
        outputs: The model's output, or a tuple of them.
        states: By name, where they were wanted.
        stats: Clock cycles, of levels that have a clock.
    """

    outputs: Any
    states: dict[str, npt.NDArray[Any]]
    stats: Stats | None


class RtlEngine:
    """A compiled core, cycle by cycle.

    Args:
        core: The core.
        integer: The integer model.
        drive: How its ports are driven; a waveform of all sequences shows the first call only.
    """

    def __init__(self, core: Core, integer: IntegerModel, drive: Drive) -> None:
        self._core, self._integer, self._drive = core, integer, drive
        self._cycles: list[int] = []
        self._steps = 0

    def __call__(self, arguments: Arguments, kept: Kept | None = None) -> Run:
        """Run sequences of equal length, which go on from the state in the core if any is kept."""
        feeds = {
            name: list(n if n.ndim == 3 else n[:, None])
            for name, n in self._integer.encode(arguments).items()
        }
        ports = self._core.ports
        sequences = next(feeds[end.tensor] for end in ports.inputs if end.sequence)
        self._steps = len(sequences[0])
        ports.check_length(self._steps)
        goes_on = kept is not None
        drive = drive_of_part(self._drive, len(self._cycles), len(sequences))
        keep = [goes_on] * len(sequences)
        watched = self._core.run(feeds, drive, keep=keep, reset=not goes_on)
        if not goes_on:  # nobody asks for the cycles of pieces, of which there may be millions
            self._cycles += watched.latencies.tolist()
        return self._run(watched)

    def _run(self, watched: Watched) -> Run:
        n = {
            end.tensor: np.stack([y if end.sequence else y[0] for y in watched.outputs[end.tensor]])
            for end in self._core.ports.outputs
        }
        taps = {name: np.stack(arrays) for name, arrays in watched.taps.items()}
        return Run(self._integer.decode(n), n, taps)

    def stats(self) -> Stats:
        """Of everything that ran so far."""
        cycles = np.array(self._cycles, np.int64)
        whole = cycles[cycles > 0]
        return Stats(cycles, float(whole.mean() / self._steps) if whole.size else float("nan"))


def drive_for(drive: Drive | None, *, stats: bool) -> Drive:
    """The caller's; else one by one where cycles are counted, else back to back.

    Raises:
        GatewrightError: GW-606 for what is no ``Drive``.
    """
    if not isinstance(drive, Drive | None):
        raise GatewrightError(
            "GW-606",
            where="simulation",
            cause=f"drive is {drive!r}.",
            remedy="Pass a Drive of gatewright.hls_templates.cosim, or None.",
        )
    return drive or Drive(gap=FROM_IDLE if stats else None)


def drive_of_part(drive: Drive, first: int, count: int) -> Drive:
    """Of ``count`` sequences from ``first`` on: with the waveform only if it belongs to them."""
    trace = drive.trace
    if trace is None:
        return drive
    begin = 0 if trace.sequence is None else trace.sequence
    if not first <= begin < first + count:
        return replace(drive, trace=None)
    if trace.sequence is None:
        return drive
    return replace(drive, trace=replace(trace, sequence=begin - first))


def check_trace(drive: Drive | None, arguments: Arguments, integer: IntegerModel) -> None:
    """Refuse a waveform of a sequence or step that the input does not have.

    Raises:
        GatewrightError: GW-606.
    """
    trace, argument = drive.trace if drive else None, integer.arguments[0]
    if trace is None or trace.sequence is None:
        return
    sequences = arguments[0].shape[argument.batch_axis]
    steps = 1 if argument.time_axis is None else arguments[0].shape[argument.time_axis]
    if trace.sequence >= sequences or trace.step >= steps:
        raise GatewrightError(
            "GW-606",
            where=str(trace.path),
            cause=f"there is no step {trace.step} of sequence {trace.sequence}: there are "
            f"{sequences} sequences of {steps} steps.",
            remedy="Count both from 0.",
        )
