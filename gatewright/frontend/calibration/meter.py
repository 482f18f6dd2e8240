"""What quantization costs: outputs with it against those without."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gatewright.frontend.calibration.batches import Batch
from gatewright.frontend.calibration.options import MAX_BITS, refused
from gatewright.frontend.calibration.result import OutputChange, Sensitivity
from gatewright.frontend.calibration.trials import Trials, Width
from gatewright.ir.types import Float32Array

RunProgress = Callable[[str, int, int], None]
"""What is measured, how many runs of it are done, and of how many."""
Labels = npt.NDArray[np.int64] | None


def output_error(before: list[Float32Array], after: list[Float32Array]) -> OutputChange:
    """How far outputs moved."""
    a = np.concatenate([y.reshape(-1) for y in before]).astype(np.float64)
    b = np.concatenate([y.reshape(-1) for y in after]).astype(np.float64)
    rms, size = float(np.sqrt(np.mean((b - a) ** 2))), float(np.sqrt(np.mean(a**2)))
    return OutputChange(rms, float(np.abs(b - a).max()), rms / size if size else 0.0)


def accuracy(outputs: list[Float32Array], classes: Labels, axis: int) -> float | None:
    """The share of right classes, or None without labels; GW-604 where the shapes differ."""
    if classes is None:
        return None
    votes = np.concatenate(
        [y.argmax(axis=-1) for y in outputs], axis=axis if outputs[0].ndim == 3 else 0
    )
    if votes.shape != classes.shape:
        raise refused(
            "labels",
            f"their shape is {list(classes.shape)}, the model gives classes of shape "
            f"{list(votes.shape)}.",
            "Pass one integer for each sequence of the data, in its order.",
        )
    return float((votes == classes).mean())


def loss(
    before: list[Float32Array], after: list[Float32Array], classes: Labels, axis: int
) -> float:
    """What ``max_loss`` bounds: accuracy lost; without labels the output error."""
    shares = [accuracy(outputs, classes, axis) for outputs in (before, after)]
    if shares[0] is None or shares[1] is None:
        return output_error(before, after).relative
    return shares[0] - shares[1]


@dataclass(frozen=True)
class Cost:
    """Of quantizers: output error, relative to the outputs' rms, and accuracy with labels."""

    error: float
    accuracy: float | None


class Meter:
    """Measures what the quantizers of single rows cost on data.

    Args:
        trials: The model.
        batches: The data.
        classes: Its labels.
        axis: Of the sequences.
    """

    def __init__(self, trials: Trials, batches: list[Batch], classes: Labels, axis: int) -> None:
        self.trials = trials
        self._batches = batches
        self._classes = classes
        self._axis = axis
        self._before = trials.run({}, batches)
        self._alone: dict[tuple[str, Width], Cost] = {}

    def alone(self, row: str, width: Width) -> Cost:
        """Of the quantizers of one row, all else in float."""
        key = row, width
        if key not in self._alone:
            after = self.trials.run({row: width}, self._batches)
            error = output_error(self._before, after).relative
            self._alone[key] = Cost(error, accuracy(after, self._classes, self._axis))
        return self._alone[key]


def sensitivity(
    meter: Meter, widths: Mapping[str, Width], progress: RunProgress
) -> tuple[Sensitivity, ...]:
    """What each row costs alone, the dearest first, and with a bit more."""
    found = []
    for done, (row, width) in enumerate(widths.items()):
        progress("sensitivity", done, len(widths))
        now = meter.alone(row, width)
        wider = replace(width, bits=width.bits + 1)
        then = meter.alone(row, wider) if wider.bits <= MAX_BITS else None
        found.append(
            Sensitivity(
                row,
                width.bits,
                now.error,
                then.error if then else None,
                now.accuracy,
                then.accuracy if then else None,
            )
        )
    progress("sensitivity", len(widths), len(widths))
    return tuple(sorted(found, key=lambda s: -s.error))
