"""Which folds of a design are tried on a device, and what is said of those that do not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from gatewright.boards.report import Attempt, too_large
from gatewright.boards.run import Progress
from gatewright.boards.usage import UNITS, Usage
from gatewright.boards.vivado.design import IpStream
from gatewright.errors import GatewrightError
from gatewright.hls_templates.project.names import DEFAULT_NAMES, Names


@dataclass(frozen=True)
class Candidate:
    """A design at one fold.

    Attributes:
        multipliers: The budget it was folded for.
        rtl: Its files below ``rtl/``, ``sources.f`` among them, and a board's shell if it has one.
        steps: Time steps of the sequence that ``cycles`` is of.
        cycles: Predicted for it.
        least: The smallest budget that the design can be folded for.
        names: Of the build.
        ip: Its files below ``ip/``, where a processor is to reach it.
        inputs: Streams of the IP.
        outputs: Streams of the IP.
        kernel: Files of the kernel that Vitis HLS made, where that computes and not ``rtl``.
    """

    multipliers: int
    rtl: Mapping[str, str]
    steps: int
    cycles: int
    least: int = 1
    names: Names = DEFAULT_NAMES
    ip: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[IpStream, ...] = ()
    outputs: tuple[IpStream, ...] = ()
    kernel: Mapping[str, str] = field(default_factory=dict)


Fold = Callable[[int], Candidate]
"""The design for a budget of multipliers."""


def folds(wanted: int | None, first: int, fold: Fold) -> Iterator[Candidate]:
    """The fold that is wanted; or ``first``, then half of it, down to the smallest there is."""
    if wanted is not None:
        yield fold(wanted)
        return
    yield from _halved(first, fold)


def _halved(budget: int, fold: Fold) -> Iterator[Candidate]:
    last = fold(budget)
    yield last
    while last.multipliers > last.least:
        candidate = fold(max(last.multipliers // 2, last.least))
        if candidate.rtl != last.rtl:
            yield candidate
        last = candidate


def say_too_large(attempt: Attempt, progress: Progress) -> None:
    """Tell whoever watches that a smaller fold is next."""
    progress(f"{attempt.multipliers} multipliers do not fit: {_need(attempt)}", "")


def does_not_fit(
    title: str,
    attempt: Attempt,
    wanted: int | None,
    fold: Fold,
    count: Callable[[Candidate], Mapping[str, Usage]],
) -> GatewrightError:
    """The error for a design that is too large.

    Args:
        title: The board's.
        attempt: The last one.
        wanted: The fold that the user named; smaller ones are counted then, to name one that fits.
        fold: Gives the design at a fold.
        count: What a design takes at least.
    """
    remedy = "Take a board with a larger device, or a model with fewer units or bits."
    if wanted is not None:
        smaller = islice(_halved(wanted, fold), 1, None)
        fitting = (c for c in smaller if not too_large(count(c)))
        if candidate := next(fitting, None):
            remedy = (
                f"By yosys' count --multipliers {candidate.multipliers} fits; or leave the option "
                "out, and the fold is found."
            )
    return GatewrightError(
        "GW-802",
        where=f"{title}, {attempt.multipliers} multipliers",
        cause=f"{_need(attempt)}.",
        remedy=remedy,
    )


def _need(attempt: Attempt) -> str:
    name, usage = attempt.worst()
    if usage.used <= usage.available:
        return f"nextpnr finds no place at {usage.share:.0%} of the {UNITS[name]}"
    return f"it needs {usage.used:,} of {usage.available:,} {UNITS[name]} ({usage.share:.0%})"
