"""``synth.json``, as its readers may rely on it."""

from __future__ import annotations

from typing import TypedDict

from gatewright.files.records import Count, Finite


class UsageJson(TypedDict):
    """``Usage``."""

    used: Count
    available: Count


class AttemptJson(TypedDict):
    """``Attempt``."""

    multipliers: Count
    fits: bool
    usage: dict[str, UsageJson]


class PathJson(TypedDict):
    """A part of the critical path."""

    name: str
    ns: Finite


class TimingJson(TypedDict):
    """``Timing``."""

    fmax_mhz: Finite
    routing_ns: Finite
    hold_violations: Count
    path: list[PathJson]


class SynthJson(TypedDict):
    """``SynthReport``, all of the file."""

    board: str
    title: str
    device: str
    bitstream: str
    load: str
    note: str
    multipliers: Count
    steps: Count
    cycles: Count
    seed: Count | None
    usage: dict[str, UsageJson]
    clock_mhz: Finite
    microseconds: Finite
    inferences_per_second: Finite
    attempts: list[AttemptJson]
    timing: TimingJson | None
