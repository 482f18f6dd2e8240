"""How a simulation is driven: stalls, pauses, resets, a waveform."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, get_args

from gatewright.errors import GatewrightError

MAX_STALL = 0.9
SHARES = 1 << 16
MOST = 1_000_000_000
"""Of everything that is counted in cycles: a quarter of an hour of a small core."""
IDLE_LIMIT = 1_000_000
FROM_IDLE = 64
"""Cycles of pause after which a core has nothing left to do."""


ClearKind = Literal["reset", "clear"]
_KINDS = get_args(ClearKind)


@dataclass(frozen=True)
class Event:
    """Reset or clear; sequences that have begun and are not complete are abandoned.

    Attributes:
        cycle: When it begins; cycle 0 is the first one after power-up.
        kind: ``reset`` (aresetn = 0) or ``clear``.
        length: Cycles it is held.
    """

    cycle: int
    kind: ClearKind
    length: int = 1

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise refused(f"an event is a {self.kind!r}", f"Pass {' or '.join(_KINDS)}.")
        _check_count("cycle of an event", self.cycle, 0)
        _check_count("length of an event", self.length, 1)


@dataclass(frozen=True)
class Waveform:
    """A waveform.

    Attributes:
        path: The .vcd file.
        sequence: Only this one; None for the whole run (of many sequences, the first part).
        step: Of that sequence, only from the cycle on in which this step goes in.
    """

    path: Path
    sequence: int | None = None
    step: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.path, str | Path):
            raise refused(f"the waveform's path is {self.path!r}", "Pass a path.")
        object.__setattr__(self, "path", Path(self.path))
        _check_count("the waveform's sequence", self.sequence, 0, optional=True)
        _check_count("the waveform's step", self.step, 0)


@dataclass(frozen=True)
class Drive:
    """How the host drives the ports. Cycles are counted up to ``MOST``.

    Attributes:
        seed: Of the stalls.
        input_stall: Probability, in each cycle, that an input port pauses before its next word.
        output_stall: Probability, in each cycle, that an output port is not ready.
        gap: Idle cycles between the last word of a sequence and the next sequence; None feeds
            them back to back, as fast as the core takes them.
        events: Resets and clears.
        idle_limit: Cycles without a word or a tap that count as standing still; by default a
            million more than the design works on a sequence.
        drain: Cycles after the last word in which nothing more may come.
        trace: A waveform.
    """

    seed: int = 0
    input_stall: float = 0.0
    output_stall: float = 0.0
    gap: int | None = None
    events: tuple[Event, ...] = ()
    idle_limit: int | None = None
    drain: int = 64
    trace: Waveform | None = None

    def __post_init__(self) -> None:
        for name in ("input_stall", "output_stall"):
            share = getattr(self, name)
            if not _is(share, Real) or not 0 <= share <= MAX_STALL:
                raise refused(f"{name} is {share!r}", f"Pass a probability, 0 to {MAX_STALL}.")
        _check_count("seed", self.seed, None)
        _check_count("drain", self.drain, 0)
        _check_count("idle_limit", self.idle_limit, 1, optional=True)
        _check_count("gap", self.gap, 0, optional=True)
        if self.gap is not None and self.gap >= (self.idle_limit or MOST + 1):
            raise refused(f"gap is {self.gap}", "Pass less than idle_limit, or None.")
        if not isinstance(self.trace, Waveform | None):
            raise refused(f"trace is {self.trace!r}", "Pass a Waveform, or None.")
        if not isinstance(self.events, tuple | list):
            raise refused(f"events is {self.events!r}", "Pass a tuple of Event.")
        for event in self.events:
            if not isinstance(event, Event):
                raise refused(f"an event is {event!r}", "Pass a tuple of Event.")

    def words(self, busy: int) -> dict[str, int]:
        """The fields of the harness' task that follow from it.

        Args:
            busy: Cycles in which the design may work without a sign of it.
        """
        trace, pause = self.trace, self.gap or 0
        return {
            "seed": self.seed & (2**64 - 1),
            "input_stall": round(self.input_stall * SHARES),
            "output_stall": round(self.output_stall * SHARES),
            "idle_limit": self.idle_limit or IDLE_LIMIT + busy + pause,
            "gap": -1 if self.gap is None else self.gap,
            "drain": self.drain,
            "trace_sequence": -1 if trace is None or trace.sequence is None else trace.sequence,
            "trace_step": trace.step if trace else 0,
        }


def _is(value: object, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _check_count(name: str, value: Any, least: int | None, *, optional: bool = False) -> None:
    if optional and value is None:
        return
    if not _is(value, Integral):
        raise refused(f"{name} is {value!r}", "Pass an integer.")
    if least is not None and not least <= value <= MOST:
        raise refused(f"{name} is {value}", f"Pass {least} to {MOST}.")


def refused(fault: str, remedy: str) -> GatewrightError:
    """The error for an option of a simulation."""
    return GatewrightError("GW-606", where="simulation", cause=f"{fault}.", remedy=remedy)
