"""What ``verify`` found, and how it is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gatewright.verify.divergence import Divergence
from gatewright.views import Shown, ShownLine, ShownTable, Tone, Viewed

KINDS = ("h", "c", "gates", "output")


@dataclass
class Comparison:
    """One level against the one before it.

    Attributes:
        reference: The level before.
        level: The level compared.
        compared: Integers compared, by kind: ``h`` and ``c`` of every step, ``gates`` (every other
            value inside that both levels show), ``output``.
        differing: How many of them differ, by kind.
        boundary: Roundings of torch's float32 behind the differences, where every one of them is
            listed in the certificate; else 0.
        divergence: The first difference.
        waveform: File with the signals of the sequence that differs, where the level has signals.
    """

    reference: str
    level: str
    compared: Counter[str] = field(default_factory=Counter)
    differing: Counter[str] = field(default_factory=Counter)
    boundary: int = 0
    unexplained: bool = False
    divergence: Divergence | None = None
    waveform: str | None = None

    @property
    def mismatches(self) -> int:
        """Differing integers that no listed boundary case explains."""
        return self.differing.total() if self.unexplained else 0

    def to_json(self) -> dict[str, Any]:
        """All facts."""
        return {
            "reference": self.reference,
            "level": self.level,
            "compared": {k: self.compared[k] for k in KINDS},
            "differing": {k: self.differing[k] for k in KINDS},
            "boundary_cases": self.boundary,
            "mismatches": self.mismatches,
            "divergence": self.divergence.to_json() if self.divergence else None,
            "waveform": self.waveform,
        }


@dataclass(repr=False)
class Report(Viewed):
    """The result of ``verify``.

    Attributes:
        sequences: How many sequences ran.
        comparisons: Level by level.
        accuracy: Share of right classes by level, where labels were given.
    """

    sequences: int
    comparisons: list[Comparison]
    accuracy: dict[str, float] = field(default_factory=dict)

    @property
    def mismatches(self) -> int:
        """Differing integers over all levels that no listed boundary case explains."""
        return sum(c.mismatches for c in self.comparisons)

    @property
    def divergence(self) -> Divergence | None:
        """The first unexplained difference, or None."""
        wrong = (c.divergence for c in self.comparisons if c.mismatches)
        return next(wrong, None)

    def to_json(self) -> dict[str, Any]:
        """All facts, for machines."""
        return {
            "sequences": self.sequences,
            "mismatches": self.mismatches,
            "levels": [c.to_json() for c in self.comparisons],
            "accuracy": self.accuracy,
        }

    def view(self) -> Shown:
        """Accuracy, the integers compared and differing of each level, and the verdict."""
        accuracy = [ShownLine(_accuracy(self.accuracy))] if self.accuracy else []
        differing = [c for c in self.comparisons if c.differing.total()]
        verdict = _verdict(self)
        explained = [ShownLine(text) for c in differing for text in _explanation(c)]
        return Shown(verdict.text, (*accuracy, _table(self), *explained, verdict))


def _table(report: Report) -> ShownTable:
    return ShownTable(
        f"Integers compared on {report.sequences:,} sequences (h and c: of every step)",
        ("level", "against", *KINDS, "differ"),
        tuple(_row(c) for c in report.comparisons),
        names=2,
        tones=tuple(_tone(c) for c in report.comparisons),
    )


def _row(c: Comparison) -> tuple[str, ...]:
    counts = (f"{c.compared[kind]:,}" if c.compared[kind] else "-" for kind in KINDS)
    return (c.level, c.reference, *counts, f"{c.differing.total():,}")


def _tone(c: Comparison) -> Tone:
    if not c.differing.total():
        return "good"
    return "bad" if c.mismatches else "warn"


def _accuracy(accuracy: Mapping[str, float]) -> str:
    if len(set(accuracy.values())) == 1:
        share = next(iter(accuracy.values()))
        return f"Accuracy: {share:.2%} at every level: {', '.join(accuracy)}."
    return f"Accuracy: {', '.join(f'{level} {share:.2%}' for level, share in accuracy.items())}."


def _explanation(c: Comparison) -> list[str]:
    if not c.mismatches:
        return [
            f"{c.level} and {c.reference}: the differences follow from {c.boundary} float32 "
            "roundings that certificate.json lists as possible."
        ]
    waveform = [f"Waveform: {c.waveform}"] if c.waveform else []
    return [f"{c.level} differs from {c.reference}: {c.divergence}", *waveform]


def _verdict(report: Report) -> ShownLine:
    if report.mismatches:
        return ShownLine(f"FAIL: {report.mismatches:,} integers differ", "bad")
    if any(c.differing.total() for c in report.comparisons):
        return ShownLine("PASS: every difference is a listed float32 boundary case", "warn")
    return ShownLine("PASS: not one integer differs", "good")
