"""What a calibration did and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
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
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """All facts but the model and its example input, for machines."""
        return {
            "placed": [dict(vars(quantizer)) for quantizer in self.placed],
            "output_error": dict(vars(self.output_error)),
            "accuracy_before": self.accuracy_before,
            "accuracy_after": self.accuracy_after,
            "sequences": self.sequences,
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
    rows = [("quantizer", "kind", "places", "bits", "scale", "clipped")]
    for p in placed:
        kind = f"{'' if p.signed else 'u'}int{p.bits}"
        scale = f"{p.scale:.6g}" if p.scale else "per channel"
        name = f"{p.name} (was waiting for data)" if p.waiting else p.name
        clipped = "-" if p.clipped is None else f"{p.clipped:.3%}"
        rows.append((name, p.kind or "-", str(p.places), kind, scale, clipped))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [_row(row, widths) for row in rows]


def _row(cells: tuple[str, ...], widths: list[int]) -> str:
    names = [c.ljust(w) for c, w in zip(cells[:2], widths[:2], strict=True)]
    numbers = [c.rjust(w) for c, w in zip(cells[2:], widths[2:], strict=True)]
    return "  ".join(["", *names, *numbers])
