"""What a calibration did and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gatewright.views import Shown, ShownLine, ShownTable, Viewed

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


@dataclass(frozen=True, repr=False)
class Calibration(Viewed):
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

    def view(self) -> Shown:
        """What was placed, and what it cost."""
        heading, error = _heading(self), self.output_error
        said = (
            f"Output error: {error.relative:.3%} of the output's rms "
            f"(rms {error.rms:.3g}, largest {error.largest:.3g})."
        )
        parts: list[ShownLine | ShownTable] = [
            ShownLine(heading),
            *_placed(self.placed),
            ShownLine(said),
        ]
        parts += [*_accuracy(self), *_alone(self.sensitivity), *_as_options(self.found)]
        return Shown(heading.removeprefix("Calibration: "), tuple(parts))

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


def _placed(placed: tuple[Placed, ...]) -> tuple[ShownTable, ...]:
    headings = ("quantizer", "kind", "places", "bits", "scale", "clipped")
    return (ShownTable("", headings, tuple(map(_row, placed)), names=2),) if placed else ()


def _row(p: Placed) -> tuple[str, ...]:
    kind = f"{'' if p.signed else 'u'}int{p.bits}"
    scale = f"{p.scale:.6g}" if p.scale else "per channel"
    name = f"{p.name} (was waiting for data)" if p.waiting else p.name
    clipped = "-" if p.clipped is None else f"{p.clipped:.3%}"
    return (name, p.kind or "-", str(p.places), kind, scale, clipped)


def _accuracy(result: Calibration) -> tuple[ShownLine, ...]:
    before, after = result.accuracy_before, result.accuracy_after
    if before is None or after is None:
        return ()
    change = f"({100 * (after - before):+.2f} points)"
    return (ShownLine(f"Accuracy: {before:.2%} before, {after:.2%} after {change}."),)


def _alone(sensitivity: tuple[Sensitivity, ...]) -> tuple[ShownTable, ...]:
    if not sensitivity:
        return ()
    columns = 6 if sensitivity[0].accuracy is not None else 4
    headings = ("alone", "bits", "error", "a bit more", "accuracy", "a bit more")
    rows = (
        (
            *(s.row, str(s.bits), _percent(s.error, 3), _percent(s.error_next, 3)),
            *(_percent(s.accuracy, 2), _percent(s.accuracy_next, 2)),
        )
        for s in sensitivity
    )
    title = "Sensitivity: each alone, all else in float."
    return (ShownTable(title, headings[:columns], tuple(row[:columns] for row in rows)),)


def _as_options(found: dict[str, dict[str, Any]]) -> tuple[ShownLine, ...]:
    """What a search decided, as the command line takes it."""
    options = (
        f"  --{option.replace('_', '-')} {','.join(f'{k}={v}' for k, v in by_key.items())}"
        for option, by_key in found.items()
    )
    return tuple(map(ShownLine, ("Found:", *options))) if found else ()


def _percent(share: float | None, digits: int) -> str:
    return "-" if share is None else f"{share:.{digits}%}"
