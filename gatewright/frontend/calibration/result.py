"""What a calibration did and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Placed:
    """One quantizer that calibration placed.

    Attributes:
        name: Module path of the first place it has.
        places: How many places share it.
        kind: What it quantizes, as ``bits`` calls it; ``weight``; None of what was there already.
        bits: Bit width.
        signed: Whether codes are two's complement.
        scale: float32; 0.0 where each channel has its own.
        clipped: Share of the values seen that lie above the largest code; None where Brevitas
            collected the statistics itself.
        waiting: Whether it was in the model already, and waited for its first data.
    """

    name: str
    places: int
    kind: str | None
    bits: int
    signed: bool
    scale: float
    clipped: float | None
    waiting: bool = False


@dataclass(frozen=True)
class OutputChange:
    """How far the outputs moved on the calibration data.

    Attributes:
        rms: Root of the mean square difference.
        largest: Largest absolute difference.
        relative: ``rms`` over the root mean square of the outputs before; 0.0 where those are 0.
    """

    rms: float
    largest: float
    relative: float


@dataclass(frozen=True)
class Sensitivity:
    """What the quantizers of one kind of value in one layer cost alone, all else in float.

    Attributes:
        row: ``LAYER.KIND``, as ``bits`` calls it.
        bits: Bit width.
        error: Output error, relative to the outputs' root mean square.
        error_next: The same with one more bit; None of 16.
        accuracy: Share of right classes, if labels were given.
        accuracy_next: The same with one more bit.
    """

    row: str
    bits: int
    error: float
    error_next: float | None
    accuracy: float | None = None
    accuracy_next: float | None = None


@dataclass(frozen=True)
class Calibration:
    """A fully quantized model, and what it cost.

    Attributes:
        model: The calibrated copy of the model, in eval mode.
        example_input: The first sequence of the data, in the layout of the model; a tuple of one
            tensor an argument of its forward().
        placed: The quantizers placed, in the order of the model.
        output_error: Calibrated against given model, on the calibration data.
        accuracy_before: Share of right classes of the given model, if labels were given.
        accuracy_after: The same of the calibrated model.
        sequences: How many sequences were run.
    """

    model: torch.nn.Module
    example_input: tuple[torch.Tensor, ...]
    placed: tuple[Placed, ...]
    output_error: OutputChange
    sequences: int
    accuracy_before: float | None = None
    accuracy_after: float | None = None
    sensitivity: tuple[Sensitivity, ...] = ()
    found: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [_heading(self), *_table(self.placed)]
        error = self.output_error
        lines.append(
            f"Output error: {error.relative:.3%} of the output's rms "
            f"(rms {error.rms:.3g}, largest {error.largest:.3g})."
        )
        if self.accuracy_before is not None and self.accuracy_after is not None:
            change = 100 * (self.accuracy_after - self.accuracy_before)
            lines.append(
                f"Accuracy: {self.accuracy_before:.2%} before, {self.accuracy_after:.2%} after "
                f"({change:+.2f} points)."
            )
        return "\n".join([*lines, *_sensitivity_table(self.sensitivity), *_as_options(self.found)])

    def to_json(self) -> dict[str, Any]:
        """All facts but the model and its example input, for machines."""
        return {
            "placed": [dict(vars(quantizer)) for quantizer in self.placed],
            "output_error": dict(vars(self.output_error)),
            "accuracy_before": self.accuracy_before,
            "accuracy_after": self.accuracy_after,
            "sequences": self.sequences,
            "sensitivity": [dict(vars(row)) for row in self.sensitivity],
            "found": self.found,
        }


def _heading(result: Calibration) -> str:
    if not result.placed:
        return "Calibration: every quantizer was there already; nothing was placed."
    return (
        f"Calibration: {len(result.placed)} quantizers placed from {result.sequences:,} sequences."
    )


def _table(placed: tuple[Placed, ...]) -> list[str]:
    if not placed:
        return []
    rows: list[tuple[str, ...]] = [("quantizer", "kind", "places", "bits", "scale", "clipped")]
    for p in placed:
        kind = f"{'' if p.signed else 'u'}int{p.bits}"
        scale = f"{p.scale:.6g}" if p.scale else "per channel"
        name = f"{p.name} (was waiting for data)" if p.waiting else p.name
        clipped = "-" if p.clipped is None else f"{p.clipped:.3%}"
        rows.append((name, p.kind or "-", str(p.places), kind, scale, clipped))
    return _aligned(rows, names=2)


def _sensitivity_table(sensitivity: tuple[Sensitivity, ...]) -> list[str]:
    if not sensitivity:
        return []
    labelled = sensitivity[0].accuracy is not None
    heading = ("alone", "bits", "error", "a bit more", "accuracy", "a bit more")
    rows: list[tuple[str, ...]] = [heading[: 6 if labelled else 4]]
    for s in sensitivity:
        error = (f"{s.error:.3%}", _percent(s.error_next, 3))
        shares = (_percent(s.accuracy, 2), _percent(s.accuracy_next, 2))
        rows.append((s.row, str(s.bits), *error, *(shares if labelled else ())))
    return ["Sensitivity: each alone, all else in float.", *_aligned(rows, names=1)]


def _as_options(found: dict[str, dict[str, Any]]) -> list[str]:
    """What a search decided, as the command line takes it."""
    lines = ["Found:"] if found else []
    for option, by_key in found.items():
        values = ",".join(f"{key}={value}" for key, value in by_key.items())
        lines.append(f"  --{option.replace('_', '-')} {values}")
    return lines


def _percent(share: float | None, digits: int) -> str:
    return "-" if share is None else f"{share:.{digits}%}"


def _aligned(rows: list[tuple[str, ...]], names: int) -> list[str]:
    """A table: so many columns of names, and then numbers."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if column < names else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(["", *cells]))
    return lines
