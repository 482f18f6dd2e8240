"""How a simulation is driven: stalls, pauses, resets, a waveform."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Literal, get_args

from gatewright.errors import GatewrightError

MAX_STALL = 0.9
SHARES = 1 << 16
FROM_IDLE = 64
"""Cycles of pause after which a core has nothing left to do."""


Kind = Literal["reset", "clear"]
KINDS = get_args(Kind)


@dataclass(frozen=True)
class Event:
    """Reset or clear; sequences that have begun and are not complete are abandoned.

    Attributes:
        cycle: When it begins; cycle 0 is the first one after power-up.
        kind: ``reset`` (aresetn = 0) or ``clear``.
        length: Cycles it is held.
    """

    cycle: int
    kind: Kind
    length: int = 1


@dataclass(frozen=True)
class Trace:
    """A waveform.

    Attributes:
        path: The .vcd file.
        sequence: Only this one; None for the whole run.
        step: Of that sequence, only from the cycle on in which this step goes in.
    """

    path: Path
    sequence: int | None = None
    step: int = 0


@dataclass(frozen=True)
class Drive:
    """How the host drives the ports.

    Attributes:
        seed: Of the stalls.
        input_stall: Probability, in each cycle, that an input port pauses before its next word.
        output_stall: Probability, in each cycle, that an output port is not ready.
        gap: Idle cycles between the last word of a sequence and the next sequence; None feeds
            them back to back, as fast as the core takes them.
        events: Resets and clears.
        idle_limit: Cycles without a word or a tap that count as standing still.
        drain: Cycles after the last word in which nothing more may come.
        trace: A waveform.
    """

    seed: int = 0
    input_stall: float = 0.0
    output_stall: float = 0.0
    gap: int | None = None
    events: tuple[Event, ...] = ()
    idle_limit: int = 1_000_000
    drain: int = 64
    trace: Trace | None = None

    def __post_init__(self) -> None:
        self._check_types()
        for name in ("input_stall", "output_stall"):
            share = getattr(self, name)
            if not 0 <= share <= MAX_STALL:
                raise _refused(f"{name} is {share}", f"Pass 0 to {MAX_STALL}.")
        if self.gap is not None and not 0 <= self.gap < self.idle_limit:
            raise _refused(f"gap is {self.gap}", "Pass 0 to less than idle_limit, or None.")
        for event in self.events:
            if event.kind not in KINDS:
                raise _refused(f"an event is a {event.kind!r}", f"Pass {' or '.join(KINDS)}.")
            if event.cycle < 0 or event.length < 1:
                raise _refused(f"{event} begins before cycle 0 or has no length", "Mend it.")

    def _check_types(self) -> None:
        counts = {name: getattr(self, name) for name in ("seed", "idle_limit", "drain")}
        counts |= {} if self.gap is None else {"gap": self.gap}
        for n, event in enumerate(self.events):
            counts |= {f"events[{n}].cycle": event.cycle, f"events[{n}].length": event.length}
        for name, value in counts.items():
            if not isinstance(value, Integral):
                raise _refused(f"{name} is {value!r}", "Pass an integer.")
        for name in ("input_stall", "output_stall"):
            if not isinstance(getattr(self, name), Real):
                raise _refused(f"{name} is {getattr(self, name)!r}", "Pass a probability.")

    @property
    def words(self) -> dict[str, int]:
        """The fields of the harness' task that follow from it."""
        trace = self.trace
        return {
            "seed": self.seed & (2**64 - 1),
            "input_stall": round(self.input_stall * SHARES),
            "output_stall": round(self.output_stall * SHARES),
            "idle_limit": self.idle_limit,
            "gap": -1 if self.gap is None else self.gap,
            "drain": self.drain,
            "trace_sequence": -1 if trace is None or trace.sequence is None else trace.sequence,
            "trace_step": trace.step if trace else 0,
        }


def _refused(cause: str, remedy: str) -> GatewrightError:
    return GatewrightError("GW-606", where="simulation", cause=f"{cause}.", remedy=remedy)
