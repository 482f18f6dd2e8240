"""A device, its kernel, random input and what must come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from bench import Beats, Device, pack

from gatewright.hls_templates.kernels.axis.kernel import AxisPort
from gatewright.hls_templates.kernels.base import Kernel, Port

Array = npt.NDArray[np.int64]
LONGEST = 12


@dataclass(frozen=True)
class Sequences:
    """Random beats of random sequences.

    Attributes:
        values: [N, W] of each input; [sequences, W] of one with a beat a sequence.
        lengths: Beats of each sequence; they sum to N.
        keep: Of each sequence.
    """

    values: list[Array]
    lengths: Array
    keep: npt.NDArray[np.bool_]

    @property
    def starts(self) -> Array:
        """The first beat of each sequence."""
        return np.cumsum(self.lengths) - self.lengths

    def beats(self, values: Array, bits: int) -> Beats:
        """A beat a step."""
        last = np.zeros(len(values), dtype=np.bool_)
        last[np.cumsum(self.lengths) - 1] = True
        return Beats(pack(values, bits), last, np.repeat(self.keep, self.lengths))

    def ends(self, values: Array, bits: int) -> Beats:
        """A beat a sequence."""
        return Beats(pack(values, bits), np.ones(len(values), dtype=np.bool_), self.keep)


@dataclass(frozen=True)
class Case:
    """A device and all that is known of it.

    Attributes:
        device: As the bench builds it.
        kernel: The compiler's idea of it, or the port it is.
        expected: The outputs for the given sequences.
        ports: The inputs.
        length: Of every sequence, where that is fixed.
        given: Numbers of the inputs that have a beat a sequence, rather than one a step.
        settled: The lengths, and which sequences keep, of those that are drawn: as it takes them.
    """

    device: Device
    kernel: Kernel | AxisPort
    expected: Callable[[Sequences], list[Beats]]
    ports: tuple[Port, ...]
    length: int | None = None
    given: tuple[int, ...] = ()
    settled: Callable[[Array, Array], tuple[Array, Array]] = lambda lengths, keep: (lengths, keep)

    def sequences(self, rng: np.random.Generator, beats: int, keep: bool = True) -> Sequences:
        """Random ones, of at least that many beats; without ``keep`` each begins anew."""
        lengths = rng.integers(1, LONGEST + 1, beats if self.length is None else 0)
        # Half of them are of one beat, so that sequences meet often.
        lengths = np.where(rng.random(len(lengths)) < 0.5, 1, lengths)
        if self.length is not None:
            lengths = np.full(beats, self.length)
        lengths = lengths[: int(np.searchsorted(np.cumsum(lengths), beats)) + 1]
        keeps = (rng.random(len(lengths)) < 0.5) & keep
        lengths, keeps = self.settled(lengths, keeps)
        counts = [len(lengths) if n in self.given else int(lengths.sum()) for n in self._numbers]
        values = [
            rng.integers(p.type.lo, p.type.hi + 1, (count, p.width), dtype=np.int64)
            for p, count in zip(self.ports, counts, strict=True)
        ]
        # The ends of the range come often.
        for v, p in zip(values, self.ports, strict=True):
            v[::7] = np.where(rng.random(v[::7].shape) < 0.5, p.type.lo, p.type.hi)
        return Sequences(values, lengths, keeps)

    def inputs(self, given: Sequences) -> list[Beats]:
        """The beats of each input."""
        return [
            (given.ends if n in self.given else given.beats)(given.values[n], p.type.bits)
            for n, p in enumerate(self.ports)
        ]

    @property
    def _numbers(self) -> range:
        return range(len(self.ports))
