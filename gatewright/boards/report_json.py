"""``synth.json``, as its readers may rely on it."""

from __future__ import annotations

from typing import NotRequired, TypedDict

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


class HlsLoopJson(TypedDict):
    """``HlsLoop``."""

    name: str
    trips: Count | None
    interval: Count | None
    depth: Count | None


class HlsKernelJson(TypedDict):
    """``HlsKernel``."""

    name: str
    source: str
    predicted_interval: Count
    distance: Count | None
    interval: Count | None
    depth: Count | None
    loops: list[HlsLoopJson]


class CosimulationJson(TypedDict):
    """``Cosimulation``."""

    passed: bool
    latency: list[Count | None]
    interval: list[Count | None]


class ImplementationJson(TypedDict):
    """``Implementation``."""

    routed: bool
    achieved_ns: Finite
    met: bool
    used: dict[str, Count]


class HlsJson(TypedDict):
    """``HlsReport``."""

    version: str
    stages: list[str]
    target_ns: Finite
    uncertainty_ns: Finite
    estimated_ns: Finite
    kernels: list[HlsKernelJson]
    hls_depth: Count | None
    simulated_steps: Count
    predicted_cycles: Count
    cosimulation: CosimulationJson | None
    implementation: ImplementationJson | None
    not_taken: list[str]
    messages: list[str]


class VivadoTimingJson(TypedDict):
    """``VivadoTiming``."""

    wns_ns: Finite
    tns_ns: Finite
    failing: Count
    endpoints: Count
    whs_ns: Finite
    met: bool


class PowerJson(TypedDict):
    """``Power``."""

    total: Finite
    dynamic: Finite
    static: Finite
    confidence: str


class VivadoJson(TypedDict):
    """``VivadoReport``."""

    version: str
    stages: list[str]
    state: str
    timing: VivadoTimingJson | None
    power: PowerJson | None
    alone: dict[str, UsageJson]


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
    hls: NotRequired[HlsJson | None]
    vivado: NotRequired[VivadoJson | None]
    commands: NotRequired[list[str]]
