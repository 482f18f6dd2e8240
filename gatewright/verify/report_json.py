"""``verify.json``, as its readers may rely on it."""

from __future__ import annotations

from typing import TypedDict

from gatewright.files.records import Count, Finite, Integer


class CountsJson(TypedDict):
    """Integers by kind."""

    h: Count
    c: Count
    gates: Count
    output: Count


class DivergenceJson(TypedDict):
    """``Divergence``."""

    layer: str
    direction: str
    sequence: Count
    step: Count | None
    gate: str
    tap: str
    unit: Count
    expected: Integer
    got: Integer


class ComparisonJson(TypedDict):
    """``Comparison``."""

    reference: str
    level: str
    compared: CountsJson
    differing: CountsJson
    boundary_cases: Count
    mismatches: Count
    divergence: DivergenceJson | None
    waveform: str | None


class ReportJson(TypedDict):
    """``Report``, all of the file."""

    sequences: Count
    mismatches: Count
    levels: list[ComparisonJson]
    accuracy: dict[str, Finite]
