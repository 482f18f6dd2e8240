"""The road from torch to hardware: each level, and what its comparison found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["start", "equal", "listed", "differs", "skipped"]

USUAL = ("traced", "integer", "standard", "csim", "rtl")
"""Levels that a page names even where they have not run."""
KINDS = ("h", "c", "gates", "output")


@dataclass(frozen=True)
class Stop:
    """A level.

    Attributes:
        level: Its name.
        artefact: The file or folder of the build.
        engine: What runs it.
        state: What comparing it with the one before found.
        reference: That one, or "".
        compared: Integers compared.
        differing: How many of them differ.
        boundary: Float32 roundings behind the differences, where all of them are listed.
        kinds: Integers compared and differing, by kind.
        divergence: The first difference, or None.
    """

    level: str
    artefact: str
    engine: str
    state: State
    reference: str = ""
    compared: int = 0
    differing: int = 0
    boundary: int = 0
    kinds: tuple[tuple[str, int, int], ...] = ()
    divergence: dict[str, Any] | None = None


@dataclass(frozen=True)
class Verdict:
    """All comparisons together.

    Attributes:
        state: The worst that was found, or ``skipped``.
        compared: Integers compared, over all levels.
        differing: How many of them differ.
    """

    state: State
    compared: int
    differing: int


Levels = Mapping[str, tuple[str, str]]


def make_road(verified: dict[str, Any] | None, levels: Levels) -> list[Stop]:
    """Levels in order; those that have not run last.

    Args:
        verified: ``verify.json``, if there is one.
        levels: What each level is, and what runs it.
    """
    comparisons = verified["levels"] if verified else []
    road = [_stop(comparisons[0]["reference"], "start", levels)] if comparisons else []
    road += [_compared(comparison, levels) for comparison in comparisons]
    known = {stop.level for stop in road}
    return road + [_stop(level, "skipped", levels) for level in USUAL if level not in known]


def judge(road: list[Stop]) -> Verdict:
    """The worst state of all."""
    found = {stop.state for stop in road}
    order: tuple[State, ...] = ("differs", "listed", "equal", "skipped")
    worst = next(state for state in order if state in found)
    return Verdict(worst, sum(s.compared for s in road), sum(s.differing for s in road))


def _stop(level: str, state: State, levels: Levels) -> Stop:
    return Stop(level, *levels[level], state)


def _compared(comparison: dict[str, Any], levels: Levels) -> Stop:
    level, compared, differing = (comparison[k] for k in ("level", "compared", "differing"))
    differ = sum(differing.values())
    state: State = "equal"
    if differ:
        state = "differs" if comparison["mismatches"] else "listed"
    return Stop(
        level,
        *levels[level],
        state,
        comparison["reference"],
        sum(compared.values()),
        differ,
        comparison["boundary_cases"],
        tuple((kind, compared[kind], differing[kind]) for kind in KINDS),
        comparison["divergence"] if differ else None,
    )
